/** A gate in a scene as questions to the metrics server. */
import type { Check, Subject } from '../model/check.ts'
import type { Observation } from '../model/observation.ts'
import type { Milliseconds } from '../time.ts'
import type { Gate, Part } from './gate.ts'
import { promDuration } from './promql.ts'
import { reachOf } from './reach.ts'
import { windowOf, type CheckContext } from './check-context.ts'
import { SILENCE_LAG } from './split.ts'
import type { Telemetry } from '../routers/provider.ts'
import { fillIn, type Rendered, type TemplateNames } from './templates.ts'

/** The id under which one part of a gate is asked, and its finding is found again. */
export function checkId(scene: CheckContext, gate: Gate, part: Part): string {
  return `${scene.checkId}/${gate.id}/${part}`
}

/**
 * What to ask for one gate.
 *
 * @param server URL of the canary's own `metricsServer`, or null for that of the flag.
 * @returns the questions, or a sentence when the gate's template cannot be filled in.
 */
export function questions(
  gate: Gate,
  scene: CheckContext,
  server: string | null,
  telemetry: Telemetry | null,
): { checks: Check[] } | { problem: string } {
  const window = windowOf(scene, gate.interval)
  const checks: Check[] = []
  for (const part of gate.parts) {
    const query = queryOf(part, gate, scene, window, telemetry)
    if ('problem' in query) return { problem: `${gate.name}: ${query.problem}` }
    checks.push({
      id: checkId(scene, gate, part),
      query: query.query,
      // Only what the user wrote goes to the template's server; the request counts are the provider's.
      server: part === 'value' ? (gate.server ?? server) : server,
      ...(part === 'value' && gate.access !== null ? { access: gate.access } : {}),
      subject: subjectOf(part, scene, window),
    })
  }
  return { checks }
}

function queryOf(
  part: Part,
  gate: Gate,
  scene: CheckContext,
  window: Milliseconds,
  telemetry: Telemetry | null,
): Rendered {
  if (part === 'value') return valueOf(gate, scene, window)
  if (telemetry === null) return { problem: NO_TELEMETRY }
  return { query: telemetry.questions[part](scene, window) }
}

/** Why what only telemetry tells cannot be asked; admission and policies refuse such a gate before. */
const NO_TELEMETRY = 'this provider has no telemetry of its own that tells the canary from the primary'

function valueOf(gate: Gate, scene: CheckContext, window: Milliseconds): Rendered {
  return fillIn(gate.template ?? { parts: [] }, templateNames(scene, window))
}

/** How far back a gate looks: a user's query as far as it says itself, whatever the metric's interval. */
export function reachOfGate(gate: Gate, scene: CheckContext): Milliseconds {
  const window = windowOf(scene, gate.interval)
  if (gate.template === null) return window
  const query = valueOf(gate, scene, window)
  return 'query' in query ? reachOf(query.query) : 0
}

function templateNames(scene: CheckContext, window: Milliseconds): TemplateNames {
  const { canary: name, namespace, target, service, ingress } = scene
  // The route is the target's name, as in Flagger where there is no routeRef.
  return { name, namespace, target, service, ingress, route: target, interval: promDuration(window) }
}

/** What `missingRequests` compares. */
export interface SidesAsked {
  readonly checks: readonly [canary: Check, callers: Check, primary: Check, sent: Check]
}

/**
 * Asks whether the canary receives what its weight should bring it, in two ways. Callers report both sides in one scrape, so
 * what they sent to the primary since the weight was carried tells at once what the canary should have had. Without telemetry of
 * the callers, the pods' own tells: then the primary's window ends `SILENCE_LAG` ago, because a new pod may show that late.
 *
 * @param longest the primary's window is no longer than this.
 */
export function silenceQuestions(
  telemetry: Telemetry,
  scene: CheckContext,
  longest: Milliseconds,
  server: string | null,
): SidesAsked {
  const since = Math.max(1, Math.floor(Math.min(longest + SILENCE_LAG, scene.carriedFor)))
  const window = since - SILENCE_LAG
  const due = window > 0 ? telemetry.primaryRequests(scene, window, SILENCE_LAG) : 'vector(0)'
  const ask = (id: string, query: string, measure: Subject['measure'], side: Subject['side']): Check => ({
    id: `${scene.checkId}/silence/${id}`,
    query,
    server,
    subject: subject(measure, side, scene, since),
  })
  return {
    checks: [
      ask('canary', telemetry.questions.requests(scene, since), 'requests', 'canary'),
      ask('callers', telemetry.sent(scene, 'canary', since, false), 'probe', 'canary'),
      ask('primary', due, 'requests', 'primary'),
      ask('sent', telemetry.sent(scene, 'primary', since, true), 'sent', 'primary'),
    ],
  }
}

/** Asks for a sample of the canary that is no older than the present traffic, whatever it counts. */
export const sampleQuestion = (telemetry: Telemetry, scene: CheckContext, server: string | null): Check => ({
  id: `${scene.checkId}/sample`,
  query: telemetry.questions.requests(scene, Math.floor(scene.carriedFor)),
  server,
  subject: subject('requests', 'canary', scene, Math.floor(scene.carriedFor)),
})

/** The minute before the first weight, in which lost requests have another cause. */
const MINUTE: Milliseconds = 60_000

/**
 * Asks for requests to the apex that no route could carry: lately, and before the candidate was first routed.
 *
 * @returns the second check is needed only where the first finds some.
 */
export function lostQuestions(
  telemetry: Telemetry,
  scene: CheckContext,
  server: string | null,
): { readonly checks: readonly [now: Check, before: Check] } {
  const window = windowOf(scene, MINUTE)
  const ask = (id: string, query: string): Check => ({
    id: `${scene.checkId}/lost/${id}`,
    query,
    server,
    subject: subject('lost', 'canary', scene, window),
  })
  return {
    checks: [
      ask('now', telemetry.lost(scene, window, 0)),
      ask('before', telemetry.lost(scene, MINUTE, scene.routedFor)),
    ],
  }
}

/** Asks how many requests reached the canary past the waypoint whose telemetry judges it; null where none are expected to. */
export function pastWaypointQuestion(
  o: Observation,
  telemetry: Telemetry,
  scene: CheckContext,
  server: string | null,
): Check | null {
  const window = windowOf(scene, MINUTE)
  const query = telemetry.pastWaypoint(o, scene, window)
  if (query === null) return null
  return {
    id: `${scene.checkId}/past-waypoint`,
    query,
    server,
    subject: subject('past-waypoint', 'canary', scene, window),
  }
}

/**
 * Asks the callers' telemetry how many requests went to either side.
 *
 * @param window must begin `TELEMETRY_LAG` after the weight was written (see split.ts), or it holds requests of the old weight.
 */
export function splitQuestions(
  telemetry: Telemetry,
  scene: CheckContext,
  window: Milliseconds,
  server: string | null,
): { checks: readonly [canary: Check, primary: Check] } {
  const ask = (side: Subject['side']): Check => ({
    id: `${scene.checkId}/split/${side}`,
    query: telemetry.sent(scene, side, window, false),
    server,
    subject: subject('probe', side, scene, window),
  })
  return { checks: [ask('canary'), ask('primary')] }
}

function subjectOf(part: Part, scene: CheckContext, window: Milliseconds): Subject {
  if (part === 'primary-requests') return subject('requests', 'primary', scene, window)
  if (part === 'primary-disconnects') return subject('disconnects', 'primary', scene, window)
  return subject(part, 'canary', scene, window)
}

function subject(
  measure: Subject['measure'],
  side: Subject['side'],
  scene: CheckContext,
  window: Milliseconds,
): Subject {
  const workload = side === 'canary' ? scene.target : scene.primary
  return { measure, side, namespace: scene.namespace, workload, window }
}
