/** What the Canary names: is it there, and does it fit. */
import { type KubeObject, kinds, type Ref } from '../../../../api/object.ts'
import { at, type Json, listOf, numberOf, recordsOf, textOf, textsOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { liveOf } from '../../../render/ownership.ts'
import { apexPorts } from '../../../render/ports.ts'
import { isHost, sideOf } from '../hosts.ts'
import { chosenRoutes, entriesOf, listed, type Listed, refOfListed, sidesOf } from '../users.ts'
import { calledHere, type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'

export const virtualServicesThatDoNotFit: FindProblem = o => {
  for (const [index, one] of listed(o).entries()) {
    const said = virtualServiceProblem(o, one)
    if (said !== null) return problem('ReferenceMissing', `spec.service.virtualServices[${index}] names ${said}`)
  }
  return null
}

/**
 * Weights are shifted by one JSON patch of up to six operations for each route, and the API server takes 10,000
 * (kubernetes/apiserver `maxJSONPatchOperations`).
 */
const MOST_ROUTES = 1000

/** The rest of a sentence that opens with "… names ". */
function virtualServiceProblem(o: Observation, one: Listed): string | null {
  const named = calledHere(o, 'VirtualService', one.name)
  const live = liveOf(o, refOfListed(o, one))
  if (live === undefined) return `${named}, which does not exist. Create it, or recreate the Canary without the entry.`
  const lower = ['tcp', 'tls'].find(protocol =>
    recordsOf(at(live.spec, protocol)).some(route =>
      entriesOf(route).some(entry => sideOf(o, entry['destination']) !== null),
    ),
  )
  if (lower !== undefined) {
    return `${named}, which leads to Service ${o.names.apexService.name} by a ${lower} route; only http routes can be split. Make it an http route.`
  }
  const names = recordsOf(at(live.spec, 'http')).map(route => textOf(route['name']))
  const absent = one.routes?.find(({ name }) => !names.includes(name))
  if (absent !== undefined) {
    const there = listedInWords(names.filter(name => name !== ''))
    return `the route ${absent.name} of ${named}, which has no http route of that name; there are: ${there}. Write one of them, or name the route.`
  }
  const chosen = chosenRoutes(o, one, live.spec)
  if (chosen.length === 0) {
    return `${named}, but none of its http routes leads to Service ${o.names.apexService.name}. Add a destination with that host, or recreate the Canary without the entry.`
  }
  if (chosen.length > MOST_ROUTES) {
    return `${named}, of which ${chosen.length} http routes are to be split; ${MOST_ROUTES} are the most. Name fewer in service.virtualServices[].routes, or join routes that differ only in their match.`
  }
  for (const { index, route } of chosen) {
    const misfit = routeMisfit(o, route) ?? portMisfit(o, live, route)
    const name = textOf(route['name'])
    if (misfit !== null) return `${named}, whose http route ${name === '' ? `number ${index + 1}` : name} ${misfit}`
  }
  return null
}

/** Why a route cannot be split, as the end of a sentence. */
function routeMisfit(o: Observation, route: Json): string | null {
  const apex = o.names.apexService.name
  const rule = o.canary.spec.service.destinationRule
  const entries = entriesOf(route)
  if (entries.length === 0)
    return `has no destination to split (it redirects, answers or delegates). Choose other routes.`
  if (sidesOf(o, route) === null) {
    const hosts = entries.map(entry => textOf(at(entry, 'destination', 'host')))
    return `leads to ${listedInWords(hosts)}; there must be one destination for ${apex} and none for others. Put the others into a route of their own.`
  }
  const subset = (entry: Json): unknown => at(entry, 'destination', 'subset')
  if (rule === undefined) {
    const used = entries.map(subset).find(one => one !== undefined)
    return used === undefined
      ? null
      : `uses the subset ${textOf(used)}. Split by subsets with service.destinationRule, or remove the subset.`
  }
  const known: unknown[] = [rule.primarySubset, rule.canarySubset]
  return entries.every(entry => known.includes(subset(entry)))
    ? null
    : `does not say which subset it leads to. Write subset: ${rule.primarySubset} in its destination.`
}

/** Both sides have the ports of the apex, so a route that names another leads nowhere; and one may have to name one. */
function portMisfit(o: Observation, live: KubeObject, route: Json): string | null {
  const numbers = apexPorts(o).map(port => numberOf(port['port'], 0))
  const named = entriesOf(route).map(entry => numberOf(at(entry, 'destination', 'port', 'number'), 0))
  const absent = named.find(number => number > 0 && !numbers.includes(number))
  const has = listedInWords(numbers.map(String))
  if (absent !== undefined) {
    const service = o.canary.spec.service.destinationRule === undefined ? o.names.canaryService : o.names.apexService
    return `leads to port ${absent}, which Service ${service.name} does not have; it has ${has}. Write one of them, or add the port to Service ${o.names.apexService.name}.`
  }
  const gateways = listOf(at(live.spec, 'gateways'))
  const atGateway = gateways.some(gateway => gateway !== 'mesh')
  const before = recordsOf(at(liveOf(o, o.names.apexService)?.spec, 'ports'))
  if (!atGateway || before.length !== 1 || numbers.length === 1 || !named.includes(0)) return null
  return `names no port, and Service ${o.names.apexService.name} gets several (${has}), of which a gateway would take its own. Write port: {number: ${String(before[0]?.['port'])}} in its destination.`
}

export const destinationRuleThatDoesNotFit: FindProblem = o => {
  const rule = o.canary.spec.service.destinationRule
  if (rule === undefined) return null
  const ref: Ref = { kind: kinds.DestinationRule, namespace: o.names.namespace, name: rule.name }
  const named = `spec.service.destinationRule names ${calledHere(o, 'DestinationRule', rule.name)}`
  const live = liveOf(o, ref)
  if (live === undefined) {
    return problem(
      'ReferenceMissing',
      `${named}, which does not exist. Create it, or recreate the Canary without service.destinationRule.`,
    )
  }
  const host = textOf(at(live.spec, 'host'))
  if (!isHost(host, o.names.namespace, o.names.apexService)) {
    return problem(
      'ReferenceMissing',
      `${named}, which is for the host ${host}, not for Service ${o.names.apexService.name}. Write ${o.names.apexService.name} as its spec.host, or name another rule.`,
    )
  }
  const subsets = recordsOf(at(live.spec, 'subsets'))
  for (const name of [rule.primarySubset, rule.canarySubset]) {
    const subset = subsets.find(one => one['name'] === name)
    if (subset === undefined) {
      const there = listedInWords(subsets.map(one => textOf(one['name'])))
      return problem(
        'ReferenceMissing',
        `${named}, which has no subset ${name}; there are: ${there}. Add it, or write one of them.`,
      )
    }
    if (Object.keys(textsOf(subset['labels'])).length === 0) {
      return problem(
        'ReferenceMissing',
        `${named}, whose subset ${name} has no labels to find pods by. Give it one, such as version: ${name}.`,
      )
    }
  }
  return null
}
