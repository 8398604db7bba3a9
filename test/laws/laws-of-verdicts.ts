/** Laws of what a verdict rests on, as onlookers. */
import type { KubeObject, Ref } from '../../src/api/object.ts'
import type { Observation } from '../../src/core/observation.ts'
import type { State } from '../../src/core/state.ts'
import { Broken, type Law } from './laws.ts'
import { CANARY, PRIMARY, TARGET, type TinyWorld } from './tiny-world.ts'

/** Ends of a run that time brings. */
const BY_TIME = ['DeadlineExceeded', 'Undecided']

const givesUp = (from: State, to: State): boolean =>
  from.phase === 'Promoting' && to.phase === 'Promoting' && from.because === '' && to.because !== ''

/** What a deadline says of a release is said on the objects, and on the pods, as they are at that moment. */
export const deadlinesAreConfirmed: Law = () => ({
  decided({ world, observation: o, decision }) {
    if ('ask' in decision) return
    const { state, reason, message } = decision
    const byTime =
      (state.phase === 'Failed' && o.state.phase !== 'Failed' && BY_TIME.includes(reason)) || givesUp(o.state, state)
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
