/** What of a release in ambient cannot be carried, or only in part (https://istio.io/latest/docs/ambient/usage/waypoint/). */
import { builtInOf } from '../../../../api/metric.ts'
import type { Vantage } from '../../../../api/status.ts'
import { metricsOf } from '../../../analysis/trials.ts'
import { at } from '../../../json.ts'
import { commandLine } from '../../../model/command-line.ts'
import { isBoundToWaypoint } from '../../../policies/attached.ts'
import { called, calledHere, type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import type { Telemetry } from '../../provider.ts'
import { dataPlaneOf } from './data-plane.ts'
import { isApexBound, isBindingAwaited, unboundOf, USE_WAYPOINT } from './waypoint.ts'
import type { Observation } from '../../../model/observation.ts'

/** Whether routes of the Canary are evaluated in the mesh: each provider knows it of its own. */
type SplitsMesh = (o: Observation) => boolean

const isInAmbient = (o: Observation): boolean => dataPlaneOf(o) === 'ambient'

/** Requests that no waypoint takes are led by their Service, past every route. */
export const waypointMissing =
  (splitsMesh: SplitsMesh): FindProblem =>
  o => {
    if (!splitsMesh(o) || !isInAmbient(o)) return null
    const unbound = unboundOf(o)
    return unbound === null ? null : problem('WaypointMissing', `${unbound.because}.`)
  }

/** A Service without an address of its own is never sent through a waypoint. */
export const headlessInAmbient =
  (splitsMesh: SplitsMesh): FindProblem =>
  o => {
    if (!splitsMesh(o) || !isInAmbient(o)) return null
    const live = liveOf(o, o.names.apexService)
    const isHeadless = live === undefined ? o.canary.spec.service.headless : at(live.spec, 'clusterIP') === 'None'
    if (!isHeadless) return null
    return problem(
      'Conflict',
      `${calledHere(o, 'Service', o.names.apexService.name)} is headless, and its pods are in ambient: no waypoint takes requests to a Service without a cluster IP, so none would meet the split. Recreate the Canary with a Service that has one.`,
    )
  }

/** The label, and its annotation of a weight, share connections between two waypoints: a split of another kind, which another client shifts. */
const WAYPOINT_CANARY = 'istio.io/use-waypoint-canary'

export const waypointShared: FindProblem = o => {
  const live = liveOf(o, o.names.apexService)
  const other = live?.metadata.labels?.[WAYPOINT_CANARY]
  if (live === undefined || other === undefined || !isInAmbient(o)) return null
  return problem(
    'Conflict',
    `${called(live)} has the label ${WAYPOINT_CANARY}: ${other}, so some connections go to another waypoint: while one is replaced nothing of a release is judged. Remove the label once ${other} takes all, and write ${other} in ${USE_WAYPOINT}.`,
  )
}

/** What others call by the name of a side is open then, and the waypoint leads to it as to any other destination. */
export const sidesUnbound =
  (splitsMesh: SplitsMesh): FindProblem =>
  o => {
    if (!splitsMesh(o) || !isInAmbient(o) || !isApexBound(o)) return null
    const sides = [o.names.primaryService, o.names.canaryService].map(ref => liveOf(o, ref))
    const unbound = sides.flatMap(one =>
      one === undefined || isBoundToWaypoint(one) || isBindingAwaited(o, one) ? [] : [called(one)],
    )
    if (unbound.length === 0) return null
    return problem(
      'Bypassed',
      `${listedInWords(unbound)} ${unbound.length === 1 ? 'is' : 'are'} bound to no waypoint, unlike the Service of the callers. The split holds; requests that call ${unbound.length === 1 ? 'it' : 'them'} by name meet no policy of the waypoint. Write the label ${USE_WAYPOINT} of the Service of the callers in spec.service.primary.labels and spec.service.canary.labels`,
    )
  }

/**
 * Only gateways lead requests for others to a waypoint. The proxy beside a caller splits by the same routes, and what it sends is in no telemetry of
 * the waypoint and meets no policy there. No object tells that there are such callers: those of a run are found by what their proxies report.
 *
 * @param telemetry says who reports of the requests.
 */
export const callersPastWaypoint =
  (telemetry: Pick<Telemetry, 'vantage'>): FindProblem =>
  o => {
    if (o.memory.pastWaypoint === 0 || telemetry.vantage(o).vantage !== 'waypoint') return null
    return problem(
      'Bypassed',
      `Callers with sidecars send requests to ${calledHere(o, 'Service', o.names.canaryService.name)} past the waypoint. Their proxies split by the same weights, but no built-in metric counts these requests (status.requestsPastWaypoint), and no policy of the waypoint applies to them. Move these callers to ambient`,
    )
  }

/** A waypoint takes both kinds of route, one after the other: the HTTPRoute is the one whose state can be seen. */
export const virtualServiceInAmbient =
  (splitsMesh: SplitsMesh): FindProblem =>
  o => {
    if (!isInAmbient(o) || !splitsMesh(o)) return null
    return problem(
      'Conflict',
      `The pods of ${o.names.target.kind.kind} ${o.names.namespace}/${o.names.target.name} are in ambient, where requests in the mesh are split at a waypoint, by an HTTPRoute: recreate the Canary with provider: gatewayapi:v1.`,
    )
  }

/** A waypoint reports the Service that was chosen, and both subsets are one. Callers with sidecars go past it, and pods with sidecars tell. */
export const subsetsBehindWaypoint: FindProblem = o => {
  const { destinationRule } = o.canary.spec.service
  if (destinationRule === undefined || !isInAmbient(o) || !isApexBound(o)) return null
  return problem(
    'Conflict',
    `${calledHere(o, 'Service', o.names.apexService.name)} is bound to a waypoint, and spec.service.destinationRule splits it by subsets: the waypoint reports the Service and not the subset, so the telemetry tells no side from the other. Recreate the Canary with provider: gatewayapi:v1 and without destinationRule, or write the label ${USE_WAYPOINT}: none on the Service.`,
  )
}

const REPORTERS: Readonly<Record<Vantage, string>> = {
  destination: 'the proxies of its pods',
  waypoint: 'the waypoint',
  source: 'gateways and callers',
}

/**
 * Two vantage points count the same requests differently, so a run that began with one is not judged by the other. A candidate of which no pod
 * tells is one of which nothing is known.
 *
 * @param telemetry says who reports of the requests.
 */
export const vantageChanged =
  (telemetry: Pick<Telemetry, 'vantage'>): FindProblem =>
  o => {
    const { vantage: before } = o.memory
    if (before === null || o.samples.canary === null) return null
    const { vantage: now } = telemetry.vantage({ ...o, memory: { ...o.memory, vantage: null } })
    if (now === before) return null
    return problem(
      'Conflict',
      `Requests to ${calledHere(o, o.names.target.kind.kind, o.names.target.name)} are reported by ${REPORTERS[now]} now, and this run began with what ${REPORTERS[before]} ${before === 'waypoint' ? 'reports' : 'report'}: no weight rises. Undo the change of pods, namespace or routes, or end the run: ${commandLine(o.names, 'abort', '')}`,
    )
  }

/** Why a vantage point does not tell how requests to the pods were secured (istio_stats.cc in istio/proxy, `populatePeerInfo`). */
const UNTOLD = {
  waypoint: 'a waypoint, which lets in nothing but mutual TLS and does not tell how the pods are reached',
  source: 'gateways and callers, which do not tell whether they used mutual TLS',
} as const

/** @param telemetry says who reports of the requests. */
export const mutualTlsUntold =
  (telemetry: Pick<Telemetry, 'vantage'>): FindProblem =>
  o => {
    const asked = metricsOf(o).find(({ metric }) => builtInOf(metric) === 'mutual-tls-rate')
    if (asked === undefined) return null
    const { vantage } = telemetry.vantage(o)
    if (vantage === 'destination') return null
    return problem(
      'Invalid',
      `${asked.path} is mutual-tls-rate, and the requests of this Canary are reported by ${UNTOLD[vantage]}. Remove the metric: the rate would be ${vantage === 'waypoint' ? '100 % of every release' : 'without data'}.`,
    )
  }

/** A metric of the analysis that counts the requests which the vantage point reports. */
export const metricThatCounts = (o: Observation): ReturnType<typeof metricsOf>[number] | undefined =>
  o.canary.spec.skipAnalysis
    ? undefined
    : metricsOf(o).find(({ metric }) => builtInOf(metric) !== null || metric.minRequests > 0)

/** Copies of requests are made behind what counts requests at a caller, or at a waypoint: only the proxies of the pods report them. */
export const copiesUntold =
  (telemetry: Pick<Telemetry, 'vantage'>): FindProblem =>
  o => {
    const asked = metricThatCounts(o)
    if (!o.canary.spec.analysis.mirror || asked === undefined) return null
    const { vantage } = telemetry.vantage(o)
    if (vantage === 'destination') return null
    return problem(
      'Invalid',
      `spec.analysis.mirror copies requests, and ${asked.path} counts those that ${vantage === 'waypoint' ? 'the waypoint reports' : 'gateways and callers report'}, which are none of the copies. Remove mirror, or measure with a query.`,
    )
  }
