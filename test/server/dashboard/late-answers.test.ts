/** Answers of the API server that come when their caller has gone, or after newer news. */
import { expect } from 'chai'
import { createHash } from 'node:crypto'
import { once } from 'node:events'
import type { KubeObject } from '../../../src/api/object.ts'
import type { WatchEvent } from '../../../src/core/ports.ts'
import { Detail } from '../../../src/server/dashboard/detail.ts'
import type { CallerApi, Identity } from '../../../src/server/dashboard/ports.ts'
import { Viewer } from '../../../src/server/dashboard/viewers.ts'
import { canary, TIMING, TOKENS, world } from './world.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')

/** Never answers, and ends with the signal. */
const untilAborted = (signal: AbortSignal): Promise<never> =>
  new Promise((_resolve, reject) => {
    signal.addEventListener('abort', () => reject(new Error('not waited for')), { once: true })
  })

/** A promise that is kept from outside. */
function promised<T>(): { readonly promise: Promise<T>; readonly keep: (value: T) => void } {
  let keep: (value: T) => void = () => {}
  const promise = new Promise<T>(resolve => {
    keep = resolve
  })
  return { promise, keep: value => keep(value) }
}

/** A CallerApi of which these parts are used. */
const apiOf = (parts: Partial<CallerApi>): CallerApi =>
  ({ may: async () => true, close: async () => {}, ...parts }) as CallerApi

suite('answers that come late', () => {
  const headers = { authorization: `Bearer ${TOKENS.admin}` }

  test('a caller who leaves does not end the question that others wait for', async () => {
    const known = promised<Identity>()
    const api = apiOf({ whoAmI: signal => Promise.race([known.promise, untilAborted(signal)]) })
    const w = await world({ callerOf: () => api })
    try {
      const leaving = new AbortController()
      const connected = once(w.server, 'connection')
      const asked = once(w.server, 'request')
      const first = fetch(`${w.url}/api/whoami`, { headers, signal: leaving.signal }).catch(() => null)
      const [socket] = (await connected) as [NodeJS.EventEmitter]
      await asked
      const askedToo = once(w.server, 'request')
      const second = fetch(`${w.url}/api/whoami`, { headers })
      await askedToo
      const gone = once(socket, 'close')
      leaving.abort()
      await Promise.all([first, gone])
      known.keep({ user: 'ada', groups: [] })
      const answer = await second
      expect([answer.status, ((await answer.json()) as { user: string }).user]).to.deep.equal([200, 'ada'])
    } finally {
      await w.close()
    }
  })

  test('a caller who leaves is no trouble of the API server', async () => {
    const logged = promised<string>()
    const keep = (level: string) => (message: string) => logged.keep(`${level}: ${message}`)
    const log = { debug: keep('debug'), info: keep('info'), warn: keep('warn'), error: keep('error') }
    const api = apiOf({
      whoAmI: async () => ({ user: 'ada', groups: [] }),
      may: (_permission, signal) => untilAborted(signal),
    })
    const w = await world({ callerOf: () => api, log })
    try {
      const leaving = new AbortController()
      const asked = once(w.server, 'request')
      const answer = fetch(`${w.url}/api/whoami`, { headers, signal: leaving.signal }).catch(() => null)
      await asked
      leaving.abort()
      await answer
      expect(await logged.promise).to.equal('debug: a caller left before the answer')
    } finally {
      await w.close()
    }
  })

  for (const event of ['MODIFIED', 'DELETED'] as const) {
    test(`a read that began before an event of the watch does not undo it: ${event}`, async () => {
      const at = (resourceVersion: string, message: string): KubeObject => {
        const { metadata, ...others } = canary('web')
        return { ...others, metadata: { ...metadata, resourceVersion }, status: { message } }
      }
      const old = promised<KubeObject>()
      const watched = promised<(event: WatchEvent) => void>()
      const api = apiOf({
        list: async () => ({ items: [], resourceVersion: '1' }),
        get: ref => (ref.kind.kind === 'Canary' ? old.promise : Promise.resolve(null)),
        watch: (_kind, _query, seen, { signal }) => {
          watched.keep(seen)
          return untilAborted(signal ?? AbortSignal.timeout(5000))
        },
      })
      const viewer = new Viewer(api, { callerOf: () => api, sha256, now: () => Date.now(), readOnly: true })
      const shown: string[] = []
      const last = promised<void>()
      const feed = viewer.feed('shop')
      const ref = { namespace: 'shop', name: 'web' }
      const detail = new Detail({ api, feed, ref, sha256, now: () => 0, readOnly: true, timing: TIMING.detail })
      const leave = detail.subscribe({
        canary(one) {
          const message = one === null ? 'gone' : one.view.message
          if (shown.at(-1) !== message) shown.push(message)
          if (message === 'last') last.keep()
        },
        rights() {},
        trouble() {},
        ended() {},
      })
      const seen = await watched.promise
      seen({ type: event, object: at('3', 'newer') })
      old.keep(at('2', 'older'))
      await old.promise
      await new Promise(resolve => setImmediate(resolve))
      seen({ type: 'MODIFIED', object: at('4', 'last') })
      await last.promise
      leave()
      expect(shown).to.deep.equal([event === 'DELETED' ? 'gone' : 'newer', 'last'])
    })
  }
})
