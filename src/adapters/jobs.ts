/** The controller's own periodic jobs, by node-cron. What one throws is logged, and it runs again the next time. */
import { schedule as every } from 'node-cron'
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
    every(schedule, async () => {
      try {
        await run()
      } catch (error) {
        log.error('a periodic job failed', { job: name, error: error instanceof Error ? error.message : String(error) })
      }
    }),
  )
  return async () => {
    for (const task of tasks) await task.destroy()
  }
}
