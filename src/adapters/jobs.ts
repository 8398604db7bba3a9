/** The controller's own periodic jobs, by node-cron. What one throws is logged, and it runs again the next time. */
import { type Logger, schedule as every } from 'node-cron'
import type { Log } from '../core/ports.ts'

export interface Job {
  readonly name: string
  /** Five or six fields; https://github.com/node-cron/node-cron#cron-syntax */
  readonly schedule: string
  readonly run: () => void | Promise<void>
}

/** Starts the jobs; returns what ends them. */
export function startJobs(jobs: readonly Job[], log: Log): () => Promise<void> {
  const tasks = jobs.map(({ name, schedule, run }) =>
    every(
      schedule,
      async () => {
        try {
          await run()
        } catch (error) {
          log.error('a periodic job failed', { job: name, error: textOf(error) })
        }
      },
      { logger: loggerOf(name, log) },
    ),
  )
  return async () => {
    for (const task of tasks) await task.destroy()
  }
}

/** What node-cron has to say, as a run that a frozen process missed, in lines of our log. */
function loggerOf(job: string, log: Log): Logger {
  const line = (level: 'debug' | 'info' | 'warn' | 'error') => (said: string | Error) =>
    log[level]('a periodic job', { job, said: textOf(said) })
  return { debug: line('debug'), info: line('info'), warn: line('warn'), error: line('error') }
}

const textOf = (error: unknown): string => (error instanceof Error ? error.message : String(error))
