/** Mutants for the laws of passes, what they write and tell, and of tenants beside each other. */
import { laws, MOMENTS, POSTURES, type Mutant } from './mutant.ts'

export const mutantsOfPasses: readonly Mutant[] = [
  ...laws(MOMENTS, 'nothing is written that the status does not tell yet', {
    without: 'waiting with the routes until the status tells the rise',
    file: POSTURES,
    take: "return { ...common, canaryPods: 'as desired', lock: true, judged: run.candidate }",
    put: "return { ...common, traffic: { canary: 10 }, canaryPods: 'as desired', lock: true, judged: run.candidate }",
  }),
  ...laws(MOMENTS, 'nothing is written that the status does not tell yet', {
    without: 'ending the pass whose status was refused',
    file: 'src/controller/commit.ts',
    take: '        throw error\n',
    put: '        return canary\n',
  }),
  ...laws(MOMENTS, 'what a policy finds does not depend on what a pass changes', {
    without: 'policies that leave the state alone',
    file: 'src/core/problems/target.ts',
    take: 'if (o.target !== null) return null\n  const named',
    put: "if (o.target !== null || o.state.phase === 'Failed') return null\n  const named",
  }),
  ...laws(MOMENTS, 'what was found to stand is rendered the same', {
    without: 'comparing the posture',
    file: 'src/core/render/render.ts',
    take: ' && sameJson(known.key, keyOf(o, posture))',
    put: '',
  }),
  ...laws(MOMENTS, 'an Event is announced only once the status tells it', {
    without: 'writing the status where an Event is all that is new',
    file: 'src/controller/commit.ts',
    take: '  if (hasNews) return now\n',
    put: '',
  }),
  ...laws(MOMENTS, 'no Event that a status told of is lost with a process', {
    without: 'announcing what the last process may not have announced',
    file: 'src/controller/reconcile.ts',
    take: 'if (known !== before || known.isStatusUncertain)',
    put: 'if (known.isStatusUncertain)',
  }),
  ...laws(
    MOMENTS,
    'the view of every state is consistent, and what it says a person can do is obeyed',
    {
      without: 'what refuses the rollback of a primary whose update may stop all pods',
      file: 'src/core/view/command-context.ts',
      take: 'mayStopServing: mayStopServing(of, observed),',
      put: 'mayStopServing: false,',
    },
    {
      without: 'telling the present step from those that were reached',
      file: 'src/core/view/steps.ts',
      take: "return 'now'",
      put: "return 'done'",
    },
    {
      without: 'steps that have begun, which have no time to begin',
      file: 'src/core/view/steps.ts',
      take: 'index <= present',
      put: 'index < present',
    },
  ),
  ...laws('test/laws/status.laws.test.ts', 'what is written is what is read, for every phase', {
    without: 'the weight whose approval was given, in the status',
    file: 'src/core/status/write-status.ts',
    take: 'approved: state.approved === null ? undefined : String(state.approved),',
    put: '',
  }),
  ...laws(
    'test/controller/tenants.test.ts',
    'reaches weight 0 within a second',
    {
      without: 'a line of events for each namespace',
      file: 'src/runtime/events.ts',
      take: "const namespace = note.about.metadata.namespace ?? ''",
      put: "const namespace = ''",
    },
    {
      without: 'passes that wait for nothing but their own calls',
      file: 'src/runtime/workqueue.ts',
      take: 'while (this.#open && this.#mayBegin()) {',
      put: 'while (this.#open && this.#working.size < this.#atOnce && this.#mayBegin()) {',
    },
    {
      without: 'readiness that tells only of what every Canary needs',
      file: 'src/controller/watch-health.ts',
      take: 'return ![...followedWherePresent, ...configKinds, ',
      put: 'return ![...followedWherePresent, ',
    },
  ),
]
