/**
 * Tracked configuration: the ConfigMaps and Secrets that a template mounts. They are judged with the template, so the
 * primary runs on immutable copies of exactly what was judged, named by the hash of their content; the originals may change
 * under the target at any time.
 */
import { kinds, type KubeObject, type Ref } from '../../api/object.ts'
import { at, isRecord, type Json, textOf } from '../json.ts'
import { CANARY_LABEL } from '../model/names.ts'
import type { Observation, RecordedTemplate } from '../model/observation.ts'
import type { Write } from '../model/write.ts'
import { deleteOf, liveOf } from './ownership.ts'

/** A reference of a template to configuration. */
export interface ConfigReference {
  readonly kind: 'ConfigMap' | 'Secret'
  readonly name: string
  /** The pods start without it, too. */
  readonly optional: boolean
}

/** Key of the maps of configuration in observations and records: `configmaps/name` or `secrets/name`. */
export function configKey({ kind, name }: Pick<ConfigReference, 'kind' | 'name'>): string {
  return `${kind === 'ConfigMap' ? 'configmaps' : 'secrets'}/${name}`
}

/** Our annotation, then Flagger's: the first that a ConfigMap or Secret has decides. */
export const TRACKING_ANNOTATIONS = ['sluice.dev/config-tracking', 'flagger.app/config-tracking'] as const

/**
 * Whether a change of this ConfigMap or Secret is a new revision. As in Flagger, any value that starts with `disable` turns
 * tracking off: no run starts, no copy is made, and both Deployments mount the original.
 */
export function isTracked({ metadata: { annotations = {} } }: KubeObject): boolean {
  const written = TRACKING_ANNOTATIONS.map(annotation => annotations[annotation]).find(value => value !== undefined)
  return written?.startsWith('disable') !== true
}

/** Gives a configuration the name that it is referred to by. */
type Rename = (reference: ConfigReference) => string

/** A field that refers to configuration: which kind, and where the name is in it. */
const SOURCES = [
  { field: 'configMap', kind: 'ConfigMap', name: 'name' },
  { field: 'secret', kind: 'Secret', name: 'secretName' },
] as const
const PROJECTED = [
  { field: 'configMap', kind: 'ConfigMap', name: 'name' },
  { field: 'secret', kind: 'Secret', name: 'name' },
] as const
const ENV = [
  { field: 'configMapKeyRef', kind: 'ConfigMap', name: 'name' },
  { field: 'secretKeyRef', kind: 'Secret', name: 'name' },
] as const
const ENV_FROM = [
  { field: 'configMapRef', kind: 'ConfigMap', name: 'name' },
  { field: 'secretRef', kind: 'Secret', name: 'name' },
] as const

type Source = { readonly field: string; readonly kind: ConfigReference['kind']; readonly name: string }

/**
 * The template with every reference renamed: volumes, projected volumes, and the environment of containers and init
 * containers. Image pull secrets, CSI volumes and ephemeral containers are no configuration of the program.
 */
export function renameConfigs(template: Json, rename: Rename): Json {
  const spec = at(template, 'spec')
  if (!isRecord(spec)) return template
  const volumes = mapped(spec['volumes'], volume => {
    const own = renamed(volume, SOURCES, rename)
    const projected = own['projected']
    if (!isRecord(projected)) return own
    const sources = mapped(projected['sources'], source => renamed(source, PROJECTED, rename))
    return { ...own, projected: { ...projected, sources } }
  })
  const containers = (list: unknown) =>
    mapped(list, container => {
      const env = mapped(container['env'], variable => {
        const from = variable['valueFrom']
        return isRecord(from) ? { ...variable, valueFrom: renamed(from, ENV, rename) } : variable
      })
      const envFrom = mapped(container['envFrom'], source => renamed(source, ENV_FROM, rename))
      return replaced(container, { env, envFrom })
    })
  const renamedSpec = replaced(spec, {
    volumes,
    containers: containers(spec['containers']),
    initContainers: containers(spec['initContainers']),
  })
  return { ...template, spec: renamedSpec }
}

/** Each record of a list, changed; what is no list stays as it is. */
function mapped(list: unknown, change: (item: Json) => Json): unknown {
  return Array.isArray(list) ? list.map((item: unknown) => (isRecord(item) ? change(item) : item)) : list
}

/** `record` with these members instead of its own; members that it does not have are not added. */
function replaced(record: Json, members: Json): Json {
  return { ...record, ...Object.fromEntries(Object.entries(members).filter(([key]) => Object.hasOwn(record, key))) }
}

function renamed(holder: Json, sources: readonly Source[], rename: Rename): Json {
  return sources.reduce<Json>((changed, { field, kind, name }) => {
    const reference = changed[field]
    const called = textOf(at(reference, name))
    if (!isRecord(reference) || called === '') return changed
    const next = rename({ kind, name: called, optional: reference['optional'] === true })
    return { ...changed, [field]: { ...reference, [name]: next } }
  }, holder)
}

/** The configuration that a template refers to, each once; required where any reference requires it. */
export function trackedConfigs(template: unknown): ConfigReference[] {
  const found = new Map<string, ConfigReference>()
  renameConfigs(isRecord(template) ? template : {}, reference => {
    const before = found.get(configKey(reference))
    found.set(configKey(reference), { ...reference, optional: reference.optional && (before?.optional ?? true) })
    return reference.name
  })
  return [...found.values()]
}

/** The template on copies of the configuration that was recorded with it. What was not tracked keeps its name. */
export function onCopies(recorded: RecordedTemplate): Json {
  if (Object.keys(recorded.configs).length === 0) return recorded.template
  return renameConfigs(recorded.template, reference => {
    const hash = recorded.configs[configKey(reference)]
    return hash === undefined ? reference.name : copyName(reference.name, hash)
  })
}

const LONGEST_NAME = 253
const DIGITS = 10

export function copyName(name: string, hash: string): string {
  return `${name.slice(0, LONGEST_NAME - DIGITS - 1)}-${hash.slice(0, DIGITS)}`
}

/** The original and the copy of a recorded configuration. */
function copyOf(namespace: string, key: string, hash: string): { from: Ref; to: Ref } {
  const [plural = '', name = ''] = key.split('/')
  const kind = plural === 'secrets' ? kinds.Secret : kinds.ConfigMap
  return { from: { kind, namespace, name }, to: { kind, namespace, name: copyName(name, hash) } }
}

/** The copy of a recorded configuration. */
export const copyRefOf = (namespace: string, key: string, hash: string): Ref => copyOf(namespace, key, hash).to

/**
 * Copies that are missing, of configuration that still has the recorded content; what has changed since cannot be copied
 * any more. `o.live` has live copies by their metadata alone.
 */
export function copyWrites(o: Observation, configs: Readonly<Record<string, string>>): Write[] {
  return Object.entries(configs).flatMap(([key, hash]): Write[] => {
    const { from, to } = copyOf(o.names.namespace, key, hash)
    if (liveOf(o, to) !== undefined || o.configs[key] !== hash) return []
    return [{ verb: 'copy', ref: to, from, labels: { [CANARY_LABEL]: o.names.canary } }]
  })
}

/** Deletes copies of ours that none of these templates needs. */
export function dropCopies(o: Observation, needed: readonly Readonly<Record<string, string>>[]): Write[] {
  const kept = new Set(
    needed.flatMap(configs =>
      Object.entries(configs).map(([key, hash]) => {
        const { to } = copyOf(o.names.namespace, key, hash)
        return `${to.kind.kind}/${to.name}`
      }),
    ),
  )
  return Object.values(o.live).flatMap((object): Write[] => {
    const kind = object.kind === 'ConfigMap' ? kinds.ConfigMap : object.kind === 'Secret' ? kinds.Secret : null
    const { metadata } = object
    if (kind === null || metadata.labels?.[CANARY_LABEL] !== o.names.canary) return []
    if (kept.has(`${object.kind}/${metadata.name}`) || metadata.deletionTimestamp !== undefined) return []
    return [deleteOf({ kind, namespace: o.names.namespace, name: metadata.name }, object)]
  })
}
