/** In which lane of the API's rate limit a Canary's calls go. */
import type { State } from '../core/model/state.ts'
import { isNone } from '../core/model/traffic.ts'
import type { Lane } from '../core/ports.ts'

/** A rollback never waits behind other work. */
export function laneOf(state: State): Lane {
  if (state.phase === 'Failed' || state.phase === 'Terminating') return 'urgent'
  if (state.phase === 'Promoting') return state.stage === 'diverting' || state.stage === 'undoing' ? 'urgent' : 'normal'
  if (state.phase !== 'Progressing' || !isNone(state.traffic)) return 'normal'
  return state.highest > 0 || state.stage === 'draining' || state.stage === 'stoppingOldPods' ? 'urgent' : 'normal'
}
