/** How a canary is doing, in one word. */
import type { Canary } from '../../api/canary.ts'
import type { KubeObject } from '../../api/object.ts'
import { at, numberOf, recordsOf } from '../json.ts'
import type { Memory } from '../model/memory.ts'
import { pauseOf } from '../model/selectors.ts'
import type { State } from '../model/state.ts'
import { isStalling, type Reason } from '../status/reasons.ts'
import type { Tone } from './view.ts'

/** What time and the release bring by themselves. */
const WAITS: readonly Reason[] = [
  'WaitingForWebhook',
  'MetricsUnavailable',
  'AnalysisSuspended',
  'NotCarried',
  'PrimaryNotReady',
  'CanaryNotReady',
  'TargetNotReady',
]

/** @param told null where there is no status that can be read. */
export function toneOf(
  object: KubeObject,
  canary: Canary | null,
  told: { readonly state: State; readonly memory: Memory } | null,
): Tone {
  if (told === null || numberOf(at(object['status'], 'observedGeneration'), -1) < (object.metadata.generation ?? 0))
    return isStalledByCondition(object) ? 'stalled' : 'unknown'
  const { state, memory } = told
  // A release that was rolled back is stalled too, by the rules of kstatus; what people have to know is that it failed.
  if (state.phase === 'Failed') return 'failed'
  if (isStalling(memory.reason) || isStalledByCondition(object)) return 'stalled'
  if (state.phase === 'Initialized' || state.phase === 'Succeeded')
    return memory.reason === 'PrimaryNotReady' ? 'waiting' : 'good'
  if (isForPerson(canary, state, memory)) return 'person'
  return WAITS.includes(memory.reason) || state.phase === 'Waiting' ? 'waiting' : 'working'
}

const isStalledByCondition = (object: KubeObject): boolean =>
  recordsOf(at(object['status'], 'conditions')).some(one => one['type'] === 'Stalled' && one['status'] === 'True')

function isForPerson(canary: Canary | null, state: State, memory: Memory): boolean {
  if (memory.reason === 'WaitingForApproval') return true
  if ('hold' in state && state.hold?.by === 'override') return true
  if ('waiting' in state && (state.waiting?.for === 'owner' || state.waiting?.for === 'resume')) return true
  return canary !== null && 'hold' in state && pauseOf({ canary, memory }) !== null
}
