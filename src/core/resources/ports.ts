/** The ports of the Services: the one of the spec, and those that are discovered on the target's containers. */
import { at, isRecord, type Json, listOf, numberOf, present, recordsOf, textOf } from '../json.ts'
import type { Observation } from '../observation.ts'
import { isOurs, liveOf } from './ownership.ts'

type Asked = Pick<Observation, 'canary' | 'names' | 'live' | 'target'>

/** A port that a container declares. */
export interface ContainerPort {
  readonly container: string
  /** Its place among the container's ports. */
  readonly index: number
  readonly name: string
  readonly port: number
}

export function containerPorts(template: unknown): ContainerPort[] {
  return recordsOf(at(template, 'spec', 'containers')).flatMap(container =>
    listOf(container['ports']).flatMap((declared, index) => {
      const port = at(declared, 'containerPort')
      if (typeof port !== 'number') return []
      return [{ container: textOf(container['name']), index, name: textOf(at(declared, 'name')), port }]
    }),
  )
}

/**
 * Where the main port leads. A spec that does not say (targetPort is then the same as port) follows a Service that was there
 * before: what served under it goes on serving.
 */
export function targetPortOf(o: Asked): number | string {
  const { port, targetPort } = o.canary.spec.service
  if (targetPort !== port) return targetPort
  const live = liveOf(o, o.names.apexService)
  if (live === undefined || isOurs(o, live)) return targetPort
  const there = at(portOf(live.spec, port), 'targetPort')
  return typeof there === 'number' || typeof there === 'string' ? there : targetPort
}

/** The entry of a Service's spec with this number; HTTP is always TCP. */
export function portOf(spec: unknown, port: number): Json | undefined {
  return recordsOf(at(spec, 'ports')).find(one => one['port'] === port && (one['protocol'] ?? 'TCP') === 'TCP')
}

/** Containers that the mesh injects; their ports are no ports of the program. */
const PROXIES = ['istio-proxy', 'envoy']

/** All ports, the main one first, as Flagger names them: by the container port, else `tcp-<container>-<index>`. */
export function servicePorts(o: Asked): Json[] {
  const { service } = o.canary.spec
  const targetPort = targetPortOf(o)
  const main = present({
    name: service.portName,
    port: service.port,
    targetPort,
    protocol: 'TCP',
    appProtocol: service.appProtocol,
  })
  if (!service.portDiscovery) return [main]
  const declared = containerPorts(at(o.target?.object.spec, 'template')).filter(
    ({ container, name, port }) => !PROXIES.includes(container) && port !== targetPort && name !== targetPort,
  )
  const discovered = declared.map(({ container, index, name, port }) => ({
    name: name === '' ? `tcp-${container}-${index}` : name,
    port,
    targetPort: port,
    protocol: 'TCP',
  }))
  // A Service has each number and each name once.
  return [main, ...discovered].filter(
    (one, i, all) => i === all.findIndex(other => other['port'] === one['port'] || other['name'] === one['name']),
  )
}

/**
 * Whether the port has to be named beside the host: a Service with several ports behind a gateway, whose own port says
 * nothing. In the mesh the port of the request does, and naming one would bring all ports there.
 */
export function needsPort(o: Asked): boolean {
  const { delegation, gateways } = o.canary.spec.service
  const beyondMesh = delegation || (gateways ?? []).some(gateway => gateway !== 'mesh')
  return beyondMesh && servicePorts(o).length > 1
}

/**
 * The ports of an adopted Service with ours among them. What is there keeps its name, its nodePort and its place; ours only
 * says where its number leads.
 */
export function adoptedPorts(o: Asked, live: unknown): readonly unknown[] {
  const there = recordsOf(at(live, 'ports'))
  const wanted = servicePorts(o)
  const kept = there.map(port => {
    const own = wanted.find(one => portOf({ ports: [port] }, numberOf(one['port'], 0)) !== undefined)
    return own === undefined
      ? port
      : { ...port, ...present({ targetPort: own['targetPort'], appProtocol: own['appProtocol'] }) }
  })
  const added = wanted.filter(one => portOf({ ports: there }, numberOf(one['port'], 0)) === undefined)
  const all = [...kept, ...added.filter(one => !kept.some(port => port['name'] === one['name']))]
  // Several ports need a name each.
  return all.length === 1
    ? all
    : all.map(port => (isRecord(port) && !('name' in port) ? { ...port, name: `tcp-${String(port['port'])}` } : port))
}
