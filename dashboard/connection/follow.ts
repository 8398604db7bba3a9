/**
 * One stream of the server, kept open: it is opened again after it was lost, closed while the tab is hidden, and given up only when
 * the server says that the same request makes no sense again.
 */
import type { StreamLine, StreamRequest } from '../../src/server/dashboard/protocol.ts'
import { send, type Trouble } from './call.ts'
import { LineReader } from './lines.ts'

export type Connection =
  | { readonly state: 'connecting' }
  | { readonly state: 'live' }
  /** The tab is hidden, so nothing is followed. */
  | { readonly state: 'hidden' }
  /** What is shown may be old. `retryAt`: by the clock of the browser. */
  | { readonly state: 'lost'; readonly trouble: Trouble; readonly retryAt: number }
  /** The server will not answer this request before something is done. */
  | { readonly state: 'ended'; readonly trouble: Trouble }

export interface Follower {
  /** Lines that came together, in order: they are drawn once. */
  lines(lines: readonly StreamLine[]): void
  connection(connection: Connection): void
}

const FIRST_PAUSE = 500
const LONGEST_PAUSE = 15_000
/** Before the first line, which says how often one comes. */
const FIRST_BEAT = 5000

/** Follows until the function that it returns is called. */
export function follow(request: StreamRequest, follower: Follower): () => void {
  const stop = new AbortController()
  void keepOpen(request, follower, stop.signal)
  return () => stop.abort()
}

async function keepOpen(request: StreamRequest, follower: Follower, stop: AbortSignal): Promise<void> {
  let pause = FIRST_PAUSE
  let isFirst = true
  while (!stop.aborted) {
    if (document.hidden) {
      follower.connection({ state: 'hidden' })
      await shown(stop)
      isFirst = true
      continue
    }
    // A lost connection stays shown as lost until it is back.
    if (isFirst) follower.connection({ state: 'connecting' })
    isFirst = false
    const ending = await followOnce(request, follower, stop)
    if (stop.aborted) return
    if (ending.why === 'hidden') continue
    if (ending.again === null) {
      follower.connection({ state: 'ended', trouble: ending.trouble })
      return
    }
    pause = ending.wasLive ? FIRST_PAUSE : Math.min(LONGEST_PAUSE, 2 * pause)
    const wait = Math.max(ending.again, pause)
    follower.connection({ state: 'lost', trouble: ending.trouble, retryAt: Date.now() + wait })
    await waited(wait, stop)
  }
}

type Ending =
  | { readonly why: 'hidden' }
  | { readonly why: 'over'; readonly trouble: Trouble; readonly again: number | null; readonly wasLive: boolean }

const LOST: Trouble = { code: 'unreachable', sentence: 'The connection to the server of this page is lost' }

async function followOnce(request: StreamRequest, follower: Follower, stop: AbortSignal): Promise<Ending> {
  const end = new AbortController()
  const signal = AbortSignal.any([stop, end.signal])
  const hide = (): void => {
    if (document.hidden) end.abort('hidden')
  }
  document.addEventListener('visibilitychange', hide)
  let watchdog = 0
  const heard = (beat: number): void => {
    clearTimeout(watchdog)
    watchdog = setTimeout(() => end.abort('silent'), 3 * beat)
  }
  let wasLive = false
  const over = (trouble: Trouble, again: number | null): Ending => ({ why: 'over', trouble, again, wasLive })
  try {
    heard(FIRST_BEAT)
    const answer = await send('POST', '/api/stream', request, signal)
    if ('trouble' in answer) return over(answer.trouble, isPassing(answer.trouble) ? 0 : null)
    let beat = FIRST_BEAT
    for await (const lines of linesOf(answer.value)) {
      if (signal.aborted) break
      for (const line of lines) {
        if (line.kind !== 'hello') continue
        beat = line.beat
        wasLive = true
        follower.connection({ state: 'live' })
      }
      heard(beat)
      follower.lines(lines)
      const last = lines.at(-1)
      if (last?.kind === 'end') return over(last.problem, last.again)
    }
    if (end.signal.reason === 'hidden') return { why: 'hidden' }
    return over(LOST, 0)
  } catch {
    if (end.signal.reason === 'hidden') return { why: 'hidden' }
    return over(LOST, 0)
  } finally {
    clearTimeout(watchdog)
    document.removeEventListener('visibilitychange', hide)
    end.abort()
  }
}

/** Trouble that may be over without anybody doing something in this page. */
const isPassing = ({ code }: Trouble): boolean =>
  code === 'unreachable' || code === 'api-server' || code === 'internal' || code === 'too-many'

async function* linesOf(response: Response): AsyncGenerator<readonly StreamLine[]> {
  if (response.body === null) return
  const reader = response.body.pipeThrough(new TextDecoderStream()).getReader()
  const lines = new LineReader()
  try {
    for (;;) {
      const { done, value } = await reader.read()
      if (done) return
      yield lines.read(value) as StreamLine[]
    }
  } finally {
    // What is left is not read; the connection is closed.
    reader.cancel().catch(() => {})
  }
}

const shown = (stop: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const look = (): void => {
      if (document.hidden && !stop.aborted) return
      document.removeEventListener('visibilitychange', look)
      resolve()
    }
    document.addEventListener('visibilitychange', look)
    stop.addEventListener('abort', look, { once: true })
  })

/** A tab that is shown again, or a network that is back, need not wait. */
const waited = (wait: number, stop: AbortSignal): Promise<void> =>
  new Promise(resolve => {
    const end = (): void => {
      clearTimeout(timer)
      removeEventListener('online', end)
      document.removeEventListener('visibilitychange', end)
      stop.removeEventListener('abort', end)
      resolve()
    }
    const timer = setTimeout(end, wait)
    addEventListener('online', end)
    document.addEventListener('visibilitychange', end)
    stop.addEventListener('abort', end)
  })
