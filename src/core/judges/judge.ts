/**
 * From findings to a verdict. A finding that says nothing about the canary (no data, an outage, a refused query) is never
 * a failure unless the spec says so.
 */
import { formatDuration } from '../../api/duration.ts'
import { type Finding, NO_SERIES } from '../model/check.ts'
import type { Gate, Part } from '../analysis/gate.ts'
import { promDuration } from '../analysis/promql.ts'
import { checkId, reachOfGate } from '../analysis/questions.ts'
import { windowOf, type CheckContext } from '../analysis/check-context.ts'
import { countOf } from '../analysis/split.ts'
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
  readonly sight: 'seen' | 'no-data' | 'not-enough' | 'earlier' | 'unavailable' | 'refused'
}

const NO_REQUEST = 'the metrics show no request to the canary'
const NO_OUTCOME =
  'reported without saying how they were answered (response_code, and grpc_response_status of gRPC; status with nginx): a Telemetry or a relabeling may leave that label out'
const NO_SECURITY_POLICY =
  'its requests are reported without saying how they were secured: the configuration of the telemetry may leave that label out'

/**
 * Judges one gate.
 *
 * @param findings by id of the Check, as `questions` named them; a missing one counts as unavailable.
 * @param onProviderError what an outage of the metrics server does: `hold`, or `fail`.
 */
export function judge(
  gate: Gate,
  scene: CheckContext,
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
  const notAsked = all.find(finding => finding.kind === 'not-asked')
  if (notAsked !== undefined) return blind('hold', 'refused', `${gate.name} cannot be asked: ${notAsked.error}`)
  const unavailable = all.find(finding => finding.kind === 'unavailable')
  if (unavailable !== undefined) {
    return blind(onProviderError, 'unavailable', `${gate.name} could not be measured: ${unavailable.error}`)
  }

  const measured = measure(gate, of)
  const requests = measured.requests
  if (measured.value === null) {
    return { ...blind(gate.noData, 'no-data', `${gate.name} has no data${emptiness(gate, scene, measured)}`), requests }
  }
  if (requests !== null && requests < gate.minRequests) {
    const because = `${gate.name}: not enough data, ${requests} of ${gate.minRequests} requests in ${promDuration(window)}`
    return { outcome: 'hold', because, value: measured.value, requests, sight: 'not-enough' }
  }
  const { outcome, because } = compare(gate, measured.value)
  if (outcome === 'pass' && compare(gate, measured.worst ?? measured.value).outcome === 'fail') {
    const untold = `${measured.untold} of ${requests} requests are ${NO_OUTCOME}`
    return {
      ...blind(
        gate.noData,
        'no-data',
        `${gate.name} has no data${emptiness(gate, scene, { ...measured, because: untold })}`,
      ),
      requests,
    }
  }
  const said = `${because}${evidence(gate, scene, measured)}`
  const reach = reachOfGate(gate, scene)
  if (outcome === 'fail' && reach > scene.routedFor) {
    const since = formatDuration(scene.routedFor)
    const early = `${said}, which does not count: the range began before this candidate got traffic, ${since} ago; with [{{ interval }}] in the query it never does`
    return { outcome: 'hold', because: early, value: measured.value, requests, sight: 'earlier' }
  }
  return { outcome, because: said, value: measured.value, requests, sight: 'seen' }
}

interface Measured {
  readonly value: number | null
  readonly requests: number | null
  /** Why there is no value; beside a value, what it is made of. */
  readonly because: string
  /** Requests of which it is not told how they were answered; they are taken for good ones. */
  readonly untold?: number
  /** The value if they were all bad. */
  readonly worst?: number
}

/** The value and the requests that it is computed from. */
function measure(gate: Gate, of: (part: Part) => Finding): Measured {
  if (gate.measures === 'success-rate') return successRate(of)
  if (gate.measures === 'mutual-tls-rate') return mutualTlsRate(of)
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
  const answeredBadly = Math.round((countOf(of('errors')) ?? 0) + excessDisconnects(of))
  const bad = Math.min(requests, answeredBadly + failedOnTheWay)
  const untold = Math.min(requests - bad, Math.round(countOf(of('untold')) ?? 0))
  // Divided last, so that 93 of 100 is 93 and not 92.99999999999999.
  const rate = (failed: number): number => (100 * (requests - failed)) / requests
  return { value: rate(bad), requests, because: '', untold, worst: rate(bad + untold) }
}

/**
 * Callers of the canary that went away before the answer, beyond the share that the primary has in the same window. People close
 * their browsers whatever the release; but callers that give up on a slow one leave the same trace. Chance is taken out with one
 * more of the primary's and two standard deviations of a Poisson count, because failures add up over a run. Without requests of
 * the primary there is nothing to compare with.
 */
function excessDisconnects(of: (part: Part) => Finding): number {
  const count = (part: Part): number => countOf(of(part)) ?? 0
  const primary = count('primary-requests')
  if (primary === 0) return 0
  const expected = (count('requests') * (count('primary-disconnects') + 1)) / primary
  return Math.max(0, count('disconnects') - expected - 2 * Math.sqrt(expected))
}

/**
 * Of requests whose proxy says neither, nothing is known; they are not counted as plaintext. What a server that demands mutual TLS
 * refuses is seen by callers alone, as a reset. Connections are also reset as they are reused while the server closes them: one
 * in a thousand requests and one more are that, with two standard deviations of a Poisson count.
 */
function mutualTlsRate(of: (part: Part) => Finding): Measured {
  const count = (part: Part): number => Math.round(countOf(of(part)) ?? 0)
  const [secured, plaintext, resets] = [count('mutual-tls'), count('plaintext'), count('resets')]
  const requests = secured + plaintext + resets
  const chance = requests / 1000 + 1
  const refused = Math.max(0, resets - chance - 2 * Math.sqrt(chance))
  const isUnlabeled = secured + plaintext === 0 && count('requests') > 0
  if (isUnlabeled || secured + plaintext + refused === 0) {
    return { value: null, requests, because: isUnlabeled ? NO_SECURITY_POLICY : NO_REQUEST }
  }
  const kinds = [
    ...(plaintext === 0 ? [] : [`${plaintext} in plaintext`]),
    ...(refused === 0
      ? []
      : [`${resets} that the canary's proxy closed unanswered, as it does with plaintext in mode STRICT`]),
  ]
  return { value: (100 * secured) / (secured + plaintext + refused), requests, because: kinds.join(', ') }
}

function blind(outcome: Verdict['outcome'], sight: Verdict['sight'], because: string): Verdict {
  return { outcome, because, value: null, requests: null, sight }
}

/** What a value is computed from: ` (214 requests in 30s)`, ` (over 5m)`, ` (9 requests in 1m; 4 in plaintext)`. */
function evidence(gate: Gate, scene: CheckContext, { requests, because }: Measured): string {
  const window = promDuration(windowOf(scene, gate.interval))
  const ranges = gate.template === null ? [] : overRange(reachOfGate(gate, scene))
  const counts = requests === null ? [] : [`${requests} ${requests === 1 ? 'request' : 'requests'} in ${window}`]
  const basis = [...ranges, ...counts, ...(because === '' ? [] : [because])]
  return basis.length === 0 ? '' : ` (${basis.join('; ')})`
}

/** The range that a query says itself, if it has one. */
function overRange(reach: Milliseconds): string[] {
  if (reach === Number.POSITIVE_INFINITY) return ['at a fixed time']
  return reach > 0 ? [`over ${formatDuration(reach)}`] : []
}

/** What a share of errors gives where the errors are counted by a selector that matches no series yet. */
const NO_ERROR_YET =
  'if it is empty while there is no error, write "or vector(0)" behind the part that counts errors, or noData: pass'

/** The end of the sentence about a gate without a value: over what, why, and what to write. */
function emptiness(gate: Gate, scene: CheckContext, measured: Measured): string {
  const because = measured.because === '' ? '' : `: ${measured.because}`
  if (gate.template === null) return ` for the last ${promDuration(windowOf(scene, gate.interval))}${because}`
  const over = overRange(reachOfGate(gate, scene)).map(range => ` ${range}`)
  const advice = gate.noData !== 'pass' && measured.because === NO_SERIES ? `; ${NO_ERROR_YET}` : ''
  return `${over.join('')}${because}${advice}`
}
