/** Laws of what a verdict rests on, and of what a promotion may take away, as onlookers. */
import { type KubeObject, type Ref, refKey } from '../../src/api/object.ts'
import { at, sameJson } from '../../src/core/json.ts'
import type { Observation } from '../../src/core/model/observation.ts'
import type { State } from '../../src/core/model/state.ts'
import { Broken, isAnalysis, type Law } from './laws.ts'
import { imageOf } from './tiny-pods.ts'
import { settings } from '../core/given-objects.ts'
import { CANARY, PRIMARY, TARGET, type TinyWorld } from './tiny-world.ts'

/** Ends of a run that time brings. */
const BY_TIME = ['DeadlineExceeded', 'Undecided']

/** That requests do not reach a canary is so only while the routes lead to it. */
const UNREACHABLE = /^Rolled back .*: the canary is unreachable/

const givesUp = (from: State, to: State): boolean =>
  from.phase === 'Promoting' && to.phase === 'Promoting' && from.because === '' && to.because !== ''

/** What a deadline, or the lack of requests, says of a release is said on the objects, and on the pods, as they are at that moment. */
export const deadlinesAreConfirmed: Law = () => ({
  decided({ world, observation: o, decision }) {
    if ('ask' in decision) return
    const { state, reason, message } = decision
    const byTime =
      (state.phase === 'Failed' &&
        o.state.phase !== 'Failed' &&
        (BY_TIME.includes(reason) || UNREACHABLE.test(message))) ||
      givesUp(o.state, state)
    if (!byTime || message.includes('aborted by')) return
    const { canary, target, primary } = o
    const seen: readonly (readonly [Ref, KubeObject | undefined])[] = [
      [CANARY, canary],
      [TARGET, target?.object],
      [PRIMARY, primary?.object],
    ]
    for (const [ref, object] of seen) {
      const live = world.get(ref)?.metadata.resourceVersion
      if (object?.metadata.resourceVersion !== live)
        throw new Broken(`${message}; ${ref.name} was seen at ${object?.metadata.resourceVersion}, it is at ${live}`)
    }
    for (const [name, workload] of [
      ['web', target],
      ['web-primary', primary],
    ] as const)
      samePods(world, name, workload, message)
  },
})

function samePods(world: TinyWorld, name: string, workload: Observation['target'], message: string): void {
  for (const group of world.everyGroup().filter(({ deployment }) => deployment === name)) {
    const seen = Object.values(workload?.pods ?? {}).find(({ hash }) => hash === group.hash)
    if (seen?.ready !== group.ready)
      throw new Broken(
        `${message}; ${seen?.ready} pods of ${name} (${group.image}) were seen ready, ${group.ready} are`,
      )
  }
}

/** A wait with a deadline that is not for pods of the candidate to become ready. */
const NOT_FOR_READINESS = /not yet in the endpoints/

/** A candidate is rolled back because of its pods only while one of them is not ready. */
export const onlyMissingPodsAreOverdue: Law = () => ({
  decided({ world, observation: o, decision }) {
    if ('ask' in decision || o.target === null || !isAnalysis(o.state)) return
    const { state, reason, message } = decision
    if (state.phase !== 'Failed' || reason !== 'DeadlineExceeded' || NOT_FOR_READINESS.test(message)) return
    const image = imageOf(at(world.get(TARGET)?.['spec'], 'template'))
    const groups = world.everyGroup().filter(({ deployment, replicas }) => deployment === 'web' && replicas > 0)
    const desired = Number(at(world.get(TARGET)?.['spec'], 'replicas') ?? 1)
    const complete = groups.every(group => group.image === image && group.ready >= desired)
    if (groups.length > 0 && complete) throw new Broken(`${message}; all ${desired} pods of ${image} are ready`)
  },
})

/**
 * Where the rollout of the primary ends all old pods before it starts new ones, the template is copied only once the canary
 * carries all, the mesh has settled, and the last answers of the old pods are out. Nothing is asked where they do not serve.
 */
export const callersLeaveBeforeARecreation: Law = life => ({
  wrote(world, write, wire, o) {
    if (refKey(write.ref) !== refKey(PRIMARY) || write.verb !== 'replace' || wire.phase !== 'Promoting') return
    const { primary } = o
    if ((wire.run?.because ?? '') !== '' || primary === null || primary.ready === 0) return
    if (sameJson(at(write.object['spec'], 'template'), at(primary.object['spec'], 'template'))) return
    const { share, since } = life.chronicle
    const wait = settings.settle + o.canary.spec.analysis.drain
    if (share.low !== 100 || world.now - since < wait)
      throw new Broken(`all pods of the primary end while the canary carries ${share.low}, for ${world.now - since} ms`)
  },
})
