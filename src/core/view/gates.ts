/** What must pass before a rise: metrics with their limits, webhooks, and the approval of a person. */
import type { Metric } from '../../api/canary.ts'
import type { HookType, Webhook } from '../../api/webhook.ts'
import { unitOf } from '../analysis/gate.ts'
import type { CheckRecord, Memory } from '../model/memory.ts'
import type { State } from '../model/state.ts'
import { inWords } from '../model/traffic.ts'
import { iso, isoOrNull } from './text.ts'
import { type Position, presentStep } from './steps.ts'
import type { GateView } from './view.ts'

/** The gates of the present step, of the whole analysis where there is none; in the order of the spec. */
export function gatesOf(of: Position): GateView[] {
  const { canary, state, memory } = of
  if (canary.spec.skipAnalysis) return []
  const step = presentStep(of)
  const metrics = [...canary.spec.analysis.metrics, ...(step?.metrics ?? [])]
  const hooks = canary.spec.analysis.webhooks.filter(({ type }) => isGate(type))
  return [
    ...metricGates(metrics, memory.checks),
    ...hooks.map(hook => hookGate(hook, memory)),
    ...approvalGate(state, step),
  ]
}

/** The checks that a status has, where the spec cannot be read. */
export function gatesOfStatus({ checks }: Memory): GateView[] {
  return checks.map(check => ({ ...ofRecord(check), min: check.min, max: check.max, unit: '' }))
}

const EMPTY = {
  value: null,
  min: null,
  max: null,
  unit: '',
  requests: null,
  verdict: null,
  message: '',
  at: null,
  dryRun: false,
} as const

/** A step may name a metric that the analysis names too: the nth of a name belongs to the nth finding of it. */
function metricGates(metrics: readonly Metric[], checks: readonly CheckRecord[]): GateView[] {
  const left = [...checks]
  return metrics.map((metric): GateView => {
    const index = left.findIndex(({ name }) => name === metric.name)
    const [check] = index < 0 ? [] : left.splice(index, 1)
    const { min = null, max = null } = metric.thresholdRange
    const known = check === undefined ? { ...EMPTY, name: metric.name, kind: 'metric' as const } : ofRecord(check)
    return { ...known, min, max, unit: unitOf(metric) }
  })
}

const ofRecord = ({
  name,
  value,
  requests,
  verdict,
  message,
  at,
}: CheckRecord): Omit<GateView, 'min' | 'max' | 'unit'> => ({
  name,
  kind: 'metric',
  value,
  requests,
  verdict,
  message,
  at: iso(at),
  dryRun: false,
})

const isGate = (type: HookType): boolean => type !== 'post-rollout' && type !== 'event'

function hookGate({ name, type }: Webhook, { hooks }: Memory): GateView {
  const record = hooks.find(one => one.name === name)
  const gate = { ...EMPTY, name, kind: 'webhook' as const }
  if (record === undefined || (record.last === null && record.place === '')) return gate
  const { last } = record
  if (last === null)
    return { ...gate, verdict: 'hold', message: `webhook ${name} (${type}) is to answer`, at: iso(record.since) }
  const message = `webhook ${name} (${type}) ${last.said}`
  // A yes of a webhook of type rollback asks for the rollback.
  const said =
    type === 'rollback' && last.verdict !== 'unavailable' ? (last.verdict === 'pass' ? 'fail' : 'pass') : last.verdict
  // What says no to a rise is asked again; what says no to the release fails.
  const verdict = said === 'unavailable' || (said === 'fail' && type.startsWith('confirm-')) ? 'hold' : said
  return { ...gate, verdict, message, at: isoOrNull(last.at) }
}

function approvalGate(state: State, step: ReturnType<typeof presentStep>): GateView[] {
  if (step?.approve !== true || !('approved' in state)) return []
  const isGiven = state.approved === 'full' || state.approved === state.traffic.canary
  const weight = `weight ${inWords(state.traffic)}`
  const message = isGiven ? `${weight} was approved` : `${weight} needs the approval of a person`
  return [{ ...EMPTY, name: 'approval', kind: 'approval', verdict: isGiven ? 'pass' : 'hold', message }]
}
