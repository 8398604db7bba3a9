/**
 * The ports of the Services. Those of the user's Service hold for both sides, with what the Canary says of the one that it
 * names, and with the ports of the containers where they are to be discovered.
 */
import type { KubeObject } from '../../api/object.ts'
import { traitsOf } from '../../api/providers.ts'
import { at, type Json, listOf, present, recordsOf, textOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { type Adopted, byKey, portKey, usersService } from './original.ts'
import { liveOf } from './ownership.ts'

export type Asked = Adopted & Pick<Observation, 'target' | 'primary'>

/** A port that a container declares. */
export interface ContainerPort {
  readonly container: string
  /** Its place among the container's ports. */
  readonly index: number
  readonly name: string
  readonly port: number
  readonly protocol: string
}

/** The ports of the containers that run beside each other: a native sidecar is an init container that is restarted. */
export function containerPorts(template: unknown): ContainerPort[] {
  const sidecars = recordsOf(at(template, 'spec', 'initContainers')).filter(one => one['restartPolicy'] === 'Always')
  return [...recordsOf(at(template, 'spec', 'containers')), ...sidecars].flatMap(container =>
    listOf(container['ports']).flatMap((declared, index) => {
      const port = at(declared, 'containerPort')
      if (typeof port !== 'number') return []
      const protocol = textOf(at(declared, 'protocol')) || 'TCP'
      return [{ container: textOf(container['name']), index, name: textOf(at(declared, 'name')), port, protocol }]
    }),
  )
}

/** The ports of the program itself, without those of containers that a mesh injects. */
export function programPorts({ canary }: Pick<Observation, 'canary'>, template: unknown): ContainerPort[] {
  const { sidecars } = traitsOf(canary.spec)
  return containerPorts(template).filter(({ container }) => !sidecars.includes(container))
}

/** The entry of a Service's spec with this number. HTTP is always TCP. */
export function portOf(spec: unknown, port: number): Json | undefined {
  return recordsOf(at(spec, 'ports')).find(one => portKey(one) === portKey({ port }))
}

/** Where the port of a Service leads: by number or name; the same number where it does not say. */
export const targetOf = (port: Json): unknown => port['targetPort'] ?? port['port']

/** Whether this is the port that the Canary speaks of. */
export const isMain = (o: Pick<Observation, 'canary'>, port: Json): boolean =>
  port['port'] === o.canary.spec.service.port && (port['protocol'] ?? 'TCP') === 'TCP'

const livePorts = (o: Asked): readonly Json[] => recordsOf(at(liveOf(o, o.names.apexService)?.spec, 'ports'))

/**
 * The ports of the apex Service. What is there keeps its name, its nodePort and its place: others refer to them. The Canary
 * says where its port leads; a Canary that does not say follows the Service that was there.
 */
export function apexPorts(o: Asked): readonly Json[] {
  const live = liveOf(o, o.names.apexService)
  const basis = [o.canary.spec.service, o.primary?.object, o.target?.object]
  const known = live === undefined ? undefined : merged.get(live)
  if (known?.basis.every((one, i) => one === basis[i]) === true) return known.ports
  const ports = merge(o)
  if (live !== undefined) merged.set(live, { basis, ports })
  return ports
}

/** What was made of a Service, kept while nothing that it was made of changes: many ask, and there may be many ports. */
const merged = new WeakMap<KubeObject, { readonly basis: readonly unknown[]; readonly ports: readonly Json[] }>()

function merge(o: Asked): Json[] {
  const { port, targetPort, appProtocol, portName = 'http' } = o.canary.spec.service
  const live = livePorts(o)
  const there = byKey(live)
  const places = new Map(live.map((one, place) => [portKey(one), place]))
  const placeOf = (one: Json): number => places.get(portKey(one)) ?? live.length
  const said = present({ targetPort, appProtocol })
  const users = usersPorts(o).map(one => (isMain(o, one) ? { ...one, ...said } : one))
  const main = { name: portName, port, targetPort: targetPort ?? port, protocol: 'TCP', ...said }
  const added = users.some(one => isMain(o, one)) ? [] : [main]
  const ours = [...added, ...discovered(o, [...users, ...added])].map(one => {
    const nodePort = there.get(portKey(one))?.['nodePort']
    return { ...one, ...present({ nodePort }) }
  })
  return withNames([...users, ...ours]).sort((one, other) => placeOf(one) - placeOf(other))
}

/** Of the ports of an apex that we made those that are ours; others may have added some. */
export function ownPorts(o: Asked): Json[] {
  const others = byKey(usersPorts(o))
  return withoutNodePorts(apexPorts(o).filter(port => !others.has(portKey(port))))
}

export const withoutNodePorts = (ports: readonly Json[]): Json[] =>
  ports.map(port => present({ ...port, nodePort: undefined }))

/** The ports of the apex that are not ours: of an adopted Service its own, of one that we made those that others added. */
function usersPorts(o: Asked): readonly Json[] {
  const adopted = usersService(o)
  if (adopted !== null) return adopted.ports
  const declared = o.canary.spec.service.portDiscovery ? byKey(declaredPorts(o)) : new Map()
  return livePorts(o).filter(port => !isMain(o, port) && !declared.has(portKey(port)))
}

/** What the containers declare: of those that serve first, because their callers are there. */
function declaredPorts(o: Asked): ContainerPort[] {
  const declared = [o.primary, o.target].flatMap(workload => programPorts(o, at(workload?.object.spec, 'template')))
  const first = byKey(declared.toReversed())
  return declared.filter(one => first.get(portKey(one)) === one)
}

const LONGEST_NAME = 63

/** Ports of containers that no port leads to yet, named as Flagger names them; one that is there already stays. */
function discovered(o: Asked, listed: readonly Json[]): Json[] {
  if (!o.canary.spec.service.portDiscovery) return []
  const there = byKey(livePorts(o))
  const keys = byKey(listed)
  const reached = new Set(listed.map(one => portKey({ port: targetOf(one), protocol: one['protocol'] ?? 'TCP' })))
  return declaredPorts(o).flatMap(({ container, index, name, port, protocol }) => {
    const found = { port, targetPort: port, protocol }
    if (keys.has(portKey(found))) return []
    const live = there.get(portKey(found))
    const stays = live !== undefined && targetOf(live) === port
    const isReached = reached.has(portKey(found)) || (name !== '' && reached.has(portKey({ port: name, protocol })))
    if (isReached && !stays) return []
    const own = name === '' ? `${protocol.toLowerCase()}-${container}-${index}` : name
    return [{ ...(own.length > LONGEST_NAME ? {} : { name: own }), ...found }]
  })
}

/** Several ports need a name each. One that we give says no protocol that was not said, because a mesh reads the protocol from it. */
function withNames(ports: readonly Json[]): Json[] {
  if (ports.length === 1) return [...ports]
  const taken = new Set(ports.map(port => port['name']))
  const used = new Set<unknown>()
  return ports.map(port => {
    const { name = 'port' } = port
    if (port['name'] !== undefined && !used.has(name)) {
      used.add(name)
      return port
    }
    const plain = `${textOf(name)}-${String(port['port'])}`
    const own = taken.has(plain) ? `${plain}-${(textOf(port['protocol']) || 'TCP').toLowerCase()}` : plain
    taken.add(own)
    return { ...port, name: own }
  })
}

/** The ports of the two side Services: those of the apex, so that a route leads to the port that was called. */
export function sidePorts(o: Asked): Json[] {
  const { portName } = o.canary.spec.service
  const ports = apexPorts(o)
  const isTaken = ports.some(port => !isMain(o, port) && port['name'] === portName)
  return withoutNodePorts(ports).map(port => {
    const named = portName === undefined || isTaken || !isMain(o, port) ? port : { ...port, name: portName }
    return { ...named, protocol: port['protocol'] ?? 'TCP' }
  })
}
