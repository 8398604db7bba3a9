/**
 * Callers of every Canary: a stream of requests to its Service, so that there is something to judge a release by. They come
 * when the Canary serves for the first time and stay until the Service goes, whatever becomes of the Canary.
 */
import { kindKey, kinds, type KubeObject } from '../../src/api/object.ts'
import { at, listOf, textOf } from '../json.ts'
import { Gateway } from '../kinds.ts'
import type { ApiServer } from '../server/server.ts'
import type { Load, Mesh } from './mesh.ts'
import { gatewayNames } from './virtual-services.ts'

/** What callers depend on: who is to be called, and by which ways. */
const WATCHED = new Set([kinds.Canary, kinds.VirtualService, kinds.Service, Gateway].map(kindKey))

/** @param perSecond requests to each Canary, over all its ways. */
export function callCanaries(server: ApiServer, mesh: Mesh, perSecond: number): void {
  const { store } = server
  /** Canaries that have served, by namespace and Service; the object as it was last seen. */
  const called = new Map<string, KubeObject>()
  const running = new Map<string, () => void>()

  const look = (): void => {
    for (const canary of store.all(kinds.Canary)) {
      const phase = at(canary, 'status', 'phase')
      if (phase !== undefined && phase !== 'Initializing') called.set(keyOf(canary), canary)
    }
    const wanted = new Map<string, Load>()
    for (const [key, canary] of called) {
      if (store.get(kinds.Service, canary.metadata.namespace ?? '', serviceOf(canary)) === null) {
        called.delete(key)
        continue
      }
      for (const load of waysTo(server, canary, perSecond)) wanted.set(JSON.stringify(load), load)
    }
    for (const [key, stop] of running) {
      if (wanted.has(key)) continue
      running.delete(key)
      stop()
    }
    for (const [key, load] of wanted) if (!running.has(key)) running.set(key, mesh.load(load))
  }

  look()
  store.subscribe(({ kind }) => {
    if (WATCHED.has(kindKey(kind))) look()
  })
}

const serviceOf = (canary: KubeObject): string =>
  textOf(at(canary, 'spec', 'service', 'name')) || textOf(at(canary, 'spec', 'targetRef', 'name'))
const keyOf = (canary: KubeObject): string => `${canary.metadata.namespace}/${serviceOf(canary)}`

/**
 * The ways of callers to a Canary: at each gateway of its VirtualServices by their first host, else from sidecars of its
 * namespace by the name of the Service.
 */
function waysTo({ store }: ApiServer, canary: KubeObject, perSecond: number): Load[] {
  const namespace = canary.metadata.namespace ?? ''
  const service = serviceOf(canary)
  const listed = listOf(at(canary, 'spec', 'service', 'virtualServices')).map(one => textOf(at(one, 'name')))
  const found = (listed.length > 0 ? listed : [service]).flatMap(
    name => store.get(kinds.VirtualService, namespace, name) ?? [],
  )
  const ways = found.flatMap(({ spec }) => {
    const host = listOf(at(spec, 'hosts'))
      .map(one => textOf(one))
      .find(isPublic)
    return gatewayNames(at(spec, 'gateways'), namespace).flatMap((gateway): Omit<Load, 'perSecond'>[] => {
      const [its = '', name = ''] = gateway.split('/')
      if (gateway === 'mesh') return [{ host: service, namespace }]
      return host === undefined || store.get(Gateway, its, name) === null ? [] : [{ host, namespace: its, gateway }]
    })
  })
  const all = ways.length > 0 ? ways : [{ host: service, namespace }]
  return all.map(way => ({ ...way, perSecond: perSecond / all.length }))
}

/** A host of callers from outside: neither a Service nor a wildcard. */
const isPublic = (host: string): boolean =>
  host.includes('.') && !host.startsWith('*') && !host.endsWith('.svc.cluster.local')
