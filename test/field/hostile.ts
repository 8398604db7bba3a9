/** A release in namespace shop beside Canaries in namespace slow whose calls the API server holds or refuses. */
import { Admission } from '../../src/adapters/kubernetes/admission.ts'
import { kinds } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { Call, KubeApi } from '../../src/core/ports.ts'
import type { PlaygroundApi } from '../../playground/test/api.ts'
import { World } from '../scenarios/world.ts'

/** A client whose calls wait for their turn as those of the real one do. */
function admitted(api: PlaygroundApi, admission: Admission): KubeApi {
  const turn = async <T>(namespace: string, verb: string, call: Call, run: () => Promise<T>): Promise<T> => {
    call.turn?.waits()
    const { leave } = await admission.enter(call.lane, namespace, call.signal, verb)
    call.turn?.comes()
    try {
      return await run()
    } finally {
      leave()
    }
  }
  return {
    get: (ref, call) => turn(ref.namespace, 'get', call, () => api.get(ref, call)),
    list: (kind, query, call) => turn(query.namespace, 'list', call, () => api.list(kind, query, call)),
    watch: (kind, query, seen, call) => turn(query.namespace, 'watch', call, () => api.watch(kind, query, seen, call)),
    served: (kind, call) => api.served(kind, call),
    write: (write, call) => turn(write.ref.namespace, write.verb, call, () => api.write(write, call)),
  }
}

export const fates = ['is taken', 'hangs', 'fails', 'is forbidden'] as const

/** What Canaries in namespace `slow` suffer, and when shop/web is aborted. */
export interface Hostility {
  readonly canaries: number
  readonly writes: (typeof fates)[number]
  readonly events: (typeof fates)[number]
  readonly secrets: 'may be watched' | 'may not be watched'
  /** Seconds from the first hostile Canary to the abort. */
  readonly after: number
}

/** @returns seconds from the abort to weight 0, and to its event. */
export async function abortBeside(h: Hostility): Promise<{ weight: number; event: number; ready: boolean }> {
  const world = new World()
  const { clock, user } = world
  const network = world.start({}, {}, api => admitted(api, new Admission({ qps: 300, burst: 600 }, clock)))
  const { faults } = network.api
  await world.initialized()
  user.namespace('slow')
  const keys = { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'keys', namespace: 'slow' } }
  user.create({ ...keys, data: { key: 'eA==' } })
  const refusal = {
    fails: new ApiError({ code: 500, reason: 'InternalError', message: 'failed calling webhook' }),
    'is forbidden': new ApiError({ code: 403, reason: 'Forbidden', message: 'denied the request' }),
  }
  const suffer = (fate: (typeof fates)[number], which: Parameters<typeof faults.refuse>[0]): void => {
    if (fate === 'is taken') return
    if (fate === 'hangs') faults.delay(which, 15_000)
    else faults.refuse(which, refusal[fate])
  }
  const isWrite = ({ verb }: { verb: string }): boolean => !['get', 'list', 'watch'].includes(verb)
  suffer(h.writes, one => isWrite(one) && one.kind !== kinds.Event && one.ref?.namespace === 'slow')
  suffer(h.events, one => one.kind === kinds.Event && one.ref?.namespace === 'slow')
  if (h.secrets === 'may not be watched') {
    faults.refuse(one => one.kind === kinds.Secret && one.verb !== 'get', refusal['is forbidden'])
  }
  world.setImage('demo/web:1.1.0')
  await world.until('Progressing 10')
  for (let n = 0; n < h.canaries; n += 1) hostile(world, `app-${n}`, n < RELEASED)
  await clock.advance(h.after * 1000)
  const from = clock.now()
  world.annotate('abort', '1 kim: stop')
  const seconds = async (holds: () => boolean): Promise<number> => {
    await clock.runUntil(holds, 60_000)
    return (clock.now() - from) / 1000
  }
  const shares = (): unknown => world.mesh.shares()['web'] ?? 0
  const weight = await seconds(() => shares() === 0)
  const event = await seconds(() => world.events().some(one => one.startsWith('Aborted')))
  const ready = network.controller.unseen() === null
  await world.close()
  return { weight, event, ready }
}

/** So many have objects made, and pods: each takes as long to play as thirty that have none. */
const RELEASED = 8

/** A Canary in namespace slow, whose target mounts a Secret; one that has no port is stalled, and only its status is written. */
function hostile({ user }: World, name: string, isReleased: boolean): void {
  const metadata = { name, namespace: 'slow' }
  const ports = isReleased ? [{ containerPort: 8080 }] : []
  const container = { name, image: 'demo/web:1.0.0', ports, envFrom: [{ secretRef: { name: 'keys' } }] }
  user.create({
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata,
    spec: {
      replicas: 1,
      selector: { matchLabels: { app: name } },
      template: { metadata: { labels: { app: name } }, spec: { containers: [container] } },
    },
  })
  user.create({
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata,
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name },
      service: { port: 80, targetPort: 8080 },
      analysis: { interval: '10s', threshold: 2 },
    },
  })
}
