/** From records of webhooks to the calls that are due, with their ids and payloads. */
import type { HookType, Webhook } from '../../api/webhook.ts'
import { fingerprint } from '../json.ts'
import type { HookCall, HookPayload, HookRecord } from '../model/hook.ts'
import type { Observation } from '../model/observation.ts'
import { planOf, stepsReached } from '../model/plan.ts'
import { candidateOf, imageOf, promotedOf, requestedOf } from '../model/selectors.ts'
import type { Phase, Revision, State } from '../model/state.ts'
import type { Instant } from '../time.ts'

/** What is called although nothing is judged. */
const UNJUDGED: ReadonlySet<HookType> = new Set(['confirm-rollout', 'post-rollout', 'event'])

/** The webhooks of one type, in the order in which they are written; those that `skipAnalysis` leaves out are none. */
export function hooksOf({ canary }: Observation, type: HookType): readonly Webhook[] {
  if (canary.spec.skipAnalysis && !UNJUDGED.has(type)) return []
  return canary.spec.analysis.webhooks.filter(hook => hook.type === type)
}

/** The phases in which webhooks are asked. */
const asking: ReadonlySet<Phase> = new Set<Phase>(['Waiting', 'Progressing', 'WaitingPromotion', 'Promoting'])

export const isAsking = ({ phase }: State): boolean => asking.has(phase)

/** While the primary takes the template a rollback is all that can be asked for: what was asked before says nothing any more. */
export const mayAsk = ({ phase }: State, type: HookType): boolean => phase !== 'Promoting' || type === 'rollback'

/** The name of a run that begins at this moment. */
export const runIdAt = (now: Instant): string => now.toString(36)

/** Names the run of a state; a run that waits to start has its name already. */
export function runIdOf(state: State): string {
  if ('id' in state) return state.id
  return state.phase === 'Waiting' ? runIdAt(state.waiting.since) : ''
}

/** The id of the call of a record. */
export function callId(o: Observation, { name, place, answers }: HookRecord): string {
  return fingerprint([o.canary.metadata.uid, runIdOf(o.state), name, place, answers])
}

/** Every call that is under way, or whose answer was not taken up yet. */
export function callsOf(o: Observation): HookCall[] {
  if (!isAsking(o.state)) return []
  return o.memory.hooks.flatMap(record => {
    const hook = o.canary.spec.analysis.webhooks.find(({ name }) => name === record.name)
    if (!record.asked || hook === undefined || !mayAsk(o.state, hook.type)) return []
    const payload = payloadOf(o, hook, {
      phase: o.state.phase,
      runId: runIdOf(o.state),
      revision: candidateOf(o.state) ?? '',
    })
    return [{ id: callId(o, record), namespace: o.names.namespace, hook, payload }]
  })
}

/** What the payload says of a run, which may be over. */
interface About {
  readonly phase: string
  readonly runId: string
  readonly revision: Revision
  /** The highest weight of a run that is over; left out: the present one. */
  readonly weight?: number
  readonly outcome?: string
}

/** The payload of a call. */
export function payloadOf(o: Observation, hook: Webhook, { phase, runId, revision, ...about }: About): HookPayload {
  const { state, names } = o
  const traffic = requestedOf(state)
  return {
    name: names.canary,
    namespace: names.namespace,
    phase,
    checksum: fingerprint([revision]),
    metadata: hook.metadata ?? {},
    runId,
    revision,
    images: { primary: imageOf(o, promotedOf(state) ?? ''), canary: imageOf(o, revision) },
    weight: about.weight ?? traffic.canary,
    step: stepsReached(planOf(o.canary.spec.analysis), traffic, 'mirrored' in state && state.mirrored),
    iteration: 'iteration' in state ? state.iteration : 0,
    ...(about.outcome === undefined ? {} : { outcome: about.outcome }),
  }
}
