/** Which announcements are alerts, to whom, and with which facts: as entries of the outbox. */
import { type Alert, SEVERITIES, type Severity } from '../../api/alert.ts'
import { type GitType, isGitType } from '../../api/alert-provider.ts'
import type { Metric } from '../../api/metric.ts'
import { runIdOf } from '../hooks/call.ts'
import { unitOf } from '../analysis/gate.ts'
import { entryOf, fingerprint } from '../json.ts'
import type { AlertFacts, FailedMetric } from '../model/alert.ts'
import { type Announcement, LONGEST_MESSAGE, type OutboxEntry } from '../model/announcement.ts'
import type { Move } from '../model/decision.ts'
import type { Observation } from '../model/observation.ts'
import { imageOf, promotedOf, releasedOf, requestedOf, short, withImage } from '../model/selectors.ts'
import { isStalling, type Reason, ROLLBACK_REASONS } from '../status/reasons.ts'
import { clipped } from '../text.ts'
import type { Instant } from '../time.ts'
import { limitsInWords, valueInWords } from '../view/text.ts'
import { nextOf } from '../view/waits.ts'

/** Bytes of what an entry holds beside its message. */
const LONGEST = { image: 120, promoted: 140, name: 63, next: 200 } as const

const FAILED: ReadonlySet<Reason> = new Set(ROLLBACK_REASONS)

/** Manual action is needed. */
const WAITING: ReadonlySet<Reason> = new Set<Reason>([
  'WaitingToStart',
  'WaitingForApproval',
  'WaitingForWebhook',
  'WeightOverridden',
])

/** What alerts tell beside what is stalled: starts, waits for manual action, and ends. `docs/events.md` has a column of it. */
const ALERTED: ReadonlySet<Reason> = new Set<Reason>([
  'NewRevision',
  'Restarted',
  ...WAITING,
  ...FAILED,
  'Undoing',
  'RolledBack',
  'Succeeded',
])

/** Whether alerts tell of this reason. */
export const isAlerted = (reason: Reason): boolean => ALERTED.has(reason) || isStalling(reason)

type After = Pick<Move, 'state' | 'memory' | 'reason'>

/**
 * The entries of the alerts that these announcements are to be told to.
 *
 * @param o as it was before the move.
 */
export function alertsOf(
  o: Observation,
  after: After,
  announcements: readonly Announcement[],
  now: Instant,
): OutboxEntry[] {
  const alerts = o.canary.spec.analysis.alerts.filter(alert => gitProviderOf(o, alert) === null)
  if (alerts.length === 0) return []
  return announcements.filter(news => isAlert(news, after)).flatMap(news => entriesOf(o, alerts, after, news, now))
}

/** The AlertProvider of an alert that leads to a Git server; null: it leads to a chat, or it is not known where. */
export function gitProviderOf(o: Observation, { providerRef }: Alert): GitProviderSpec | null {
  const read = entryOf(o.alertProviders, providerRef.name)
  if (read === undefined || 'problems' in read) return null
  const { type, repos = [] } = read.provider.spec
  return isGitType(type) ? { type, repos } : null
}

/** Whether the AlertProvider of an alert exists, and is valid. */
export function isProviderRead(o: Observation, { providerRef }: Alert): boolean {
  const read = entryOf(o.alertProviders, providerRef.name)
  return read !== undefined && 'provider' in read
}

export interface GitProviderSpec {
  readonly type: GitType
  readonly repos: readonly string[]
}

/** A warning may have the reason of something that stalls, and a muted wait is an announcement of its own severity. */
function isAlert({ reason, severity }: Announcement, after: After): boolean {
  if (reason === 'WaitingForWebhook' && severity === 'info') return false
  return ALERTED.has(reason) || (isStalling(reason) && after.reason === reason)
}

const gravity = (severity: Severity): number => SEVERITIES.indexOf(severity)

/** Whether an alert is sent what is of this severity. */
export const isToldOf = (alert: Alert, severity: Severity): boolean => gravity(severity) >= gravity(alert.severity)

function entriesOf(
  o: Observation,
  alerts: readonly Alert[],
  after: After,
  news: Announcement,
  now: Instant,
): OutboxEntry[] {
  const about = factsOf(o, after, news.reason, now)
  const run = runOf(o, after, news.reason)
  return alerts
    .filter(alert => isToldOf(alert, news.severity))
    .map(({ name }) => ({
      ...news,
      message: clipped(news.message, LONGEST_MESSAGE),
      key: fingerprint([news.key, 'alert', name]),
      sink: 'alert',
      hook: name,
      run,
      about,
    }))
}

/** The run that ended tells its end after it has left the state. */
const isEnd = (reason: Reason): boolean => FAILED.has(reason) || reason === 'Succeeded'

function runOf(o: Observation, { state, memory }: After, reason: Reason): string {
  const id = runIdOf(state) || runIdOf(o.state)
  return id === '' && isEnd(reason) ? (memory.history[0]?.id ?? '') : id
}

function factsOf(o: Observation, { state, memory }: After, reason: Reason, now: Instant): AlertFacts {
  const revision = releasedOf(state)
  const promoted = promotedOf(state)
  const known = { canary: o.canary, names: o.names, state, memory }
  const metric = failedMetric(o.canary.spec.analysis.metrics, memory.checks)
  const serving = promoted === null ? '' : clipped(withImage(o, promoted), LONGEST.promoted)
  return {
    phase: state.phase,
    weight: isEnd(reason) ? (memory.history[0]?.highest ?? 0) : requestedOf(state).canary,
    revision: revision === null ? '' : short(revision),
    image: revision === null ? '' : clipped(imageOf(o, revision), LONGEST.image),
    promoted: serving,
    // What failed on the way to a promotion is not what it is about.
    ...(metric === null || reason === 'Succeeded' ? {} : { metric }),
    next: clipped(nextInWords(o, reason, serving, nextOf(known, now)?.what ?? ''), LONGEST.next),
  }
}

function nextInWords({ names }: Observation, reason: Reason, serving: string, what: string): string {
  if (isStalling(reason)) return 'It goes on once this is repaired'
  if (reason === 'Succeeded') return ''
  if (reason === 'TargetDeleted' || reason === 'RolledBack') return `${serving} serves`
  if (FAILED.has(reason)) {
    return `${serving} serves; to try again, push another revision, or: sluice -n ${names.namespace} retry ${names.canary}`
  }
  return what === '' ? '' : `Next: ${what}`
}

function failedMetric(metrics: readonly Metric[], checks: Move['memory']['checks']): FailedMetric | null {
  const check = checks.find(({ verdict, value }) => verdict === 'fail' && value !== null)
  if (check === undefined || check.value === null) return null
  const metric = metrics.find(({ name }) => name === check.name)
  const unit = metric === undefined ? '' : unitOf(metric)
  return {
    name: clipped(check.name, LONGEST.name),
    value: valueInWords(check.value, unit),
    limit: limitsInWords({ min: check.min, max: check.max, unit }),
  }
}
