/**
 * From findings to a verdict. A finding that says nothing about the canary (no data, an outage, a refused query) is never
 * a failure unless the spec says so.
 */
import type { Finding } from '../check.ts'
import type { Gate, Part } from '../metrics/gate.ts'
import { promDuration } from '../metrics/promql.ts'
import { checkId } from '../metrics/questions.ts'
import { windowOf, type Scene } from '../metrics/scene.ts'
import { countOf } from '../metrics/split.ts'
import type { Milliseconds } from '../time.ts'
import { compare } from './threshold.ts'

export interface Verdict {
  readonly outcome: 'pass' | 'fail' | 'hold'
  /** The sentence for people: gate, value, limit, evidence. */
  readonly because: string
  /** As measured, in the gate's unit; null where nothing was. */
  readonly value: number | null
  /** Requests in the window; null where the gate does not count them, or they were not seen. */
  readonly requests: number | null
  /** What could be seen. Only `seen` judges the canary itself. */
  readonly sight: 'seen' | 'no-data' | 'not-enough' | 'unavailable' | 'refused'
}

const NO_REQUEST = 'the canary received no request'

/**
 * Judges one gate.
 *
 * @param findings by id of the Check, as `questions` named them; a missing one counts as unavailable.
 * @param onProviderError what an outage of the metrics server does: `hold`, or `fail`.
 */
export function judge(
  gate: Gate,
  scene: Scene,
  findings: Readonly<Record<string, Finding>>,
  onProviderError: 'hold' | 'fail',
): Verdict {
  const window = windowOf(scene, gate.interval)
  const of = (part: Part): Finding =>
    findings[checkId(scene, gate, part)] ?? { kind: 'unavailable', error: 'it was not asked' }

  const all = gate.parts.map(of)
  const refused = all.find(finding => finding.kind === 'refused')
  if (refused !== undefined) {
    return blind('hold', 'refused', `${gate.name}: the metrics server refused the query: ${refused.error}`)
  }
  const unavailable = all.find(finding => finding.kind === 'unavailable')
  if (unavailable !== undefined) {
    return blind(onProviderError, 'unavailable', `${gate.name} could not be measured: ${unavailable.error}`)
  }

  const measured = measure(gate, of)
  const requests = measured.requests
  if (measured.value === null) {
    const evidence = measured.because === '' ? '' : `: ${measured.because}`
    return {
      ...blind(gate.noData, 'no-data', `${gate.name} has no data for the last ${promDuration(window)}${evidence}`),
      requests,
    }
  }
  if (requests !== null && requests < gate.minRequests) {
    const because = `${gate.name}: not enough data, ${requests} of ${gate.minRequests} requests in ${promDuration(window)}`
    return { outcome: 'hold', because, value: measured.value, requests, sight: 'not-enough' }
  }
  const { outcome, because } = compare(gate, measured.value)
  return { outcome, because: `${because}${counted(requests, window)}`, value: measured.value, requests, sight: 'seen' }
}

interface Measured {
  readonly value: number | null
  readonly requests: number | null
  /** Why there is no value. */
  readonly because: string
}

/** The value and the requests it stands on. */
function measure(gate: Gate, of: (part: Part) => Finding): Measured {
  if (gate.measures === 'success-rate') return successRate(of)
  const requests = gate.parts.includes('requests') ? Math.round(countOf(of('requests')) ?? 0) : null
  const finding = of(gate.measures === 'latency' ? 'latency' : 'value')
  if (finding.kind === 'value') return { value: finding.value, requests, because: '' }
  const because = finding.kind === 'no-data' ? finding.because : ''
  return { value: null, requests, because: requests === 0 ? NO_REQUEST : because }
}

function successRate(of: (part: Part) => Finding): Measured {
  const failedOnTheWay = Math.round(countOf(of('caller-failures')) ?? 0)
  const requests = Math.round(countOf(of('requests')) ?? 0) + failedOnTheWay
  if (requests === 0) return { value: null, requests, because: NO_REQUEST }
  // Two questions may fall on either side of a scrape; more errors than requests is that, and nothing else.
  const bad = Math.min(requests, Math.round(countOf(of('errors')) ?? 0) + failedOnTheWay)
  // Divided last, so that 93 of 100 is 93 and not 92.99999999999999.
  return { value: (100 * (requests - bad)) / requests, requests, because: '' }
}

function blind(outcome: Verdict['outcome'], sight: Verdict['sight'], because: string): Verdict {
  return { outcome, because, value: null, requests: null, sight }
}

function counted(requests: number | null, window: Milliseconds): string {
  const over = promDuration(window)
  if (requests === null) return ` (over ${over})`
  return ` (${requests} ${requests === 1 ? 'request' : 'requests'} in ${over})`
}
