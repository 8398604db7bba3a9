/** Policies of a user's, and which pods of the tiny world they cover: read from the objects, not through core/policies. */
import { kinds, type KubeObject, type Ref } from '../../src/api/object.ts'
import { at, recordOf, sameJson, textsOf } from '../../src/core/json.ts'
import type { Setup } from './arbitraries.ts'
import { PRIMARY, refTo, TARGET, type TinyWorld } from './tiny-world.ts'

/** One of which every object counts, one of which the oldest decides, and one whose selector may have expressions. */
export const POLICED = ['AuthorizationPolicy', 'PeerAuthentication', 'NetworkPolicy'] as const
export type PolicedKind = (typeof POLICED)[number]

export const usersPolicy = (kind: PolicedKind): Ref => refTo(kinds[kind], 'callers')

/** The user's policy of a kind, for the pods of the target. */
export function writePolicy(world: TinyWorld, setup: Setup, kind: PolicedKind, version: number): void {
  const subsets = setup.split.endsWith('subsets')
  const [key, value] = subsets ? ['version', 'v2'] : ['app', 'web']
  const says = { rules: [{ version }] }
  const spec =
    kind === 'NetworkPolicy'
      ? { podSelector: { matchExpressions: [{ key, operator: 'In', values: [value, 'other'] }] }, ...says }
      : { selector: { matchLabels: { [key]: value } }, ...says }
  world.put(usersPolicy(kind), { apiVersion: '', kind: '', metadata: { name: '' }, spec }, 'kubectl')
}

/** Labels of the pods of a Deployment as its template says them. */
const labelsOf = (world: TinyWorld, ref: Ref): Readonly<Record<string, string>> =>
  textsOf(at(world.get(ref)?.['spec'], 'template', 'metadata', 'labels'))

/** As it is; where it is deleted, as the first template on record says them. */
function labelsOfTarget(world: TinyWorld): Readonly<Record<string, string>> {
  const template = world
    .all(kinds.ControllerRevision)
    .map(record => at(record['data'], 'template'))
    .find(one => one !== undefined)
  const recorded = textsOf(at(template, 'metadata', 'labels'))
  return world.get(TARGET) === undefined ? recorded : labelsOf(world, TARGET)
}

function selects({ spec }: KubeObject, labels: Readonly<Record<string, string>>): boolean {
  const selector = at(spec, 'selector') ?? at(spec, 'podSelector')
  const pairs = Object.entries(recordOf(at(selector, 'matchLabels')))
  const [expression] = (at(selector, 'matchExpressions') ?? []) as readonly { key: string; values: string[] }[]
  return (
    pairs.every(([key, value]) => labels[key] === value) &&
    (expression === undefined || expression.values.includes(labels[expression.key] ?? ''))
  )
}

const says = ({ spec }: KubeObject): unknown => at(spec, 'rules')

/** The first policy that covers the pods of the target, and has no equal for those of the primary; null where each has. */
export function missedByPrimary(world: TinyWorld, primary = labelsOf(world, PRIMARY)): KubeObject | null {
  const target = labelsOfTarget(world)
  for (const kind of POLICED) {
    const policies = world.all(kinds[kind])
    const missed = policies
      .filter(policy => selects(policy, target))
      .find(policy => !policies.some(one => selects(one, primary) && sameJson(says(one), says(policy))))
    if (missed !== undefined) return missed
  }
  return null
}

/** The policies that the user has not written. */
export const copiesIn = (world: TinyWorld): readonly KubeObject[] =>
  POLICED.flatMap(kind => world.all(kinds[kind])).filter(({ metadata }) => metadata.name !== 'callers')
