/** Deadlines, and the verdicts that they bring. */
import { kinds, type KubeObject } from '../../../api/object.ts'
import type { Move, Read, Source } from '../../model/decision.ts'
import { at, textsOf } from '../../json.ts'
import { holdAndReport } from '../move.ts'
import { SERVICE_NAME_LABEL } from '../../model/names.ts'
import type { Observation } from '../../model/observation.ts'
import { progressDeadline } from '../../model/plan.ts'
import { routingOf } from '../../routers/index.ts'
import type { Waiting } from '../../model/waiting.ts'
import type { Instant } from '../../time.ts'

/** How long a canary waits before it tries again to see; it looks at memory, or reads a few objects. */
export const SIGHT_RETRY = 10_000

/** When a wait turns into a verdict, or a complaint; null: it has. What is not waited for yet is from now on. */
export function deadlineOf(o: Observation, waiting: Waiting | null, now: Instant): Instant | null {
  const deadline = (waiting?.since ?? now) + progressDeadline(o.canary)
  return deadline > now ? deadline : null
}

/**
 * A deadline has passed. What it says of a release rests on what the API server says now: a watch may have been silent for as
 * long as its connection is dead without a sign. Where the API server does not answer, there is no verdict.
 */
export function whenOverdue(o: Observation, now: Instant, verdict: () => Move): Move | Read {
  if (o.sight === 'live') return verdict()
  if (o.sight === 'cached') return { read: sourcesOf(o) }
  const message = `A deadline has passed, and nothing is decided before the API server confirms what was seen: ${o.sight.unavailable}`
  return holdAndReport(o, { reason: 'WatchUnavailable', message }, now + SIGHT_RETRY)
}

/** A wait for endpoints, as people are told. */
export function notInEndpoints(missing: number, service: string): string {
  const pods = missing === 1 ? '1 ready pod is' : `${missing} ready pods are`
  return `${pods} not yet in the endpoints of Service ${service}`
}

/** What the rules with a deadline look at. */
function sourcesOf({ canary, names, target, primary }: Observation): Source[] {
  const { namespace } = names
  const named = [
    { kind: kinds.Canary, namespace, name: names.canary },
    names.target,
    names.primary,
    ...routingOf({ canary }).routes({ canary, names }),
  ]
  const sets = [target, primary].flatMap(workload =>
    workload === null ? [] : [{ kind: kinds.ReplicaSet, namespace, labels: selectorOf(workload.object) }],
  )
  const slices = [names.primaryService, names.canaryService].map(({ name }) => {
    return { kind: kinds.EndpointSlice, namespace, labels: { [SERVICE_NAME_LABEL]: name } }
  })
  return [...named.map(ref => ({ ref })), ...sets, ...slices]
}

const selectorOf = (object: KubeObject): Readonly<Record<string, string>> =>
  textsOf(at(object.spec, 'selector', 'matchLabels'))
