/** Reflectors: of ConfigMaps against a scripted server, and of any kind on the API server in memory. */
import { type Kind, kinds } from '../../src/api/object.ts'
import { monotonicClock } from '../../src/adapters/clock.ts'
import type { KubeTransport } from '../../src/adapters/kubernetes/transport.ts'
import { Reflector } from '../../src/runtime/reflector.ts'
import type { ReflectorTiming } from '../../src/runtime/reflector-timing.ts'
import { Store } from '../../src/runtime/store.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { closingOfSuite } from '../closing.ts'
import { type Answer, type Scripted, serve, transportTo } from './scripted-server.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }

/** What a reflector is made of beside its server: every namespace, no label, one answer of chance, no log. */
const plain = { namespace: '', labelSelector: '', random: (): number => 0.5, log: silent }

/** Options of a reflector of this kind on the API server in memory. */
export const optionsOn = (api: PlaygroundApi, clock: VirtualClock, kind: Kind) => ({ ...plain, api, clock, kind })

export interface World {
  readonly server: Scripted
  readonly reflector: Reflector
  readonly store: Store
  /** `+a1 ~a2 -a2`: added, changed, deleted; name and version. */
  readonly changes: string[]
  names(): string[]
  /** Ends the reflector by its signal. */
  stop(): Promise<void>
}

/** Follows ConfigMaps of a scripted server, with waits of milliseconds. */
export type Follow = (answer: Answer, idle?: number, timing?: Partial<ReflectorTiming>) => Promise<World>

/** To be called in a suite, whose teardown ends what was begun. */
export function reflectorsOfSuite(): Follow {
  const closing = closingOfSuite()

  return async (answer, idle = 5000, timing = {}) => {
    const server = closing(await serve(answer))
    const api: KubeTransport = closing(transportTo(server.url, { idle }))
    const changes: string[] = []
    const store = new Store(
      object => object,
      (before, now) => {
        const object = now ?? before
        const sign = before === undefined ? '+' : now === undefined ? '-' : '~'
        changes.push(`${sign}${object?.metadata.name}${object?.metadata.resourceVersion}`)
      },
    )
    const reflector = new Reflector(
      {
        ...plain,
        api,
        kind: kinds.ConfigMap,
        clock: monotonicClock,
        timing: { firstBackoff: 2, longestBackoff: 8, absentRetry: 5, forbiddenRetry: 5, tooShort: 0, ...timing },
      },
      store,
    )
    const stop = new AbortController()
    const done = reflector.run(stop.signal)
    const end = async (): Promise<void> => {
      stop.abort()
      await done
    }
    closing({ close: end })
    const names = (): string[] => [...store.all()].map(o => o.metadata.name).sort()
    return { server, reflector, store, changes, names, stop: end }
  }
}

export const watches = (world: World) => world.server.asked.filter(one => one.query['watch'] === 'true')
export const lists = (world: World) => world.server.asked.filter(one => one.query['watch'] !== 'true')
