/**
 * `status` of a Canary: what people and `kubectl wait` read, and the write-ahead log that the controller goes on from. Flat
 * and tolerant on purpose: a status that another version wrote is read for what it says.
 */
import { z } from 'zod'
import { AlertThread, Announcement, CommitStatus } from './pending-events.ts'

export const PHASES = [
  'Initializing',
  'Initialized',
  'Waiting',
  'Progressing',
  'WaitingPromotion',
  'Promoting',
  'Finalising',
  'Succeeded',
  'Failed',
  'Terminating',
] as const

/** Who may report of requests; a request is reported by several. */
export const VANTAGES = ['destination', 'waypoint', 'source'] as const
export type Vantage = (typeof VANTAGES)[number]

const text = () => z.string().optional()
const whole = () => z.int().optional()
const share = () => z.number().optional()
/** RFC 3339, with milliseconds. */
const time = () => z.string().meta({ format: 'date-time' }).optional()

const Hold = z.object({
  by: z
    .enum(['override', 'suspension'])
    .describe(
      'Why the run holds: the weight was lowered by hand (override), or there were no metrics for maxBlind (suspension).',
    ),
  from: share().describe('The weight before it was lowered by hand.'),
  since: time().describe('Since when the weight is parked at 0.'),
})

const Waiting = z
  .object({
    for: text().describe('target, oldPods, pods, endpoints, primary, routes, owner, resume, webhook or takeUp.'),
    since: time().describe('Since when.'),
  })
  .describe('What the canary waits for, and since when.')

const Run = z.object({
  id: text().describe('Names the run in events and history.'),
  candidate: text().describe('The revision under test.'),
  startedAt: time().describe('When the run began.'),
  stage: text().describe('The stage within the phase.'),
  because: text().describe('Why a promotion is being undone.'),
  highest: share().describe('The highest weight so far.'),
  carriedAt: time().describe('Since when the mesh is seen to carry the weight.'),
  waiting: Waiting.optional(),
  routedAt: time().describe('When the candidate was first given traffic; no window reaches further back.'),
  lastCheckTime: time().describe('When the metrics were last checked.'),
  lastCheckPassed: z.boolean().optional().describe('Whether that check passed.'),
  lastFailedTime: time().describe('When a failed check was last counted.'),
  among: text().describe('Fingerprint of the matches that the share is among; absent for all requests.'),
  mirror: share().describe('Percent of the requests that are copied to the candidate.'),
  mirrored: z.boolean().optional().describe('Whether copies of requests were judged before the first share.'),
  noTrafficChecks: whole().describe('Checks in a row without any request although some were due.'),
  misrouted: z.boolean().optional().describe('Whether the last check found requests that no cluster could carry.'),
  blindSince: time().describe('Since when no check had a result.'),
  hold: Hold.optional().describe('Why the run holds although nothing is wrong with the candidate.'),
  pausedDuration: z.int().optional().describe('Milliseconds of waiting that maxDuration does not count.'),
  pausedSince: time().describe('Since when such a wait goes on.'),
  approved: text().describe('The weight whose approval was given, or `full`.'),
})

const RetiredCookie = z
  .object({
    cookie: z.string().describe('`name=value`.'),
    attributes: z.string().describe('What follows it in Set-Cookie.'),
    until: z.string().meta({ format: 'date-time' }).describe('By then every browser has dropped it.'),
  })
  .describe('The cookie of the last run: who sends it goes to the primary, and loses it.')

const Progress = z.object({
  stage: text().describe('The stage within the phase.'),
  revision: text().describe('The revision that is being cloned.'),
  candidate: text().describe('The revision that waits to start.'),
  carriedAt: time().describe('Since when the mesh is seen to carry the weight.'),
  waiting: Waiting.optional(),
  outcome: text().describe('What the run ends as.'),
  because: text().describe('Who asked for a rollback, and why.'),
  drained: z.boolean().optional().describe("Whether the canary's last answers are out."),
})

const ExternalScaleEvent = z.object({ manager: z.string(), at: z.string().meta({ format: 'date-time' }) })

const Replicas = z.object({
  desired: whole().describe('How many pods the user last asked for; what the primary runs.'),
  scaledDown: z.boolean().optional().describe('Whether the resting target was seen at 0.'),
  externalScaleEvents: z
    .array(ExternalScaleEvent)
    .max(10)
    .optional()
    .describe('Who set replicas on the resting target, lately.'),
  ignoredManager: text().describe('Who did it three times in ten minutes, and is left alone.'),
  primaryFloor: whole().describe(
    "Fewest pods of the primary's autoscaler while the canary has traffic, so that a rollback finds them.",
  ),
  returnedAt: time().describe('Since when the primary has all traffic again; two minutes later the floor is lifted.'),
})

const Check = z.object({
  name: z.string(),
  verdict: z.enum(['pass', 'fail', 'hold']),
  value: z.number().optional().describe('As measured; absent where nothing was.'),
  min: z.number().optional(),
  max: z.number().optional(),
  requests: whole().describe('Requests in the window.'),
  message: z.string().describe('The finding as a sentence.'),
  at: z.string().meta({ format: 'date-time' }),
})

const RunRecord = z.object({
  id: z.string(),
  revision: z.string(),
  startedAt: z.string().meta({ format: 'date-time' }),
  endedAt: z.string().meta({ format: 'date-time' }),
  outcome: z.enum(['Succeeded', 'Failed', 'Withdrawn', 'Superseded']),
  highest: z.number().describe('The highest weight that it was given.'),
  reason: text().describe('One word for the message, from the closed list in docs/events.md.'),
  message: z.string().describe('The sentence that decided.'),
})

const Trace = z.object({
  run: z.string(),
  id: z.string().describe('Id of the trace, 32 hexadecimal digits.'),
  parent: text().describe('The annotation `sluice.dev/traceparent` as it was when the run began.'),
  steps: z
    .array(z.object({ name: z.string(), at: z.string().meta({ format: 'date-time' }) }))
    .max(40)
    .optional()
    .describe('Steps of the run that were not sent yet, with the times at which they began.'),
  sent: z.boolean().optional().describe('Whether the whole trace was sent, or given up.'),
})

const Hook = z.object({
  name: z.string(),
  place: z.string().describe('Where in the run it is called.'),
  answers: whole().describe('How often it has answered there.'),
  since: time().describe('Since when it is called there.'),
  asked: z.boolean().optional().describe('Whether a call is under way.'),
  verdict: z.enum(['pass', 'fail', 'unavailable']).optional().describe('What the last answer meant.'),
  said: text().describe('The last answer, cut.'),
  at: time().describe('When it came.'),
  unavailableSince: time().describe('Since when no call could be delivered.'),
})

const HandledCommand = z.object({
  id: text().describe('The first word of the annotation.'),
  value: z.string().describe('The annotation that was acted upon, or its fingerprint where it is long.'),
  outcome: z.enum(['done', 'refused']).optional(),
  reason: text().describe('What was done, or why nothing was.'),
})

const Warning = z.object({ reason: z.string(), message: z.string() })

/** As Kubernetes has them. */
export const Condition = z.object({
  type: z.string(),
  status: z.enum(['True', 'False', 'Unknown']),
  reason: z.string(),
  message: z.string(),
  lastTransitionTime: z.string().meta({ format: 'date-time' }),
  observedGeneration: z.int().optional(),
})

/** The schema of `status`. */
export const CanaryStatusSchema = z
  .object({
    phase: z.enum(PHASES).optional().describe('Where the canary is; the names are Flagger’s.'),
    reason: text().describe('One word for `message`, from the closed list in docs/events.md.'),
    message: text().describe('What is going on, or what is waited for.'),
    step: text().describe('Steps of the ladder reached, of how many.'),
    canaryWeight: share().describe('Percent of requests that the canary is to get.'),
    traffic: z
      .object({
        requested: z.number().describe('Percent of requests that the canary is to get.'),
        carried: z
          .number()
          .describe(
            'Percent that the routes were last read to give it; another one while the primary, or the canary, has no ready pod.',
          ),
      })
      .optional(),
    failedChecks: whole().describe('Counted failures of this run.'),
    iterations: whole().describe('Rounds of a release without steps, as Flagger counts them; 0 where there are steps.'),
    observedGeneration: z.int().default(-1).describe('Generation of the spec that this status speaks of.'),
    lastAppliedSpec: text().describe('Revision that was last released, or is being released.'),
    lastPromotedSpec: text().describe('Revision that the primary runs.'),
    previousSpec: text().describe('Revision that was promoted before it.'),
    rejectedSpec: text().describe('Revision that was last rolled back.'),
    images: z
      .object({
        primary: text().describe('Of the revision that the primary runs.'),
        canary: text().describe('Of the revision that was last released, or is being released.'),
      })
      .optional()
      .describe('The images of the first containers of both sides.'),
    trackedConfigs: z
      .record(z.string(), z.string())
      .optional()
      .describe('Configuration that the candidate mounts, with its hash; empty where none of it exists yet.'),
    targetUid: text().describe('The target whose generations are counted.'),
    targetGeneration: whole().describe("Generation of the target's template when it was last taken as known."),
    commit: text().describe(
      'The commit that this status speaks of: the annotation `sluice.dev/commit`, once the target was read from the API server after it.',
    ),
    commitSeenTime: time().describe('When that commit was seen first.'),
    commitStatus: CommitStatus.optional(),
    sessionAffinityCookie: text().describe('Callers that send it stay on the canary, as `name=value`.'),
    primarySessionAffinityCookie: text().describe('Callers that send it stay on the primary, as `name=value`.'),
    previousSessionAffinityCookie: text().describe('The cookie of the last run, which leads to the primary now.'),
    retiredCookie: RetiredCookie.optional(),
    retry: text().describe('Rejected revision that is tried again.'),
    paused: text().describe('Why a user paused the canary.'),
    labels: z.enum(['keep', 'switch']).optional().describe("How the primary's pods are told apart."),
    provider: text().describe('What splits the traffic since the Canary was initialized.'),
    vantage: z
      .enum(VANTAGES)
      .optional()
      .describe(
        'Whose telemetry the built-in metrics read: the proxies of the pods (destination), the waypoint before them, or gateways and callers (source).',
      ),
    requestsPastWaypoint: whole().describe('Requests to the candidate past the waypoint, where a check found some.'),
    policyCopies: z.boolean().optional().describe('Whether there may be copies of policies of a waypoint.'),
    lastTransitionTime: time(),
    nextCheckTime: time().describe('When the next check is due, if nothing changes before.'),
    run: Run.optional().describe('The release under way.'),
    progress: Progress.optional().describe('What the present phase has reached, between runs.'),
    replicas: Replicas.optional(),
    handledCommands: z
      .record(z.string(), HandledCommand)
      .optional()
      .describe('The last command of each name, and what became of it.'),
    conditions: z
      .array(Condition)
      .max(20)
      .optional()
      .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
    checks: z.array(Check).max(100).optional().describe('The last finding of every gate.'),
    webhooks: z.array(Hook).max(20).optional().describe('Webhooks of the present run, and what they last answered.'),
    history: z.array(RunRecord).max(10).optional().describe('The last runs, the latest first.'),
    warnings: z.array(Warning).max(10).optional().describe('What was found and stops nothing; each has an Event.'),
    reported: text().describe('What was last announced as holding; it is announced again only when it comes back.'),
    pendingEvents: z
      .array(Announcement)
      .max(16)
      .optional()
      .describe('What has to be told, and may not have been told yet.'),
    alertThreads: z
      .array(AlertThread)
      .max(4)
      .optional()
      .describe('Messages that the next ones of a run follow, where the service of the alert has threads.'),
    traceLink: text().describe(
      'Search for the traces of the requests of the present or last run, as `--trace-link` says.',
    ),
    traces: z
      .array(Trace)
      .max(4)
      .optional()
      .describe('Where traces are on: that of the present or the last run first, then those that were not sent yet.'),
  })
  .partial()

export type CanaryStatus = z.output<typeof CanaryStatusSchema>
