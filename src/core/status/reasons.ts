/**
 * Every reason that a condition, an event or `status.reason` may carry, and everything that is known about it. The list is
 * closed, so that alerts can match on it. `docs/events.md` is generated from it.
 */

import type { Severity } from '../../api/alert.ts'

export type { Severity }

/**
 * - `seconds`: every run passes through it within seconds, so it alone is no cause to write the status.
 * - `while true`: it describes the present; a canary at rest shows something else once it is over.
 * - `until the next`: it tells what happened, and stays on show until something else happens.
 */
type Shown = 'seconds' | 'while true' | 'until the next'

interface ReasonRow {
  readonly text: string
  /** Of what is announced with it, unless a rule says otherwise. */
  readonly severity: Severity
  readonly shown: Shown
  /** Sets the condition `Stalled`: time alone does not end it. */
  readonly stalls: boolean
}

const happened = (severity: Severity, text: string): ReasonRow => ({
  text,
  severity,
  shown: 'until the next',
  stalls: false,
})
const passing = (text: string): ReasonRow => ({ text, severity: 'info', shown: 'seconds', stalls: false })
const present = (severity: Severity, text: string): ReasonRow => ({
  text,
  severity,
  shown: 'while true',
  stalls: false,
})
const stalled = (text: string): ReasonRow => ({ text, severity: 'warn', shown: 'while true', stalls: true })

const table = {
  Initializing: present('info', 'The primary is being created; callers are not touched yet.'),
  Initialized: happened('info', 'The primary serves; the target is scaled to 0.'),
  AtRest: happened('info', 'The promoted revision serves; no release is under way.'),
  TargetNotReady: present('warn', 'The target is not ready, so no primary can be made from it yet.'),
  RoutingCallers: passing('Callers are being moved to the ready primary.'),
  NewRevision: passing('The target has a new revision; its run begins.'),
  WaitingToStart: happened('info', 'The target has a new revision, and the canary is paused.'),
  Restarted: passing('The target changed again during a run; the weight is 0 and the newer revision starts.'),
  StillRejected: happened(
    'warn',
    'The target went back to a revision that was rejected before; the run under way ended, and nothing is released.',
  ),
  WaitingForPods: passing('The pods of the candidate, or of the primary, are not ready yet.'),
  Advancing: passing('The weight rises to the next step.'),
  Routing: passing('The routes do not carry the requested weight yet.'),
  RouteNotAccepted: stalled('A parent of a route has not accepted it, so no request meets its weights.'),
  NotCarried: happened('warn', 'The telemetry of the callers contradicts the weight that is written in the routes.'),
  Analysing: passing('The step is under analysis.'),
  CheckFailed: happened('warn', 'A check failed and was counted.'),
  MetricsUnavailable: happened('warn', 'There is no data, or no metrics server, to judge by; the weight stays.'),
  AnalysisSuspended: happened('warn', 'No data for longer than maxBlind; the weight is 0 until there is data again.'),
  MetricsRestored: happened('info', 'There is data again; the steps start from the first.'),
  WeightOverridden: happened('warn', 'The weight was lowered by hand in the routes; the run holds until `resume`.'),
  Paused: happened('info', 'The canary is paused; rollback still works.'),
  Resumed: happened('info', 'The run continues.'),
  WaitingForApproval: happened('warn', 'The step passed, and the next one waits for the `approve` command.'),
  WaitingForWebhook: happened('warn', 'A webhook has not said yes, or has not answered.'),
  Approved: happened('info', 'The step was approved.'),
  CanaryNotReady: happened('warn', 'The canary has no ready pod; its weight is 0.'),
  PrimaryNotReady: present('error', 'The primary has no ready pod; the canary serves what it can.'),
  Promoting: happened('info', 'The judged template is copied to the primary.'),
  Returning: happened('info', 'The primary runs the judged template and takes the traffic back in steps.'),
  Undoing: happened(
    'error',
    'A promotion is undone because the primary did not get ready or it was aborted; the primary gets the promoted template back.',
  ),
  Finalising: happened('info', 'The primary takes all traffic; in-flight requests of the canary drain.'),
  Succeeded: happened('info', 'The revision was promoted.'),
  Withdrawn: happened('info', 'The target was set back to the promoted revision; the run ended without a verdict.'),
  ThresholdReached: happened('error', 'Failed checks reached the threshold; the release was rolled back.'),
  DeadlineExceeded: happened(
    'error',
    'The pods of the candidate did not get ready in time; the release was rolled back.',
  ),
  Undecided: happened('error', 'The run was not decided within maxDuration; the release was rolled back.'),
  RollbackRequested: happened('error', 'A webhook of type rollback asked for it; the release was rolled back.'),
  Aborted: happened('warn', 'The release was aborted by command.'),
  PromotionFailed: happened(
    'error',
    'The primary did not get ready with the judged template; the promoted one serves.',
  ),
  TargetDeleted: happened('error', 'The target was deleted during a run; the release was rolled back.'),
  TargetMissing: stalled('The target does not exist.'),
  RollingBack: happened('warn', 'A rollback to the previously promoted revision was requested and has started.'),
  RolledBack: happened('warn', 'The primary runs the previously promoted revision again, as requested.'),
  Retrying: happened('info', 'The `retry` command releases the rejected revision again.'),
  CommandRefused: happened('warn', 'A command makes no sense in this phase, or its value is incomplete.'),
  ReplicasPutBack: present('warn', 'A client keeps setting replicas on the target between runs; Sluice ignores it.'),
  ReplicasChanged: happened(
    'info',
    'The replicas of the target or the primary were changed; the primary runs as many from now on.',
  ),
  ObjectsUpdated: happened(
    'info',
    'Objects that Sluice owns follow, at rest, a change of the Canary, of what is around it, or of Sluice.',
  ),
  EditReverted: happened(
    'warn',
    'An object that Sluice owns was edited or deleted by another client, and is as before again.',
  ),
  BaselineTaken: happened(
    'info',
    'The remembered revision was written by another version of Sluice; the present one is taken as promoted.',
  ),
  HandingBack: happened('info', 'The canary is being deleted; the target takes over.'),
  TargetRestored: happened(
    'warn',
    'The target held a revision that was not promoted; it was set to the promoted template.',
  ),
  Invalid: stalled('The Canary contains a value that makes no sense.'),
  TargetInvalid: stalled('The target cannot be released this way.'),
  NoSelectorLabel: stalled('The target has no label that tells its pods from the primary’s.'),
  Conflict: stalled('Another object is in conflict with the Canary.'),
  ProxyMissing: stalled('Pods that are to have a proxy of the mesh have none.'),
  WaypointMissing: stalled('The pods are in ambient, and no waypoint takes the requests to their Service.'),
  MutualTlsConflict: stalled(
    'Callers send what the servers of a side do not let in: mutual TLS, plaintext, or another identity.',
  ),
  Bypassed: happened(
    'warn',
    'Requests reach pods past the split, or past the waypoint that reports them; the release continues.',
  ),
  AlertNotSent: happened('warn', 'An alert cannot be sent, or was given up; the release continues.'),
  HostNotAllowed: stalled('The Canary names a host that is not its own, or that the flags do not allow.'),
  GatewayNotAllowed: stalled('The Canary names a gateway that the flags do not allow.'),
  AutoscalerOnTarget: stalled('An autoscaler is on the target; production would run unscaled.'),
  AutoscalerOverlap: stalled(
    'The selectors of the target and the primary overlap, and an autoscaler on one counts the pods of the other.',
  ),
  AutoscalerInvalid: stalled('The autoscaler that the Canary names cannot be used as it is.'),
  AutoscalerLoad: happened(
    'warn',
    'An autoscaler of the primary goes by something that it does not alone decide; the release continues.',
  ),
  PolicyNotKept: stalled('A policy that covers the target cannot be kept equal for the primary.'),
  PolicyWithoutEffect: happened(
    'warn',
    'A policy names a Service in a way that no proxy obeys; the release continues.',
  ),
  ReferenceMissing: stalled('An object that the Canary names does not exist, or does not fit.'),
  MetricsServerNotAllowed: stalled('The Canary names a metrics server that is not on the list.'),
  WebhookNotAllowed: stalled('A webhook of the Canary leads to a host that the flags do not allow.'),
  WatchUnavailable: stalled('A kind that decisions depend on is not installed, or Sluice is forbidden to watch it.'),
  WriteRefused: stalled('The API server, or an admission webhook, refused a write.'),
  Contested: stalled('Another writer keeps changing an object that Sluice owns.'),
} as const

export type Reason = keyof typeof table

export const reasons: Readonly<Record<Reason, ReasonRow>> = table

/** Time alone does not end what this says. */
export const isStalling = (reason: Reason): boolean => reasons[reason].stalls

/** The word is on the list. What another version wrote may not be. */
export const isReason = (word: string | undefined): word is Reason => word !== undefined && Object.hasOwn(table, word)

/** The end of a run without the revision: the promoted one serves. */
export const ROLLBACK_REASONS: readonly Reason[] = [
  'ThresholdReached',
  'DeadlineExceeded',
  'Undecided',
  'RollbackRequested',
  'Aborted',
  'PromotionFailed',
  'TargetDeleted',
]
