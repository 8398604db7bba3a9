/** Logs as JSON lines on standard output, by winston: a constant message, and pairs. */
import { createLogger, format, transports } from 'winston'
import type { Log } from '../core/ports.ts'

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface JsonLog extends Log {
  /** Resolves once everything that was logged has left the process, or after half a second; nothing may be logged after it. */
  flush(): Promise<void>
}

/** How long a reader that does not read may keep the process from ending. */
const FLUSH_WITHIN = 500

/**
 * @param stream where the lines go; standard output unless a test wants to read them.
 */
export function jsonLog(level: LogLevel, stream: NodeJS.WritableStream = process.stdout): JsonLog {
  const logger = createLogger({
    level,
    format: format.combine(format.timestamp(), format.json()),
    transports: [new transports.Stream({ stream })],
  })
  const line =
    (at: LogLevel) =>
    (message: string, pairs: Record<string, unknown> = {}): void => {
      // Pairs first: a pair called `message` or `level` must not take the place of the real one.
      logger.log({ ...pairs, level: at, message })
    }
  return {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
    flush: () =>
      new Promise<void>(resolve => {
        const timer = setTimeout(resolve, FLUSH_WITHIN)
        logger.on('finish', () => {
          // The transport has handed everything to the stream; an empty write comes back after all that is before it.
          stream.write('', () => {
            clearTimeout(timer)
            resolve()
          })
        })
        logger.end()
      }),
  }
}
