/**
 * What becomes of requests to one destination: which pods try them, what they answer, and what the caller's proxy makes of it
 * (retries, timeouts), as shares. A proxy that tries again takes another pod as long as there is one. Every pod is as likely as
 * the others, where Istio's balancing favours those with fewer requests in flight: it shows where pods of one Service differ in speed.
 */
import type { Milliseconds } from '../../src/core/time.ts'
import type { Answers } from '../workloads/images.ts'
import { exactly, type Latency, shareBelow } from '../workloads/latency.ts'
import type { Route } from './routes.ts'

/** Pods that are alike: of one template, and answering alike. */
export interface Backend {
  readonly namespace: string
  /** The Deployment. */
  readonly workload: string
  /** `pod-template-hash`. */
  readonly revision: string
  readonly labels: Readonly<Record<string, string>>
  readonly serviceAccount: string
  readonly pods: readonly string[]
  /** Null for pods that no longer answer, and nobody knows yet. */
  readonly answers: Answers | null
}

/** One try that reached a pod, as its own proxy counts it. DC: the caller was gone before the answer. */
export interface Try {
  readonly backend: Backend
  readonly code: number
  readonly flag: 'DC' | ''
  readonly latency: Latency
}

/** One way that requests go, and how many of them, from 0 to 1. */
export interface Course {
  readonly share: number
  readonly tries: readonly Try[]
  /** Who answered, or was waited for when the proxy gave up. */
  readonly backend: Backend | null
  /** What the caller gets: the answer of a pod, or with a flag the proxy's own (URX: of a pod, after all retries). */
  readonly code: number
  readonly flag: string
  readonly latency: Latency
}

type Policy = Pick<Route, 'retries' | 'timeout'>

/** No time at all. */
export const AT_ONCE = exactly(0)

/** All courses to these pods; their shares add up to 1. */
export function coursesTo(backends: readonly Backend[], policy: Policy): Course[] {
  const hosts = backends.map(backend => ({ backend, count: backend.pods.length }))
  return continued(hosts, policy, policy.retries.attempts, policy.timeout)
}

interface Host {
  readonly backend: Backend
  readonly count: number
}

/** @param left time until the route's timeout. */
function continued(hosts: readonly Host[], policy: Policy, attempts: number, left: Milliseconds): Course[] {
  const total = hosts.reduce((sum, { count }) => sum + count, 0)
  return hosts.flatMap(host =>
    oneTry(host.backend, Math.min(left, policy.retries.perTry), left).flatMap(({ spent, ...one }): Course[] => {
      const course = { ...one, share: (one.share * host.count) / total }
      if (course.share === 0) return []
      if (!isRetried(course, policy.retries.on) || (spent > 0 && spent >= left) || policy.retries.attempts === 0)
        return [course]
      if (attempts === 0) return [{ ...course, flag: course.flag === '' ? 'URX' : `URX,${course.flag}` }]
      const others =
        total === 1 ? hosts : hosts.map(each => (each === host ? { ...each, count: each.count - 1 } : each))
      return continued(others, policy, attempts - 1, left - spent).map(next => ({
        ...next,
        share: course.share * next.share,
        tries: [...course.tries, ...next.tries],
        latency: later(next.latency, spent),
      }))
    }),
  )
}

/** The outcomes of one try; `spent` is how long a next one has to wait for it. */
function oneTry(backend: Backend, limit: Milliseconds, left: Milliseconds): (Course & { spent: Milliseconds })[] {
  if (backend.answers === null) {
    return [{ share: 1, tries: [], backend, code: 503, flag: 'UF', latency: AT_ONCE, spent: 0 }]
  }
  const { errorRate, latency } = backend.answers
  const inTime = shareBelow(limit, latency)
  const within = limit === Number.POSITIVE_INFINITY ? latency : { ...latency, atMost: limit }
  const answered = (code: number, share: number): Course & { spent: Milliseconds } => {
    const tries = [{ backend, code, flag: '' as const, latency: within }]
    return {
      share: share * inTime,
      tries,
      backend,
      code,
      flag: '',
      latency: within,
      spent: Math.min(latency.median, left),
    }
  }
  const outcomes = [answered(200, 1 - errorRate), answered(500, errorRate)]
  if (inTime === 1) return outcomes
  const late = exactly(limit)
  const tries = [{ backend, code: 0, flag: 'DC' as const, latency: late }]
  return [...outcomes, { share: 1 - inTime, tries, backend, code: 504, flag: 'UT', latency: late, spent: limit }]
}

/** Whether the policy tries again: https://www.envoyproxy.io/docs/envoy/latest/configuration/http/http_filters/router_filter#x-envoy-retry-on */
function isRetried({ code, flag }: Course, on: readonly string[]): boolean {
  const any = (...names: string[]): boolean => on.some(name => names.includes(name))
  if (flag === 'UF') return any('5xx', 'gateway-error', 'reset', 'connect-failure')
  if (flag === 'UT') return any('5xx', 'gateway-error', 'reset')
  return code >= 500 && any('5xx', String(code))
}

/** The same response times after a while of something else. */
export const later = (latency: Latency, by: Milliseconds): Latency =>
  by === 0 ? latency : { ...latency, plus: (latency.plus ?? 0) + by }
