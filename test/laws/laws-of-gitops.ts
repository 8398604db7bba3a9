/** Laws of what Argo CD, Flux and `kubectl wait` read: they agree with what people are told, and offer nothing that is refused. */
import type { KubeObject } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { at, numberOf, recordOf, recordsOf } from '../../src/core/json.ts'
import { ANNOTATION_PREFIX, parseCommand } from '../../src/core/model/command.ts'
import { COMMIT_ANNOTATION, commitOf } from '../../src/core/model/commit.ts'
import { commands } from '../../src/core/model/command-line.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import { writeStatus } from '../../src/core/status/write-status.ts'
import { describe } from '../../src/core/view/describe.ts'
import { NOTHING_OBSERVED } from '../../src/core/view/observed.ts'
import type { Tone } from '../../src/core/view/view.ts'
import { click, enabled, healthOf } from '../argocd/scripts.ts'
import { Broken, Images, type Law } from './laws.ts'
import { looksOf, refusalOf } from './laws-of-views.ts'
import { imageOf } from './tiny-pods.ts'
import { CANARY, TARGET } from './tiny-world.ts'

type Verdict = 'Current' | 'InProgress' | 'Failed'

/**
 * What kstatus says of a custom resource (github.com/kubernetes-sigs/cli-utils, pkg/kstatus/status): the generation first, then
 * Reconciling, Stalled and Ready.
 */
export function kstatusOf(object: KubeObject): Verdict {
  const { status } = object
  if (numberOf(at(status, 'observedGeneration'), -1) !== (object.metadata.generation ?? 0)) return 'InProgress'
  const is = (type: string): unknown =>
    recordsOf(at(status, 'conditions')).find(one => one['type'] === type)?.['status'] ?? null
  if (is('Reconciling') === 'True') return 'InProgress'
  if (is('Stalled') === 'True') return 'Failed'
  return is('Ready') === 'False' || is('Ready') === 'Unknown' ? 'InProgress' : 'Current'
}

const verdicts: Readonly<Record<Tone, Verdict>> = {
  good: 'Current',
  working: 'InProgress',
  waiting: 'InProgress',
  person: 'InProgress',
  unknown: 'InProgress',
  failed: 'Failed',
  stalled: 'Failed',
}

const healths: Readonly<Record<Tone, string>> = {
  good: 'Healthy',
  working: 'Progressing',
  waiting: 'Progressing',
  person: 'Suspended',
  unknown: 'Progressing',
  failed: 'Degraded',
  stalled: 'Degraded',
}

const TYPES = ['Promoted', 'Ready', 'Reconciling', 'Stalled']
const OVER: readonly unknown[] = ['Initialized', 'Succeeded', 'Failed']

/** What is wrong with a status by the rules of kstatus; null: nothing. One without conditions was written by nothing of ours. */
export function faultOfConditions(object: KubeObject): string | null {
  const status: CanaryStatus = recordOf(object['status'])
  const { conditions, phase } = status
  if (conditions === undefined) return null
  const types = conditions.map(({ type }) => type).toSorted()
  if (types.join() !== TYPES.join()) return `conditions are ${types.join()}`
  const is = (type: string): boolean => conditions.some(one => one.type === type && one.status === 'True')
  if (is('Reconciling') && is('Stalled')) return 'Reconciling and Stalled are both True'
  if (is('Ready') && (is('Reconciling') || is('Stalled'))) return 'Ready, and not at rest'
  if (is('Reconciling') === (OVER.includes(phase) || is('Stalled')))
    return `Reconciling is ${is('Reconciling')} in ${phase}`
  const generation = object.metadata.generation ?? 0
  if ((status.observedGeneration ?? 0) > generation) return 'observedGeneration is ahead of the generation'
  if (conditions.some(one => one.observedGeneration !== status.observedGeneration))
    return 'conditions are of another generation'
  return null
}

/** Where tools and people read different things in a status; null: nowhere. */
export function disagreement(object: KubeObject, now: number): string | null {
  // People are told at once that something is in the way; a tool waits for the status of what it has applied.
  const isBehind = numberOf(at(object['status'], 'observedGeneration'), -1) !== (object.metadata.generation ?? 0)
  const tone = isBehind ? 'unknown' : describe(object, NOTHING_OBSERVED, now).tone
  const verdict = kstatusOf(object)
  if (verdict !== verdicts[tone]) return `kstatus says ${verdict}, and people are told ${tone}`
  const { status } = healthOf(object)
  if (status !== healths[tone] && !isKnown(object, tone, status))
    return `Argo CD says ${status}, and people are told ${tone}`
  return null
}

/** What Argo CD says for a reason of its own. */
function isKnown(object: KubeObject, tone: Tone, health: string): boolean {
  const { status } = object
  const phase = at(status, 'phase')
  // It may arrive with the same sync; and what is being deleted is nothing that a sync waits for.
  if (health !== 'Progressing') return false
  // A push of which the status does not tell yet.
  if (commitOf(object) !== (at(status, 'commit') ?? null)) return true
  const isArriving = ['TargetMissing', 'ReferenceMissing'].includes(String(at(status, 'reason')))
  if (tone === 'stalled') return phase === 'Terminating' || (phase === 'Initializing' && isArriving)
  // The approval was given, and its sentence is on show for a moment.
  return tone === 'person' && at(status, 'run', 'approved') !== undefined
}

/** Every status that was ever written keeps the rules of kstatus, and tools read in it what people are told. */
export const toolsReadTheSame: Law = () => {
  const seen = new Set<string>()
  return {
    changed({ world }) {
      const canary = world.get(CANARY)
      if (canary === undefined || canary.metadata.deletionTimestamp !== undefined) return
      const status: CanaryStatus = recordOf(canary['status'])
      const { observedGeneration, phase, reason, conditions = [], run, progress, paused, canaryWeight } = status
      const isBehind = observedGeneration !== canary.metadata.generation
      const told = conditions.map(one => `${one.type}=${one.status}`)
      const looks = [isBehind, phase, reason, told, run?.hold?.by, run?.approved, run?.stage, run?.waiting?.for]
      const key = JSON.stringify([...looks, progress?.waiting?.for, paused !== undefined, canaryWeight])
      if (seen.has(key)) return
      seen.add(key)
      const fault = faultOfConditions(canary) ?? disagreement(canary, world.now)
      if (fault !== null) throw new Broken(`${fault}: ${key}`)
    },
  }
}

/** Once Git has said its commit, a Canary is Healthy only with what the target holds, or with what was rejected of it. */
export const healthyOnlyOnceReleased: Law = life => {
  const images = new Images(life)
  return {
    decided: ({ observation }) => images.learn(observation),
    changed({ world }) {
      const canary = world.get(CANARY)
      const target = world.get(TARGET)
      const { phase, lastPromotedSpec, rejectedSpec }: CanaryStatus = recordOf(canary?.['status'])
      if (phase !== 'Initialized' && phase !== 'Succeeded') return
      if (canary?.metadata.annotations?.[COMMIT_ANNOTATION] === undefined || target === undefined) return
      const image = imageOf(at(target['spec'], 'template'))
      if ([lastPromotedSpec, rejectedSpec].some(revision => images.of(revision) === image)) return
      const { status } = healthOf(canary)
      if (status === 'Healthy')
        throw new Broken(`Healthy with ${images.of(lastPromotedSpec)}, and the target has ${image}`)
    },
  }
}

/** Every action that Argo CD offers is obeyed, in the words that it writes. */
export const actionsAreObeyed: Law = () => {
  const seen = new Set<string>()
  return {
    decided({ world, observation: o, decision }) {
      if ('ask' in decision || seen.has(looksOf(decision))) return
      seen.add(looksOf(decision))
      const wire = world.get(CANARY)
      if (wire === undefined || wire.metadata.deletionTimestamp !== undefined) return
      const after: Observation = {
        ...o,
        state: decision.state,
        memory: { ...decision.memory, reason: decision.reason },
      }
      const object = { ...wire, status: JSON.parse(JSON.stringify(writeStatus(o, decision, world.now))) as unknown }
      for (const action of enabled(object)) {
        const clicked = click(action, object).metadata.annotations ?? {}
        const [name] = commands.filter(
          one => clicked[ANNOTATION_PREFIX + one] !== wire.metadata.annotations?.[ANNOTATION_PREFIX + one],
        )
        if (name === undefined) throw new Broken(`${action} writes nothing`)
        const value = clicked[ANNOTATION_PREFIX + name] ?? ''
        const { id, who } = parseCommand(name, value)
        if (who !== 'argo-cd') throw new Broken(`${action} writes ${value}`)
        const refused = refusalOf(after, name, value.slice(id.length), world.now)
        if (refused !== null && !isOfTheWorld(refused))
          throw new Broken(`${action} is offered in ${looksOf(decision)}, and refused: ${refused}`)
      }
    },
  }
}

/** What no status tells, and a script that sees the Canary alone cannot know. */
const isOfTheWorld = (refused: string): boolean =>
  /does not hold the rejected revision|no previously promoted revision is recorded|may stop all old pods/.test(refused)
