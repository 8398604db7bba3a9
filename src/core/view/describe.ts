/**
 * One canary as people see it, from what they may read: the Canary itself, and whatever else. Pure; the controller is not asked.
 * Law: it answers for every object, with a status of any version or none, and with a spec that is refused.
 */
import type { Canary } from '../../api/canary.ts'
import { kinds, type KubeObject } from '../../api/object.ts'
import { parseCanary } from '../../api/parse-canary.ts'
import { DEFAULT_PROVIDER, isProvider } from '../../api/providers.ts'
import { type CanaryStatus, VANTAGES } from '../../api/status.ts'
import { at, numberOf, recordOf, recordsOf, textOf } from '../json.ts'
import { commandFacts } from './command-context.ts'
import type { Memory } from '../model/memory.ts'
import { namesOf } from '../model/names.ts'
import { isBlueGreen, progressOf } from '../model/plan.ts'
import { releasedOf, requestedOf, short } from '../model/selectors.ts'
import type { Revision, State } from '../model/state.ts'
import { readStatus, unknown, wireStatus } from '../status/read-status.ts'
import type { Instant } from '../time.ts'
import { allRefused, commandsOf } from './actions.ts'
import { gatesOf, gatesOfStatus } from './gates.ts'
import type { Observed } from './observed.ts'
import { sidesOf } from './sides.ts'
import { stepsOf } from './steps.ts'
import { iso, isoOrNull, revisionInWords } from './text.ts'
import { toneOf } from './tone.ts'
import { rollbackOf } from './verdict.ts'
import { type HistoryView, type RunView, type Strategy, type View, VIEW_VERSION } from './view.ts'
import { nextOf, waitingOf } from './waits.ts'

/** What a status says. */
interface Told {
  readonly state: State
  readonly memory: Memory
}

/**
 * Describes a canary.
 *
 * @param object the Canary as the API server has it.
 * @param observed what else the viewer could read.
 */
export function describe(object: KubeObject, observed: Observed, now: Instant): View {
  const wire = recordOf(object['status'])
  const status = statusOf(wire)
  const told = toldBy(status, now)
  const parsed = parseCanary(object, DEFAULT_PROVIDER, told?.memory.provider ?? null)
  const canary = 'canary' in parsed ? parsed.canary : null
  const problems = 'problems' in parsed ? parsed.problems : []
  const named = { namespace: object.metadata.namespace ?? '', name: object.metadata.name }
  const sides = sidesOf({
    kind: textOf(at(object.spec, 'targetRef', 'kind')) || 'Deployment',
    target: textOf(at(object.spec, 'targetRef', 'name')),
    state: told?.state ?? null,
    images: status?.images,
    observed,
  })
  const phase = textOf(wire['phase'])
  return {
    apiVersion: VIEW_VERSION,
    kind: 'CanaryView',
    ...named,
    uid: object.metadata.uid ?? '',
    createdAt: textOf(object.metadata['creationTimestamp']) || null,
    phase: phase === '' ? null : phase,
    reason: textOf(wire['reason']),
    message: messageOf(wire, status),
    tone: toneOf(object, canary, told),
    isCurrent: isCurrent(object),
    paused: canary?.spec.paused === true || (told !== null && told.memory.paused !== null),
    provider: told?.memory.provider ?? writtenProvider(object),
    strategy: canary === null ? 'canary' : strategyOf(canary),
    sticky: canary?.spec.analysis.sessionAffinity !== undefined,
    vantage: VANTAGES.find(one => one === status?.vantage) ?? null,
    traffic: trafficOf(told, status),
    sides,
    ...(canary === null || told === null
      ? withoutBoth(canary, told, canary === null ? 'the spec of the Canary is refused' : noStatus(wire), now)
      : ofBoth(canary, told, observed, sides, now)),
    conditions: recordsOf(wire['conditions']).map(one => ({
      type: textOf(one['type']),
      status: textOf(one['status']),
      reason: textOf(one['reason']),
      message: textOf(one['message']),
      lastTransitionTime: textOf(one['lastTransitionTime']),
    })),
    warnings: told?.memory.warnings.map(({ message }) => message) ?? [],
    problems,
    history: told === null ? [] : historyOf(told.memory),
    unread: unreadOf(observed),
  }
}

/** The status, if this version can read it. */
function statusOf(wire: unknown): CanaryStatus | null {
  const status = wireStatus(wire)
  return status?.phase === undefined ? null : status
}

/** What a status says; null also where the facts of its phase are missing. */
function toldBy(status: CanaryStatus | null, now: Instant): Told | null {
  if (status === null) return null
  const told = readStatus(status, now)
  return told.state.phase === status.phase ? told : null
}

const noStatus = (wire: unknown): string =>
  Object.keys(recordOf(wire)).length === 0
    ? 'the controller has not seen the Canary yet'
    : 'the status was written by another version of Sluice'

function messageOf(wire: Readonly<Record<string, unknown>>, status: CanaryStatus | null): string {
  const said = textOf(wire['message'])
  if (said !== '' || status !== null) return said
  return noStatus(wire).replace(/^t/, 'T')
}

/** The status speaks of the present spec. */
const isCurrent = ({ metadata, status }: KubeObject): boolean =>
  numberOf(at(status, 'observedGeneration'), -1) === (metadata.generation ?? 0)

function writtenProvider(object: KubeObject): string | null {
  const written = textOf(at(object.spec, 'provider'))
  return isProvider(written) ? written : null
}

function strategyOf({ spec }: Canary): Strategy {
  if (spec.skipAnalysis) return 'none'
  if (isBlueGreen(spec.analysis)) return 'blue/green'
  return (spec.analysis.iterations ?? 0) > 0 ? 'A/B' : 'canary'
}

function trafficOf(told: Told | null, status: CanaryStatus | null): View['traffic'] {
  const requested = told === null ? null : requestedOf(told.state)
  return {
    requested: requested?.canary ?? 0,
    carried: status?.traffic?.carried ?? null,
    mirror: requested?.mirror ?? 0,
    among: (requested?.among ?? '') === '' ? 'all requests' : 'the matched requests',
  }
}

type Parts = Pick<
  View,
  'step' | 'steps' | 'gates' | 'failures' | 'waiting' | 'next' | 'rollsBackIf' | 'run' | 'actions' | 'refusals'
>

/** What can be told without the spec, or before the controller has seen the Canary: then it is what the spec says. */
function withoutBoth(canary: Canary | null, told: Told | null, because: string, now: Instant): Parts {
  const fresh = canary === null ? null : { canary, ...unknown(now) }
  return {
    step: '',
    steps: fresh === null ? [] : stepsOf(fresh, now),
    gates: fresh !== null ? gatesOf(fresh) : told === null ? [] : gatesOfStatus(told.memory),
    failures: {
      counted: failuresOf(told),
      threshold: canary?.spec.analysis.threshold ?? null,
      limit: 'cumulative',
    },
    waiting: null,
    next: null,
    rollsBackIf: null,
    run: told === null ? null : runOf(told.state, null),
    actions: [],
    refusals: allRefused(because),
  }
}

const failuresOf = (told: Told | null): number =>
  told !== null && 'failedChecks' in told.state ? told.state.failedChecks : 0

function ofBoth(canary: Canary, told: Told, observed: Observed, sides: View['sides'], now: Instant): Parts {
  const { state, memory } = told
  const known = { canary, names: namesOf(canary), state, memory }
  const { analysis } = canary.spec
  const gates = gatesOf(known)
  const failures = { counted: failuresOf(told), threshold: analysis.threshold, limit: 'cumulative' } as const
  return {
    step: progressOf(analysis, state),
    steps: stepsOf(known, now),
    gates,
    failures,
    waiting: waitingOf(known),
    next: nextOf(known, now),
    rollsBackIf: rollbackOf(state, gates, failures),
    run: runOf(state, analysis.maxDuration),
    ...(canary.metadata.deletionTimestamp === undefined
      ? commandsOf(commandFacts(known, observed), revision => nameOf(revision, state, sides))
      : { actions: [], refusals: allRefused('the canary is being deleted') }),
  }
}

/** A revision with its image where one of the sides has it. */
function nameOf(revision: Revision, state: State, { primary, canary }: View['sides']): string {
  const digits = short(revision)
  const images = revision === releasedOf(state) ? canary.images : primary.revision === digits ? primary.images : []
  return revisionInWords(digits, images)
}

function runOf(state: State, maxDuration: number | null): RunView | null {
  if (!('id' in state)) return null
  const goesOn = 'pausedSince' in state && state.pausedSince === null && maxDuration !== null
  const deadline = goesOn ? state.startedAt + state.pausedDuration + maxDuration : null
  return {
    id: state.id,
    candidate: short(state.candidate),
    startedAt: iso(state.startedAt),
    deadline: isoOrNull(deadline),
  }
}

const historyOf = ({ history }: Memory): HistoryView[] =>
  history.map(run => ({
    id: run.id,
    revision: short(run.revision),
    startedAt: iso(run.startedAt),
    endedAt: iso(run.endedAt),
    durationSeconds: Math.max(0, Math.round((run.endedAt - run.startedAt) / 1000)),
    outcome: run.outcome,
    highest: run.highest,
    reason: run.reason,
    message: run.message,
  }))

function unreadOf({ target, primary, pods, records }: Observed): string[] {
  return [
    ...(target === 'unread' || primary === 'unread' ? [kinds.Deployment.kind] : []),
    ...(pods === 'unread' ? [kinds.Pod.kind] : []),
    ...(records === 'unread' ? [kinds.ControllerRevision.kind] : []),
  ]
}
