/**
 * The trace of a run, from status alone, so that it is one tree whichever processes wrote it. Ids are hashes of the Canary's uid, the run
 * and the step; times are those of the decisions. A check is sent when it was made; the steps are sent with the root once the run is
 * over, so that a process that dies in between loses none. Attributes follow the semantic conventions for CI/CD 1.44
 * (https://opentelemetry.io/docs/specs/semconv/cicd/cicd-spans/); what they do not know begins with `sluice.`.
 */
import type { KubeObject } from '../../api/object.ts'
import { ANNOTATION_PREFIX } from '../model/command.ts'
import type { Decision } from '../model/decision.ts'
import { type CheckRecord, LONGEST_RUN_MESSAGE, type Memory, type Outcome, type RunRecord } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { imageOf, runOf, short } from '../model/selectors.ts'
import type { State } from '../model/state.ts'
import type { RunTrace, Span, SpanLink, TraceContext, TracedStep } from '../model/trace.ts'
import { inWords } from '../model/traffic.ts'
import type { Sha256 } from '../ports.ts'
import { clipped } from '../text.ts'
import type { Instant } from '../time.ts'

/** The W3C traceparent of what started the release, such as the pipeline that pushed the image. */
export const TRACEPARENT_ANNOTATION = `${ANNOTATION_PREFIX}traceparent`

/** Steps that wait in status for the end of their run; of more, the oldest is sent at once. */
const MOST_STEPS = 32
/** Traces in status: the one of the present or the last run, and those before it whose root was not sent yet. */
const MOST_TRACES = 3
/** Later versions of the format may say more. */
const LONGEST_TRACEPARENT = 55
/** Bytes of a text in an attribute. */
const LONGEST_TEXT = 1024

/** What names a Canary and its runs. */
export interface Traced {
  readonly uid: string
  readonly namespace: string
  readonly canary: string
}

/** A step by name. The stages before traffic are told apart as far as status tells them. */
function stepOf(state: State): string | null {
  if (!('id' in state)) return null
  if (state.phase === 'Promoting') return state.stage
  if (state.stage === 'advancing') return `weight ${inWords(state.traffic)}`
  if (state.stage === 'stoppingOldPods') return 'stop old pods'
  return state.stage === 'draining' ? 'drain' : 'start pods'
}

/** https://www.w3.org/TR/trace-context/#traceparent-header-field-values; null where it is none, or names no span. */
export function readTraceparent(text: string): SpanLink | null {
  const [, traceId = '', spanId = ''] =
    /^(?!ff)[\da-f]{2}-([\da-f]{32})-([\da-f]{16})-[\da-f]{2}(?:-.*)?$/.exec(text) ?? []
  return /^0*$/.test(traceId) || /^0*$/.test(spanId) ? null : { traceId, spanId }
}

const annotationOf = ({ metadata }: KubeObject): string => (metadata.annotations?.[TRACEPARENT_ANNOTATION] ?? '').trim()

/** The annotation of a Canary, without what no link needs; '' where there is none that can be read. */
function traceparentOf(canary: KubeObject): string {
  const text = annotationOf(canary)
  return readTraceparent(text) === null ? '' : text.slice(0, LONGEST_TRACEPARENT)
}

/** Why the trace of a run links no other although the annotation is there, as a sentence; null: nothing is wrong. */
export function problemOfTraceparent(canary: KubeObject): string | null {
  if (annotationOf(canary) === '' || traceparentOf(canary) !== '') return null
  return `The annotation ${TRACEPARENT_ANNOTATION} is not a W3C traceparent; write one such as 00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01`
}

export const traceIdOf = (uid: string, run: string, sha256: Sha256): string => sha256(`${uid}/${run}`).slice(0, 32)

/** The id of a span: `what` tells it from the others of its run. */
export const spanIdOf = ({ id }: Pick<RunTrace, 'id'>, what: string, sha256: Sha256): string =>
  sha256(`${id}/${what}`).slice(0, 16)

const stepId = (trace: RunTrace, { name, at }: TracedStep, sha256: Sha256): string =>
  spanIdOf(trace, `step/${name}/${at}`, sha256)

/** What follows hangs below: the last step of the last run. null: no run was traced. */
export function contextOf([trace]: readonly RunTrace[], sha256: Sha256): TraceContext | null {
  const step = trace?.steps.at(-1)
  return trace === undefined || step === undefined ? null : { traceId: trace.id, parentId: stepId(trace, step, sha256) }
}

/** The traces after a decision, and the spans that are sent with it. */
export interface Noted {
  readonly traces: readonly RunTrace[]
  readonly spans: readonly Span[]
}

/**
 * What a decision adds to the traces.
 *
 * @param o as it was decided on.
 * @param isSent whether the root of a trace was sent, or given up, by this process.
 */
export function noteTraces(
  o: Observation,
  { state, memory }: Pick<Decision, 'state' | 'memory'>,
  isSent: (trace: RunTrace) => boolean,
  now: Instant,
  sha256: Sha256,
): Noted {
  const known = o.memory.traces.map(one => (isSent(one) && !one.sent ? { ...one, sent: true, steps: [] } : one))
  const before = follow(known, o, o.state, now, sha256)
  const checks = checkSpans(o, before, memory, now, sha256)
  const followed = follow(before, o, state, now, sha256)
  const [present, ...earlier] = followed
  if (present === undefined) return { traces: known, spans: [] }
  const owed = earlier.filter(one => !one.sent && recordOf(memory, one) !== undefined)
  const { steps } = present
  const leaving = steps.slice(0, Math.max(0, steps.length - MOST_STEPS))
  const spans = leaving.map((step, i) =>
    stepSpan(traced(o), present, step, steps[i + 1]?.at ?? now, 'Succeeded', sha256),
  )
  const traces = [{ ...present, steps: steps.slice(leaving.length) }, ...owed].slice(0, MOST_TRACES)
  return { traces, spans: [...spans, ...checks] }
}

const traced = ({ canary, names }: Pick<Observation, 'canary' | 'names'>): Traced => ({
  uid: canary.metadata.uid ?? '',
  namespace: names.namespace,
  canary: names.canary,
})

const recordOf = ({ history }: Memory, { run }: RunTrace): RunRecord | undefined => history.find(({ id }) => id === run)

/** The traces with the step that a state is at. */
function follow(
  traces: readonly RunTrace[],
  o: Observation,
  state: State,
  now: Instant,
  sha256: Sha256,
): readonly RunTrace[] {
  const run = runOf(state)
  const name = stepOf(state)
  if (run === null || name === null) return traces
  const [present, ...earlier] = traces
  if (present?.run !== run.id) {
    const id = traceIdOf(traced(o).uid, run.id, sha256)
    const steps = [{ name, at: run.startedAt }]
    return [{ run: run.id, id, parent: traceparentOf(o.canary), steps, sent: false }, ...traces]
  }
  const last = present.steps.at(-1)
  if (last?.name === name) return traces
  return [{ ...present, steps: [...present.steps, { name, at: Math.max(now, last?.at ?? 0) }] }, ...earlier]
}

/** A span for each gate that was evaluated in this decision. */
function checkSpans(
  o: Observation,
  traces: readonly RunTrace[],
  { checks }: Memory,
  now: Instant,
  sha256: Sha256,
): Span[] {
  const run = runOf(o.state)
  const [trace] = traces
  const context = contextOf(traces, sha256)
  const isNew = checks[0] !== undefined && checks[0].at !== o.memory.checks[0]?.at
  if (run === null || trace === undefined || context === null || !isNew) return []
  return checks.map((check): Span => {
    const { name, at, verdict, message } = check
    return {
      traceId: context.traceId,
      spanId: spanIdOf(trace, `check/${name}/${at}`, sha256),
      parentId: context.parentId,
      name: `check ${name}`,
      kind: 'internal',
      startedAt: Math.min(at, now),
      endedAt: now,
      attributes: {
        'sluice.check.name': name,
        'sluice.check.verdict': verdict,
        'sluice.weight': run.traffic.canary,
        ...measured(check),
        'sluice.message': clipped(message, LONGEST_TEXT),
      },
      links: [],
      error: verdict === 'fail' ? message : null,
    }
  })
}

function measured({ value, min, max, requests }: CheckRecord): Record<string, number> {
  const known = Object.entries({ value, min, max, requests }).flatMap(([name, number]) =>
    number === null ? [] : [[`sluice.check.${name}`, number] as const],
  )
  return Object.fromEntries(known)
}

/** What the conventions call the end of a run. */
const RESULTS: Readonly<Record<Outcome, 'success' | 'failure' | 'cancellation'>> = {
  Succeeded: 'success',
  Failed: 'failure',
  Withdrawn: 'cancellation',
  Superseded: 'cancellation',
}

function stepSpan(
  { namespace, canary }: Traced,
  trace: RunTrace,
  step: TracedStep,
  endedAt: Instant,
  outcome: Outcome,
  sha256: Sha256,
): Span {
  const spanId = stepId(trace, step, sha256)
  return {
    traceId: trace.id,
    spanId,
    parentId: spanIdOf(trace, 'run', sha256),
    name: `RUN ${step.name}`,
    kind: 'internal',
    startedAt: step.at,
    endedAt: Math.max(step.at, endedAt),
    attributes: {
      'cicd.pipeline.name': `${namespace}/${canary}`,
      'cicd.pipeline.task.name': step.name,
      'cicd.pipeline.task.run.id': spanId,
      'cicd.pipeline.task.run.result': RESULTS[outcome],
    },
    links: [],
    error: null,
  }
}

/** A trace whose run is over and whose root was not sent, as the spans that end it: the steps, then the root. */
export interface EndedTrace {
  readonly trace: RunTrace
  readonly spans: readonly Span[]
}

/** The ends of traces that have to be sent. */
export function endedTraces(o: Observation, sha256: Sha256): EndedTrace[] {
  return o.memory.traces.flatMap(trace => {
    const record = recordOf(o.memory, trace)
    return trace.sent || record === undefined ? [] : [{ trace, spans: endSpans(o, trace, record, sha256) }]
  })
}

function endSpans(o: Observation, trace: RunTrace, record: RunRecord, sha256: Sha256): Span[] {
  const about = traced(o)
  const { steps } = trace
  const { outcome, startedAt, reason, highest, revision } = record
  // As status keeps it: a process that starts later, and sends this again, knows no more of it.
  const message = clipped(record.message, LONGEST_RUN_MESSAGE)
  const last = steps.length - 1
  const spans = steps.map((step, i) => {
    const next = steps[i + 1]
    return stepSpan(about, trace, step, next?.at ?? record.endedAt, i === last ? outcome : 'Succeeded', sha256)
  })
  const image = imageOf(o, revision)
  const pipeline = `${about.namespace}/${about.canary}`
  const parent = readTraceparent(trace.parent)
  const root: Span = {
    traceId: trace.id,
    spanId: spanIdOf(trace, 'run', sha256),
    parentId: null,
    name: `RUN ${pipeline}`,
    kind: 'server',
    startedAt,
    endedAt: Math.max(startedAt, record.endedAt),
    attributes: {
      'cicd.pipeline.name': pipeline,
      'cicd.pipeline.run.id': record.id,
      'cicd.pipeline.action.name': 'RUN',
      'cicd.pipeline.result': RESULTS[outcome],
      ...(outcome === 'Failed' ? { 'error.type': reason } : {}),
      'k8s.namespace.name': about.namespace,
      'sluice.canary': about.canary,
      'sluice.outcome': outcome,
      'sluice.revision': short(revision),
      ...(image === '' ? {} : { 'sluice.image': clipped(image, LONGEST_TEXT) }),
      'sluice.weight.highest': highest,
      'sluice.message': message,
    },
    links: parent === null ? [] : [parent],
    error: outcome === 'Failed' ? message : null,
  }
  return [...spans, root]
}
