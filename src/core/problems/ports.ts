/** Ports of the Services: is there a container behind each, and can the requests to it be split. */
import { at, type Json, recordsOf, textOf } from '../json.ts'
import type { Observation, Workload } from '../model/observation.ts'
import { byKey, portKey, usersService } from '../render/original.ts'
import { liveOf } from '../render/ownership.ts'
import {
  apexPorts,
  type ContainerPort,
  containerPorts,
  isMain,
  portOf,
  programPorts,
  targetOf,
} from '../render/ports.ts'
import { called, calledHere, type FindProblem, listedInWords, type Problem, problem } from './problem.ts'

const declaredBy = (workload: Workload | null): ContainerPort[] => containerPorts(at(workload?.object.spec, 'template'))

/** The workload that serves: the primary, and before there is one the target. */
const serving = (o: Observation): Workload | null => o.primary ?? o.target

/** The port of the Canary may not lead where nothing listens: production goes there. */
export const portThatLeadsNowhere: FindProblem = o => {
  const workload = serving(o)
  const main = apexPorts(o).find(port => isMain(o, port))
  if (workload === null || main === undefined || declaredBy(workload).length === 0) return null
  return isServed(o, main, workload) ? null : leadsNowhere(o, main, workload)
}

/**
 * A name has to be declared. A number need not be, because the kubelet does not check it, but a program that declares other ports and not
 * this one does not listen there, unless it is served there today.
 */
function isServed(o: Observation, port: Json, workload: Workload): boolean {
  const target = targetOf(port)
  if (typeof target === 'string') return declaredBy(workload).some(({ name }) => name === target)
  const program = programPorts(o, at(workload.object.spec, 'template'))
  if (program.length === 0 || program.some(one => one.port === target)) return true
  const { primaryService, apexService } = o.names
  const live = liveOf(o, primaryService) ?? liveOf(o, apexService)
  const there = portOf(live?.spec, o.canary.spec.service.port)
  return there !== undefined && targetOf(there) === target
}

/** The pods of a candidate would have no endpoint at a name that they do not declare. */
export const candidateWithoutItsPort: FindProblem = o => {
  const main = apexPorts(o).find(port => isMain(o, port))
  if (o.target === null || main === undefined || typeof targetOf(main) !== 'string') return null
  return declaredBy(o.target).some(({ name }) => name === targetOf(main)) ? null : leadsNowhere(o, main, o.target)
}

function leadsNowhere(o: Observation, port: Json, workload: Workload): Problem {
  const { targetPort } = o.canary.spec.service
  const target = targetOf(port)
  const has = typeof target === 'string' ? 'has a port of that name' : 'declares that port'
  const mend = typeof target === 'string' ? `name the port ${target}` : `declare the port ${String(target)}`
  const isOfCanary = isMain(o, port) && targetPort !== undefined
  const isUsers = !isMain(o, port) || usersService(o)?.ports.some(one => isMain(o, one)) === true
  const said = isOfCanary
    ? `spec.service.targetPort is ${targetPort},`
    : isUsers
      ? `${calledHere(o, 'Service', o.names.apexService.name)} leads from port ${String(port['port'])} to ${String(target)},`
      : `spec.service has no targetPort, so it is ${String(target)},`
  const write = isOfCanary || isUsers ? 'Write one of them' : 'Write one of them as spec.service.targetPort'
  const name = newNumberOf(o, target, workload)
  const advice =
    name === null
      ? `${write}, or ${mend}.`
      : `${called(o.target?.object ?? workload.object)} has that number under the name ${name}: write targetPort: ${name}, by which the pods of both are reached, each at its own number.`
  return problem(
    'TargetInvalid',
    `${said} but no container of ${called(workload.object)} ${has}; there are ${declaredInWords(workload)}. ${advice}`,
  )
}

/** The name of a port that the candidate gives another number to, which what serves will have only once that is promoted; null: none. */
function newNumberOf(o: Observation, target: unknown, workload: Workload): string | null {
  const renumbered = declaredBy(o.target).find(({ name, port }) => name !== '' && port === target)
  return declaredBy(workload).some(({ name }) => name === renumbered?.name) ? (renumbered?.name ?? null) : null
}

const declaredInWords = (workload: Workload): string =>
  listedInWords(declaredBy(workload).map(({ name, port }) => (name === '' ? String(port) : `${name} (${port})`)))

/** Declared by the proxy that the mesh injects, which no template shows. */
const INJECTED = new Set<unknown>(['http-envoy-prom'])

/** A port beside the Canary's that leads to a name which neither what serves nor the candidate declares, or that is led away from what serves. */
export const otherPortThatLeadsNowhere: FindProblem = o => {
  const workload = serving(o)
  if (workload === null) return null
  const declared = new Set([...declaredBy(o.primary), ...declaredBy(o.target)].map(({ name }) => name))
  const others = apexPorts(o).filter(port => !isMain(o, port))
  const dead = others.find(port => {
    const target = targetOf(port)
    return typeof target === 'string' && !declared.has(target) && !INJECTED.has(target)
  })
  if (dead === undefined) {
    const led = others.find(ledAway(o, workload))
    return led === undefined ? null : leadsNowhere(o, led, workload)
  }
  const target = textOf(targetOf(dead))
  const apex = calledHere(o, 'Service', o.names.apexService.name)
  return problem(
    'TargetInvalid',
    `${apex} leads from port ${String(dead['port'])} to ${target}, but no container of ${called(workload.object)} has a port of that name; there are ${declaredInWords(workload)}. Name a container's port ${target}, or remove the port from the Service.`,
  )
}

/** Whether callers reach what serves at a port today, and would be sent to a number that it does not declare. A port that is new has no callers. */
function ledAway(o: Observation, workload: Workload): (port: Json) => boolean {
  const there = byKey(recordsOf(at(liveOf(o, o.names.primaryService)?.spec, 'ports')))
  const declared = new Set<unknown>(
    programPorts(o, at(workload.object.spec, 'template')).flatMap(({ port, name }) => [port, name]),
  )
  return port => {
    const [before, target] = [there.get(portKey(port)), targetOf(port)]
    return typeof target === 'number' && before !== undefined && declared.has(targetOf(before)) && !declared.has(target)
  }
}

/** Each is on three Services, and may be a route. */
const MOST_PORTS = 500

export const tooManyPorts: FindProblem = o => {
  const all = apexPorts(o).length
  if (all <= MOST_PORTS) return null
  return problem(
    'Invalid',
    `${calledHere(o, 'Service', o.names.apexService.name)} would have ${all} ports on both sides; the limit is ${MOST_PORTS}. Give the Canary a Service with fewer ports, or write portDiscovery: false.`,
  )
}
