/** An object of our name that another client made. */
import { kindAndName } from '../model/names.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Observation } from '../model/observation.ts'
import { isOurs } from '../render/ownership.ts'
import { called, type FindProblem, problem } from './problem.ts'

/** What Flagger made: for a Canary of its own, or by its field manager, which also tells where the owner was taken off. */
function isOfFlagger({ metadata }: KubeObject): boolean {
  return (
    (metadata.ownerReferences ?? []).some(owner => owner.apiVersion.startsWith('flagger.app/')) ||
    (metadata.managedFields ?? []).some(({ manager }) => manager === 'flagger')
  )
}

/**
 * An object of our name that another client made is never overwritten. It may serve: the sentence says so before it advises anything.
 *
 * @param serves what leads to it, as a sentence; '' where nothing is known to.
 */
export function foreign(
  o: Observation,
  live: KubeObject | undefined,
  serves: string,
  advice: string,
): ReturnType<FindProblem> {
  if (live === undefined || isOurs(o, live)) return null
  if (isOfFlagger(live)) {
    const warning = serves === '' ? '' : ` ${serves}, so it is not to be deleted yet.`
    return problem(
      'Conflict',
      `${called(live)} was made by Flagger, and this Canary needs that name.${warning} Hand the workload back to ${kindAndName(o.names.target)} first, step by step as docs/migrating-from-flagger.md says.`,
    )
  }
  const said = serves === '' ? '' : ` ${serves}.`
  return problem(
    'Conflict',
    `${called(live)} exists and was not made by this Canary, which needs that name.${said} ${advice}`,
  )
}
