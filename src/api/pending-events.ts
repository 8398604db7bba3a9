/** What has to be told, and may not have been told yet, as `status` of a Canary has it. */
import { z } from 'zod'

const text = () => z.string().optional()

const AlertFacts = z
  .object({
    phase: z.string(),
    weight: z.number(),
    revision: z.string(),
    image: z.string(),
    promoted: z.string().describe('What the primary runs.'),
    metric: z.object({ name: z.string(), value: z.string(), limit: z.string() }).exactOptional(),
    next: z.string(),
  })
  .describe('What an alert says of the moment that it is about.')

const Commit = z
  .object({
    of: z.string().describe('The commit, as the annotation `sluice.dev/commit` has it.'),
    state: z.string().describe('pending, success, failure, error or canceled.'),
  })
  .describe('The status of a commit that is to be sent.')

/** What is to be told once. */
export const Announcement = z.object({
  severity: z.enum(['info', 'warn', 'error']),
  reason: z.string(),
  message: z.string(),
  key: z.string(),
  at: z.string().meta({ format: 'date-time' }),
  sink: text().describe(
    'Who is told: an Event where nothing is written, else `event hook`, `post-rollout`, `alert` or `commit status`.',
  ),
  hook: text().describe('The webhook, or the alert, that is told.'),
  run: text().describe('The run that ended, or that an alert or a commit status is about.'),
  about: AlertFacts.optional(),
  commit: Commit.optional(),
})

export const CommitStatus = z
  .object({
    commit: z.string().describe('The commit, as the annotation `sluice.dev/commit` had it.'),
    revision: z.string().describe('The revision that is, or was, released under it.'),
    run: z.string().describe('The run.'),
    state: z.string().describe('pending, success, failure, error or canceled.'),
    takenOver: z.boolean().optional().describe('Whether it is that of the run that this one replaced.'),
  })
  .describe('The last status of a commit, where an alert leads to a Git server.')

export const AlertThread = z.object({
  alert: z.string(),
  run: z.string(),
  thread: z.string().describe('What the server calls the first message of this run.'),
})
