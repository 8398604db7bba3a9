/**
 * Charts of a run's own gates: the same questions as the checks ask, over a range. They are rendered from the Canary that the caller
 * has just read, and the metrics server is asked for nothing else; a browser never sends PromQL.
 */
import { kinds, type KubeObject } from '../../api/object.ts'
import type { Canary } from '../../api/canary.ts'
import type { Metric } from '../../api/metric.ts'
import { parseCanary } from '../../api/parse-canary.ts'
import { DEFAULT_PROVIDER } from '../../api/providers.ts'
import { type MetricTemplate, parseMetricTemplate } from '../../api/templates.ts'
import { isForbidden } from '../../core/errors.ts'
import { recordOf } from '../../core/json.ts'
import type { CheckContext } from '../../core/analysis/check-context.ts'
import { type Gate, gatesOf } from '../../core/analysis/gate.ts'
import { questions } from '../../core/analysis/questions.ts'
import { judge } from '../../core/judges/judge.ts'
import type { Finding } from '../../core/model/check.ts'
import { type Names, namesOf } from '../../core/model/names.ts'
import type { State } from '../../core/model/state.ts'
import type { Call } from '../../core/ports.ts'
import { routingOf } from '../../core/routers/index.ts'
import { readStatus } from '../../core/status/read-status.ts'
import type { Instant, Milliseconds } from '../../core/time.ts'
import type { CallerApi, RangeAnswer, RangeSource } from './ports.ts'
import { Refusal } from './problems.ts'
import type { Chart, ChartLine, Charts } from './protocol.ts'
import { oneOfMany } from './waits.ts'

export const MOST_POINTS = 600
const SHORTEST_STEP: Milliseconds = 1000
/** Before the run, so that the chart shows what was normal. */
const BEFORE: Milliseconds = 60_000
/** A Canary without a run: so much of the past. */
const IDLE_RANGE: Milliseconds = 600_000
/** Gates that are charted; each is some questions. */
const MOST_GATES = 12

export interface ChartSources {
  readonly api: CallerApi
  readonly ranges: RangeSource
  /** Metrics that hold their own PromQL are charted, as the controller asks them. */
  readonly inlineQueries: boolean
}

interface Range {
  readonly from: Instant
  readonly to: Instant
  readonly step: Milliseconds
  readonly revision: string
}

/**
 * @param run id of a run of the history; null: the present one, or the last.
 * @throws what the API server or the network answered; Refusal where the Canary cannot be read.
 */
export async function chartsOf(
  object: KubeObject,
  run: string | null,
  now: Instant,
  { api, ranges, inlineQueries }: ChartSources,
  call: Call,
): Promise<Charts> {
  const { state, memory } = readStatus(recordOf(object['status']), now)
  const parsed = parseCanary(object, DEFAULT_PROVIDER, memory.provider)
  if ('problems' in parsed)
    throw new Refusal('invalid', `The spec of the Canary is refused: ${parsed.problems[0] ?? ''}`)
  const { canary } = parsed
  const range = rangeOf(state, memory.history, run, now)
  const metrics = metricsOf(canary)
  const asked = metrics.filter(({ query }) => inlineQueries || query === undefined)
  const { gates, problems } = gatesOf(asked, await templatesOf(api, canary, call))
  const inline = metrics
    .filter(metric => !asked.includes(metric))
    .map(({ name }) => `${name}: queries within Canaries are not asked here (--allow-inline-queries=false)`)
  const scene = contextOf(canary, object)
  const answers = new Asked(ranges, api, range, canary.metadata.namespace ?? '', call.signal)
  const charts = await Promise.all([
    ...gates.slice(0, MOST_GATES).map(gate => chartOf(gate, canary, scene, range, answers)),
    ...(scene === null ? [] : [requestsChart(canary, scene, range, answers)]),
  ])
  const { unavailable } = answers
  return {
    ...range,
    charts: [...charts, ...[...problems, ...inline].map(problemChart)],
    ...(unavailable === null ? {} : { noHistory: unavailable }),
  }
}

function rangeOf(
  state: State,
  history: readonly {
    readonly id: string
    readonly revision: string
    readonly startedAt: Instant
    readonly endedAt: Instant
  }[],
  run: string | null,
  now: Instant,
): Range {
  const under =
    'id' in state ? { id: state.id, revision: state.candidate, startedAt: state.startedAt, endedAt: now } : null
  const named = [...(under === null ? [] : [under]), ...history]
  const found = run === null ? named[0] : named.find(one => one.id === run)
  if (found === undefined && run !== null)
    throw new Refusal('not-found', `The Canary has no run ${run}: its last 10 are kept`)
  const from = found === undefined ? now - IDLE_RANGE : found.startedAt - BEFORE
  const to = Math.max(from + SHORTEST_STEP, found?.endedAt ?? now)
  const step = Math.max(SHORTEST_STEP, Math.ceil((to - from) / (MOST_POINTS - 1) / 1000) * 1000)
  return { from, to, step, revision: found?.revision ?? '' }
}

/** Those of the analysis and of all its steps, each once. */
function metricsOf({ spec }: Canary): Metric[] {
  const { metrics, steps = [] } = spec.analysis
  const all = [...metrics, ...steps.flatMap(step => step.metrics)]
  return [...new Map(all.map(metric => [metric.name, metric])).values()]
}

async function templatesOf(api: CallerApi, canary: Canary, call: Call): Promise<Record<string, MetricTemplate>> {
  const namespace = canary.metadata.namespace ?? ''
  const named = new Set(
    metricsOf(canary).flatMap(({ templateRef }) => (templateRef === undefined ? [] : [templateRef.name])),
  )
  const found = await Promise.all(
    [...named].map(async name => {
      const ref = { kind: kinds.MetricTemplate, namespace, name }
      const object = await api.get(ref, oneOfMany(call)).catch((error: unknown) => {
        if (isForbidden(error)) return null
        throw error
      })
      const parsed = object === null ? null : parseMetricTemplate(object)
      return parsed !== null && 'template' in parsed ? [[name, parsed.template] as const] : []
    }),
  )
  return Object.fromEntries(found.flat())
}

/** Whose chart it is: what every query may name. */
function subjectOf(canary: Canary, names: Names) {
  return {
    checkId: 'chart',
    namespace: names.namespace,
    canary: names.canary,
    target: names.target.name,
    primary: names.primary.name,
    service: names.apexService.name,
    ingress: canary.spec.ingressRef?.name ?? names.target.name,
    strangers: [],
    // No window of a chart is cut.
    routedFor: Number.MAX_SAFE_INTEGER,
    carriedFor: Number.MAX_SAFE_INTEGER,
  }
}

/** null: the provider has no telemetry. The window of every point is whole: `routedFor` bounds none. */
function contextOf(canary: Canary, object: KubeObject): CheckContext | null {
  const names = namesOf(canary)
  const { telemetry } = routingOf({ canary })
  if (telemetry === null) return null
  const { vantage = 'destination' } = recordOf(object['status']) as { vantage?: CheckContext['vantage'] }
  return {
    ...subjectOf(canary, names),
    ...telemetry.sides({ canary, names, subsets: null }),
    vantage,
  }
}

/** The same questions about the other side. */
const swapped = (scene: CheckContext): CheckContext => ({
  ...scene,
  checkId: 'chart-primary',
  target: scene.primary,
  primary: scene.target,
  canaryCallers: scene.primaryCallers,
  primaryCallers: scene.canaryCallers,
})

async function chartOf(
  gate: Gate,
  canary: Canary,
  scene: CheckContext | null,
  range: Range,
  asked: Asked,
): Promise<Chart> {
  const { name, unit, limits } = gate
  const about = { name, unit, ...limits }
  if (gate.server !== null || gate.access !== null || canary.spec.metricsServer !== undefined) {
    const sentence =
      'It is measured at a metrics server of its own, which this page does not ask; the checks are shown as they come'
    return { ...about, lines: [], sentence }
  }
  const context = scene ?? bareScene(canary)
  const sides =
    gate.template === null
      ? ([
          ['canary', context],
          ['primary', swapped(context)],
        ] as const)
      : ([['canary', context]] as const)
  const lines: ChartLine[] = []
  let sentence: string | undefined
  for (const [side, of] of sides) {
    const { telemetry } = routingOf({ canary })
    const questioned = questions(gate, of, null, telemetry)
    if ('problem' in questioned) return { ...about, lines: [], sentence: questioned.problem }
    const answers = await Promise.all(
      questioned.checks.map(async ({ id, query }) => [id, await asked.of(query)] as const),
    )
    const refused = answers.flatMap(([, answer]) => (answer.kind === 'points' ? [] : [answer.error]))[0]
    if (refused !== undefined) sentence ??= refused
    else lines.push({ side, points: timesOf(range).map(at => [at, valueAt(gate, of, answers, at)] as const) })
  }
  return { ...about, lines, ...(sentence === undefined ? {} : { sentence }) }
}

/** For a gate that asks nothing of the provider's telemetry. */
function bareScene(canary: Canary): CheckContext {
  const names = namesOf(canary)
  const noCallers = { services: [] }
  return {
    ...subjectOf(canary, names),
    hosts: [],
    vantage: 'destination',
    canaryCallers: noCallers,
    primaryCallers: noCallers,
  }
}

/** What the check would have measured then, by the rules of the judge. */
function valueAt(
  gate: Gate,
  scene: CheckContext,
  answers: readonly (readonly [string, RangeAnswer])[],
  at: Instant,
): number | null {
  const findings = Object.fromEntries(answers.map(([id, answer]) => [id, findingAt(answer, at)]))
  return judge(gate, scene, findings, 'hold').value
}

function findingAt(answer: RangeAnswer, at: Instant): Finding {
  const value = answer.kind === 'points' ? answer.points.get(at) : undefined
  return value === undefined ? { kind: 'no-data', because: '' } : { kind: 'value', value }
}

/** Requests a second that each side received, over a minute. */
async function requestsChart(canary: Canary, scene: CheckContext, range: Range, asked: Asked): Promise<Chart> {
  const window = 60_000
  const { telemetry } = routingOf({ canary })
  if (telemetry === null) return problemChart('requests: no telemetry')
  const lineOf = async (side: ChartLine['side'], of: CheckContext): Promise<ChartLine | string> => {
    const answer = await asked.of(telemetry.questions.requests(of, window))
    if (answer.kind !== 'points') return answer.error
    const perSecond = (at: Instant): number | null => {
      const counted = answer.points.get(at)
      return counted === undefined ? null : counted / (window / 1000)
    }
    return { side, points: timesOf(range).map(at => [at, perSecond(at)] as const) }
  }
  const found = await Promise.all([lineOf('canary', scene), lineOf('primary', swapped(scene))])
  const sentence = found.find(one => typeof one === 'string')
  const lines = found.flatMap(one => (typeof one === 'string' ? [] : [one]))
  return { name: 'requests', unit: 'req/s', lines, ...(sentence === undefined ? {} : { sentence }) }
}

const problemChart = (problem: string): Chart => {
  const [name = ''] = problem.split(':', 1)
  return { name, unit: '', lines: [], sentence: problem }
}

const timesOf = ({ from, to, step }: Range): Instant[] =>
  Array.from({ length: Math.floor((to - from) / step) + 1 }, (_, index) => from + index * step)

/** Each question once, a few at a time; after the first failure of the server no more are asked. */
class Asked {
  readonly #ask: (query: string) => Promise<RangeAnswer>
  readonly #answers = new Map<string, Promise<RangeAnswer>>()
  /** Why the metrics server gave no answer, as a sentence; null: it did. */
  unavailable: string | null = null
  #last: Promise<unknown> = Promise.resolve()

  constructor(ranges: RangeSource, api: CallerApi, { from, to, step }: Range, namespace: string, signal: AbortSignal) {
    this.#ask = query => ranges.ask({ query, start: from, end: to, step, namespace }, api, signal)
  }

  of(query: string): Promise<RangeAnswer> {
    const known = this.#answers.get(query)
    if (known !== undefined) return known
    const answer = this.#last.then(async (): Promise<RangeAnswer> => {
      if (this.unavailable !== null) return { kind: 'unavailable', error: this.unavailable }
      const found = await this.#ask(query)
      if (found.kind === 'unavailable') this.unavailable = found.error
      return found
    })
    this.#last = answer
    this.#answers.set(query, answer)
    return answer
  }
}
