/**
 * What the server serves, said three ways: the index of groups and the list of a group's version, both old, and the
 * aggregated form that kubectl asks for first (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#discovery-api).
 */
import type { Json } from '../json.ts'
import type { Resource } from '../resource.ts'
import { reviews } from './reviews.ts'

const VERBS = ['create', 'delete', 'deletecollection', 'get', 'list', 'patch', 'update', 'watch']
/** Of custom resources they come in another order, and namespaces go one by one. */
const CUSTOM_VERBS = ['delete', 'deletecollection', 'get', 'list', 'patch', 'create', 'update', 'watch']
const NAMESPACE_VERBS = VERBS.filter(verb => verb !== 'deletecollection')

export function verbsOf({ origin, kind }: Pick<Resource, 'origin' | 'kind'>): readonly string[] {
  if (origin === 'custom') return CUSTOM_VERBS
  return kind.plural === 'namespaces' ? NAMESPACE_VERBS : VERBS
}
const SUB_VERBS = ['get', 'patch', 'update']

/** One resource of a version of a group, as discovery sees it. */
interface Served {
  readonly origin: Resource['origin']
  readonly group: string
  readonly version: string
  readonly plural: string
  readonly singular: string
  readonly kind: string
  readonly namespaced: boolean
  readonly verbs: readonly string[]
  readonly short: readonly string[]
  readonly categories: readonly string[]
  readonly subresources: readonly string[]
}

/** Groups and their versions, in the order in which a name without a group is looked up. */
export class Discovery {
  readonly #served: readonly Served[]

  constructor(resources: readonly Resource[]) {
    this.#served = [...resources.flatMap(servedOf), ...reviews.map(one => ({ ...one, ...nothingMore }))]
  }

  /** The versions of each group, the preferred one first; the core group is the empty one. */
  get groups(): ReadonlyMap<string, readonly string[]> {
    const groups = new Map<string, string[]>()
    for (const { group, version } of this.#served) {
      const versions = groups.get(group) ?? []
      if (!versions.includes(version)) versions.push(version)
      groups.set(group, versions)
    }
    return groups
  }

  /** `APIVersions` of /api. */
  core(): Json {
    return { kind: 'APIVersions', versions: this.groups.get('') ?? [], serverAddressByClientCIDRs: [] }
  }

  /** `APIGroupList` of /apis. */
  index(): Json {
    const names = [...this.groups.keys()].filter(group => group !== '')
    return { kind: 'APIGroupList', apiVersion: 'v1', groups: names.map(name => this.#group(name)) }
  }

  /** `APIGroup`, or null for a group that is not served. */
  group(name: string): Json | null {
    return this.groups.has(name) ? { kind: 'APIGroup', apiVersion: 'v1', ...this.#group(name) } : null
  }

  #group(name: string): Json {
    const versions = (this.groups.get(name) ?? []).map(version => ({ groupVersion: `${name}/${version}`, version }))
    return { name, versions, preferredVersion: versions[0] }
  }

  /** `APIResourceList`, or null for a version that is not served. */
  resources(group: string, version: string): Json | null {
    const found = this.#in(group, version)
    if (found.length === 0) return null
    const groupVersion = group === '' ? version : `${group}/${version}`
    const resources = found.flatMap(one => {
      const { plural, singular, namespaced, kind, verbs, short, categories } = one
      const main = { name: plural, singularName: singular, namespaced, kind, verbs, ...optional(short, categories) }
      const below = one.subresources.map(name => {
        const ofScale = name === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : { kind }
        return { name: `${plural}/${name}`, singularName: '', namespaced, ...ofScale, verbs: SUB_VERBS }
      })
      return [main, ...below]
    })
    return { kind: 'APIResourceList', apiVersion: 'v1', groupVersion, resources }
  }

  /** `APIGroupDiscoveryList`, of the core group or of all others. */
  aggregated(of: 'core' | 'groups'): Json {
    const names = [...this.groups.keys()].filter(group => (group === '') === (of === 'core'))
    const items = names.map(group => ({
      metadata: group === '' ? {} : { name: group },
      versions: (this.groups.get(group) ?? []).map(version => ({
        version,
        resources: this.#in(group, version).map(aggregatedResource),
        freshness: 'Current',
      })),
    }))
    return { kind: 'APIGroupDiscoveryList', apiVersion: 'apidiscovery.k8s.io/v2', metadata: {}, items }
  }

  #in(group: string, version: string): readonly Served[] {
    return this.#served.filter(one => one.group === group && one.version === version)
  }
}

const nothingMore = { origin: 'built-in', verbs: ['create'], short: [], categories: [], subresources: [] } as const

function servedOf({ kind, versions, names, subresources, origin }: Resource): Served[] {
  const all = [...(subresources.scale === null ? [] : ['scale']), ...(subresources.status ? ['status'] : [])]
  const below = origin === 'custom' ? all.toReversed() : all
  return versions.map(version => ({
    ...kind,
    ...names,
    version,
    origin,
    verbs: verbsOf({ origin, kind }),
    subresources: below,
  }))
}

function aggregatedResource(one: Served): Json {
  const { kind, plural, singular, namespaced, verbs, short, categories } = one
  // Built-in kinds are of the group and version where they stand; that is not said twice.
  const { group, version } = one.origin === 'custom' ? one : { group: '', version: '' }
  const below = one.subresources.map(subresource => ({
    subresource,
    responseKind:
      subresource === 'scale' ? { group: 'autoscaling', version: 'v1', kind: 'Scale' } : { group, version, kind },
    verbs: SUB_VERBS,
  }))
  return {
    resource: plural,
    responseKind: { group, version, kind },
    scope: namespaced ? 'Namespaced' : 'Cluster',
    singularResource: singular,
    verbs,
    ...optional(short, categories),
    ...(below.length === 0 ? {} : { subresources: below }),
  }
}

function optional(shortNames: readonly string[], categories: readonly string[]): Json {
  return { ...(shortNames.length === 0 ? {} : { shortNames }), ...(categories.length === 0 ? {} : { categories }) }
}
