/** Mutants for the laws of how histories end. */
import { laws, ruleOfAnalysis, rules, type Mutant, type Row } from './mutant.ts'

const ENDS = 'test/laws/endings.laws.test.ts'

const routesOnce: Row = {
  without: 'asserting the routes in every pass: only the move that asks for them writes them',
  file: 'src/core/machine/decide.ts',
  take: 'const writes = render(after, isHalted(said))',
  put: `const writes = render(after, isHalted(said)).filter(
    write => write.ref.kind.kind !== 'VirtualService' || barrierOf(move.state) !== barrierOf(o.state))`,
}

export const mutantsOfEndings: readonly Mutant[] = [
  ...laws(ENDS, 'killed after any write, a release ends as the one that was left alone', routesOnce, {
    without: 'the rejected revision in the status',
    file: 'src/core/status/write-status.ts',
    take: "rejectedSpec: 'rejected' in state ? orNone(state.rejected) : undefined,",
    put: 'rejectedSpec: undefined,',
  }),
  ...laws(ENDS, 'killed after any write, a release ends as the one that was left alone', {
    without: 'the deadline for pods that never get ready',
    file: rules('start-pods'),
    take: "if (target.readiness === 'stuck' || deadline === null)",
    put: "if (target.readiness === 'stuck')",
  }),
  ...laws(ENDS, 'the writes of a decision are safe in any order and any subset', routesOnce),
  ...laws(
    ENDS,
    'every run ends',
    ruleOfAnalysis('waitUntilCarried'),
    {
      without: 'the end of a return whose canary has no pod left',
      file: rules('promote'),
      take: 'if (judgedReady(o, state.candidate) === 0) return finalise(o, now)',
      put: '',
    },
    {
      without: 'obeying the command that lets a run go on',
      file: rules('commands'),
      take: 'const going = { ...withClock(run, clock, now), phase: run.phase, hold: null }',
      put: 'const going = { ...withClock(run, clock, now), phase: run.phase }',
    },
  ),
  ...laws(ENDS, 'once the world shows what was asked, deciding again writes nothing', {
    without: "telling a user's Service that is as it should be from one that is not ours any more",
    file: 'src/core/render/ownership.ts',
    take: 'return ownsSome ? ',
    put: 'return live !== undefined ? ',
  }),
  ...laws(ENDS, 'abort takes a run back to weight 0 from wherever it is', ruleOfAnalysis('applyCommand'), {
    without: 'undoing a promotion on abort',
    file: rules('command-effects'),
    take: "return { does: 'undo the promotion', state }",
    put: "return { refused: 'too late' }",
  }),
  ...laws(
    ENDS,
    'decide answers whatever it is given',
    {
      without: 'the answer for a target that is gone while a run waits to start',
      file: rules('start-run'),
      take: 'if (target === null || target.revision === state.promoted) return null',
      put: 'if (target!.revision === state.promoted) return null',
    },
    {
      without: 'the same answer each time',
      file: 'src/core/machine/move.ts',
      take: 'return announcement(o, news, now, now)',
      put: 'return announcement(o, news, Math.random(), now)',
    },
  ),
]
