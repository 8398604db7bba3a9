/** Mutants for the laws of pods, templates and promotions. */
import { laws, MOMENTS, type Mutant, POSTURES, ruleOfAnalysis, rules, RUNS } from './mutant.ts'

export const mutantsOfPods: readonly Mutant[] = [
  ...laws(MOMENTS, 'the primary takes no template but what was judged', {
    without: 'the record: the primary is rendered from the target as it is now',
    file: 'src/core/render/primary.ts',
    take: 'templateFor(o, recorded, textsOf',
    put: "templateFor(o, { ...recorded, template: recordOf(at(o.target?.object.spec, 'template')) }, textsOf",
  }),
  ...laws(
    MOMENTS,
    'pods of the canary stop only after the split was at 0',
    {
      without: 'the wait until what was promoted has drained',
      file: rules('drain'),
      take: 'if (drainedAt === null || now < drainedAt) return hold(o, reason, said,',
      put: 'if (drainedAt === null) return hold(o, reason, said,',
    },
    {
      without: 'the barrier before the pods of what failed are stopped',
      file: POSTURES,
      take: 'if (drained) return resting(o, promoted)',
      put: 'if (drained || true) return resting(o, promoted)',
    },
  ),
  ...laws(
    MOMENTS,
    'pods that were not judged carry nothing',
    {
      without: 'the lock while a candidate carries',
      file: POSTURES,
      take: "return { ...common, ...split, canaryPods: 'as desired', lock: lockTarget, judged: run.candidate }",
      put: "return { ...common, ...split, canaryPods: 'as desired', lock: false, judged: run.candidate }",
    },
    {
      without: 'the lock until what failed has drained',
      file: POSTURES,
      take: `  Failed(o, { promoted, drained }) {
    if (drained) return resting(o, promoted)
    const { lockTarget } = o.canary.spec.analysis`,
      put: `  Failed(o, { promoted, drained }) {
    if (drained) return resting(o, promoted)
    const lockTarget = false`,
    },
    ruleOfAnalysis('drainEarlierCandidate'),
    {
      without: 'a canary Service that selects the judged revision alone',
      file: 'src/core/render/services.ts',
      take: 'return { ...targetLabels(o), [POD_HASH_LABEL]: judged?.hash ?? live ?? NONE_YET }',
      put: 'return targetLabels(o)',
    },
  ),
  ...laws(
    RUNS,
    'a promotion that is undone takes the callers off the primary first',
    {
      without: 'diverting the callers: the template goes back at once',
      file: rules('undo'),
      take: "atStage(state, isToBeLeft(o) ? 'diverting' : 'undoing', now)",
      put: "atStage(state, 'undoing', now)",
    },
    {
      without: 'reading the weight back before the template goes back',
      file: rules('undo'),
      take: 'const carriedAt = carriedSince(o, state.traffic, state.carriedAt, now)',
      put: 'const carriedAt = state.carriedAt ?? now',
    },
  ),
  ...laws(
    RUNS,
    'a promotion that may take all old pods of the primary first',
    {
      without: 'shifting all traffic to the canary before the copy',
      file: rules('advance'),
      take: "stage: shifts ? 'shifting' : 'copying'",
      put: "stage: 'copying'",
    },
    {
      without: 'reading the weight back before the copy',
      file: rules('shift'),
      take: 'isServing ? carriedSince(o, state.traffic, state.carriedAt, now) : null',
      put: 'isServing ? (state.carriedAt ?? now) : null',
    },
  ),
  ...laws(RUNS, 'a promotion that is given up goes no further', {
    without: 'leaving a primary alone that never took the candidate',
    file: rules('undo'),
    take: 'o.primary?.revision === o.state.candidate && judgedReady',
    put: 'judgedReady',
  }),
]
