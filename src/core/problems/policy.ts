/** When a finding stops a release, and when people are only warned of it. */
import type { FindProblem } from './problem.ts'

/**
 * When policies are evaluated. `start`: before the first primary is made. `candidate`: before a candidate gets traffic. `run`: it
 * has traffic. `rest`: between runs.
 */
export type Moment = 'start' | 'candidate' | 'run' | 'rest'

export interface Policy {
  readonly find: FindProblem
  /** At which moments a finding stops the release. */
  readonly stops: readonly Moment[]
  /** At which moments people are only warned of it. */
  readonly warns: readonly Moment[]
  /** The finding refuses `spec.service`: live Services and routes stay as they are, apart from the weights. */
  readonly refusesService?: true
}

const ALWAYS: readonly Moment[] = ['start', 'candidate', 'run', 'rest']

export const stops = (find: FindProblem): Policy => ({ find, stops: ALWAYS, warns: [] })
export const warnsOnly = (find: FindProblem): Policy => ({ find, stops: [], warns: ALWAYS })
/** The finding refuses `spec.service` as well: nothing that serves is changed by it. */
export const refusesService = (find: FindProblem): Policy => ({ ...stops(find), refusesService: true })
/** Objects of other namespaces stop a release only before it has begun: they never freeze one of another namespace half way. */
export const foreign = (find: FindProblem): Policy => ({ find, stops: ['start', 'candidate'], warns: ['run', 'rest'] })
/** What is found in mid-run does not hold it: what the primary has goes on. */
export const stopsBetweenRuns = (find: FindProblem): Policy => ({
  find,
  stops: ['start', 'candidate', 'rest'],
  warns: ['run'],
})
export const stopsOnlyTheStart = (find: FindProblem): Policy => ({ find, stops: ['start'], warns: [] })
