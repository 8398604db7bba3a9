/** What one decision adds to the trace of a run. */
import { expect } from 'chai'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { CheckRecord, Outcome, RunRecord } from '../../../src/core/model/memory.ts'
import type { State } from '../../../src/core/model/state.ts'
import type { RunTrace, Span } from '../../../src/core/model/trace.ts'
import {
  endedTraces,
  type Noted,
  noteTraces,
  problemOfTraceparent,
  readTraceparent,
} from '../../../src/core/signals/traces.ts'
import { writeStatus } from '../../../src/core/status/write-status.ts'
import { sha256 } from '../given-objects.ts'
import {
  advancing,
  at,
  candidate,
  failed,
  minute,
  now,
  promoting,
  remembers,
  resting,
  run,
  web,
} from '../machine/given.ts'

const LINK = { traceId: '0af7651916cd43dd8448eb211c80319c', spanId: 'b7ad6b7169203331' }
const traceparent = `00-${LINK.traceId}-${LINK.spanId}-01`
const nothingSent = (): boolean => false

function note(o: Observation, state: State, memory = o.memory): Noted {
  return noteTraces(o, { state, memory }, nothingSent, now, sha256)
}

const traceOf = (o: Observation, state: State = o.state): RunTrace => {
  const [trace] = note(o, state).traces
  if (trace === undefined) throw new Error('nothing is traced')
  return trace
}

suite('the steps of a trace', () => {
  const begun = traceOf(at(resting()), run('startingPods'))

  test('begin with the run, at the time that status has of it', () => {
    const state = run('startingPods')
    expect(begun.steps).to.deep.equal([{ name: 'start pods', at: 'startedAt' in state ? state.startedAt : 0 }])
    expect(begun.id).to.match(/^[0-9a-f]{32}$/)
  })

  for (const [what, state, name] of [
    ['traffic', advancing(10), 'weight 10'],
    ['a promotion', promoting('copying'), 'copying'],
  ] as const) {
    test(`go on with ${what}`, () => {
      const o = at(run('startingPods'), { memory: remembers({ traces: [begun] }) })
      expect(traceOf(o, state).steps.slice(1)).to.deep.equal([{ name, at: now }])
    })
  }

  test('stay where a check is made and nothing moves', () => {
    const before = { ...begun, steps: [...begun.steps, { name: 'weight 10', at: now - minute }] }
    const o = at(advancing(10), { memory: remembers({ traces: [before] }) })
    expect(note(o, advancing(10, { failedChecks: 1 })).traces).to.deep.equal([before])
  })

  test('leave status where there are too many, the oldest first, as spans', () => {
    const steps = Array.from({ length: 32 }, (_, i) => ({ name: `weight ${i}`, at: now - 100 + i }))
    const o = at(advancing(31), { memory: remembers({ traces: [{ ...begun, steps }] }) })
    const { traces, spans } = note(o, advancing(40))
    expect(traces[0]?.steps).to.have.lengthOf(32)
    expect(spans.map(span => [span.name, span.startedAt, span.endedAt])).to.deep.equal([
      ['RUN weight 0', now - 100, now - 99],
    ])
  })

  test('are those of each run for itself', () => {
    const o = at(run('startingPods'), {
      memory: remembers({ traces: [begun], history: [recordOf(begun.run, 'Superseded')] }),
    })
    const { traces } = note(o, { ...run('startingPods'), id: 'another' })
    expect(traces.map(trace => trace.run)).to.deep.equal(['another', begun.run])
    expect(traces[0]?.id).to.not.equal(begun.id)
  })
})

const recordOf = (id: string, outcome: Outcome): RunRecord => ({
  id,
  revision: candidate.revision,
  startedAt: now - minute,
  endedAt: now,
  outcome,
  highest: 10,
  reason: outcome === 'Failed' ? 'ThresholdReached' : 'Succeeded',
  message: 'The sentence that decided',
})

suite('the checks of a trace', () => {
  const check: CheckRecord = {
    name: 'request-success-rate',
    verdict: 'fail',
    value: 87.7,
    min: 99,
    max: null,
    requests: 120,
    message: '87.7 % is below 99 %',
    at: now - 1000,
  }

  test('are told with value, limit, verdict and weight, once', () => {
    const o = at(advancing(10))
    const memory = { ...o.memory, checks: [check] }
    const { traces, spans } = note(o, advancing(10, { failedChecks: 1 }), memory)
    const [span] = spans
    expect([span?.name, span?.startedAt, span?.endedAt, span?.error]).to.deep.equal([
      'check request-success-rate',
      now - 1000,
      now,
      '87.7 % is below 99 %',
    ])
    expect(span?.attributes).to.deep.equal({
      'sluice.check.name': 'request-success-rate',
      'sluice.check.verdict': 'fail',
      'sluice.weight': 10,
      'sluice.check.value': 87.7,
      'sluice.check.min': 99,
      'sluice.check.requests': 120,
      'sluice.message': '87.7 % is below 99 %',
    })
    const later = at(advancing(10), { memory: { ...memory, traces } })
    expect(note(later, advancing(10)).spans).to.deep.equal([])
  })

  test('of a run are not told again as those of the next', () => {
    const o = at(resting(), { memory: remembers({ checks: [check] }) })
    expect(note(o, run('startingPods'), { ...o.memory, checks: [] }).spans).to.deep.equal([])
  })
})

suite('the end of a trace', () => {
  const trace: RunTrace = {
    run: 'r1',
    id: 'a'.repeat(32),
    parent: traceparent,
    steps: [
      { name: 'start pods', at: now - minute },
      { name: 'weight 10', at: now - 1000 },
    ],
    sent: false,
  }
  const endOf = (outcome: Outcome, more: Partial<RunTrace> = {}): readonly Span[] => {
    const memory = remembers({ traces: [{ ...trace, ...more }], history: [recordOf('r1', outcome)] })
    return endedTraces(at(failed(), { memory }), sha256).flatMap(({ spans }) => spans)
  }

  for (const [outcome, result, error] of [
    ['Succeeded', 'success', undefined],
    ['Failed', 'failure', 'ThresholdReached'],
    ['Withdrawn', 'cancellation', undefined],
    ['Superseded', 'cancellation', undefined],
  ] as const) {
    test(`of a run that ended as ${outcome} is ${result}`, () => {
      const [first, last, root] = endOf(outcome)
      expect([root?.attributes['cicd.pipeline.result'], root?.attributes['error.type']]).to.deep.equal([result, error])
      const results = [first, last].map(span => span?.attributes['cicd.pipeline.task.run.result'])
      expect(results).to.deep.equal(['success', result])
      expect([first, last].map(span => span?.parentId)).to.deep.equal([root?.spanId, root?.spanId])
      expect([first?.endedAt, last?.endedAt]).to.deep.equal([now - 1000, now])
      expect([root?.parentId, root?.links]).to.deep.equal([null, [LINK]])
      expect(root?.error !== null).to.equal(outcome === 'Failed')
    })
  }

  test('comes once', () => {
    expect(endOf('Succeeded', { sent: true })).to.deep.equal([])
    const o = at(resting(), { memory: remembers({ traces: [trace], history: [recordOf('r1', 'Succeeded')] }) })
    const { traces } = noteTraces(o, { state: resting(), memory: o.memory }, ({ id }) => id === trace.id, now, sha256)
    expect(traces).to.deep.equal([{ ...trace, steps: [], sent: true }])
  })

  test('says of a long sentence what status keeps of it, so that a later process sends the same', () => {
    const record = { ...recordOf('r1', 'Failed'), message: 'Rolled back. '.repeat(60) }
    const sent = (history: readonly RunRecord[]): readonly Span[] =>
      endedTraces(at(failed(), { memory: remembers({ traces: [trace], history }) }), sha256).flatMap(one => one.spans)
    const o = at(failed(), { memory: remembers({ traces: [trace], history: [record] }) })
    const { reason, message } = o.memory
    const move = { state: o.state, memory: o.memory, reason, message, wakeAt: null, announcements: [] }
    const [stored] = writeStatus(o, move, now).history ?? []
    expect(stored?.message).to.have.length.below(record.message.length)
    const later = { ...record, message: stored?.message ?? '' }
    expect(sent([later])).to.deep.equal(sent([record]))
    expect(sent([record]).at(-1)?.error).to.equal(stored?.message)
  })

  test('does not come while the run is under way', () => {
    const o = at(advancing(10), { memory: remembers({ traces: [trace] }) })
    expect(endedTraces(o, sha256)).to.deep.equal([])
  })
})

suite('the annotation that links the trace of a pipeline', () => {
  for (const [text, link] of [
    [traceparent, LINK],
    [`cc-${LINK.traceId}-${LINK.spanId}-01-what-will-be`, LINK],
    [`ff-${LINK.traceId}-${LINK.spanId}-01`, null],
    [`00-${'0'.repeat(32)}-${LINK.spanId}-01`, null],
    [`00-${LINK.traceId}-${'0'.repeat(16)}-01`, null],
    [traceparent.toUpperCase(), null],
    ['a pipeline', null],
  ] as const) {
    test(`${text} ${link === null ? 'is none, and said' : 'is one'}`, () => {
      expect(readTraceparent(text)).to.deep.equal(link)
      const canary = web({}, { 'sluice.dev/traceparent': text })
      expect(problemOfTraceparent(canary) !== null).to.equal(link === null)
      expect(traceOf(at(resting(), { canary }), run('startingPods')).parent).to.equal(
        link === null ? '' : text.slice(0, 55),
      )
    })
  }

  test('may be left out', () => {
    expect(problemOfTraceparent(web())).to.equal(null)
  })
})
