/** Objects of others that want the same, have our names, or would lose what they have. */
import type { KubeObject, Ref } from '../../api/object.ts'
import { at, listOf, recordOf, textOf, textsOf } from '../json.ts'
import { primaryLabels, selects, templateLabels } from '../labels.ts'
import type { Observation } from '../observation.ts'
import { isOurs, liveOf } from '../resources/ownership.ts'
import { isHost } from '../routers/istio/hosts.ts'
import { gatewaysOf, hostsOf } from '../routers/istio/own.ts'
import { called, type FindProblem, listedInWords, problem } from './problem.ts'

/** Of two Canaries for one target or Service the older is served; of two of one age the first by name. */
export const olderRival: FindProblem = o => {
  const age = (canary: KubeObject): string => `${canary.metadata.creationTimestamp ?? ''}/${canary.metadata.name}`
  const older = o.surroundings.rivals.find(
    rival => rival.metadata.name !== o.names.canary && age(rival) < age(o.canary),
  )
  if (older === undefined) return null
  const target = at(older.spec, 'targetRef', 'name')
  const shared =
    target === o.names.target.name ? `Deployment ${o.names.target.name}` : `Service ${o.names.apexService.name}`
  const sameAge = older.metadata.creationTimestamp === o.canary.metadata.creationTimestamp
  return problem(
    'Conflict',
    `${called(older)} releases ${shared} too and is ${sameAge ? 'first by name' : 'older'}, so it is served and this Canary is not. Delete one of the two, or give this one another target and service.name.`,
  )
}

/** Something of our name that somebody else made is never overwritten. */
function foreign(o: Observation, ref: Ref, advice: string): ReturnType<FindProblem> {
  const live = liveOf(o, ref)
  if (live === undefined || isOurs(o, live)) return null
  return problem('Conflict', `${called(live)} exists and was not made by this Canary, which needs that name. ${advice}`)
}

const RENAME = 'Rename or delete it.'

export const foreignPrimary: FindProblem = o =>
  foreign(o, o.names.primary, 'Rename or delete it; the primary is made anew from the target.')

export const foreignSideServices: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  return foreign(o, o.names.primaryService, RENAME) ?? foreign(o, o.names.canaryService, RENAME)
}

export const foreignVirtualService: FindProblem = o => {
  const { name } = o.names.virtualService
  if (o.canary.spec.service.virtualServices !== undefined) return null
  return foreign(
    o,
    o.names.virtualService,
    `Create the Canary anew with it under service.virtualServices as {name: ${name}}, or delete it.`,
  )
}

export const foreignRules: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  return foreign(o, o.names.primaryRule, RENAME) ?? foreign(o, o.names.canaryRule, RENAME)
}

/** A Service that is only a name elsewhere has no pods to select. */
export const externalService: FindProblem = o => {
  const live = liveOf(o, o.names.apexService)
  if (live === undefined || at(live.spec, 'type') !== 'ExternalName') return null
  return problem(
    'Conflict',
    `${called(live)} is of type ExternalName, so it cannot lead to pods of the primary. Give the Canary another service.name, or make it a ClusterIP Service.`,
  )
}

/** Two VirtualServices for one host and gateway: Istio serves the older routes first, and ours might never be reached. */
export const otherVirtualService: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.delegation) return null
  const known = service.virtualServices?.map(one => one.name) ?? [o.names.virtualService.name]
  const isKnown = (one: KubeObject): boolean =>
    one.metadata.namespace === o.names.namespace && known.includes(one.metadata.name)
  const other = o.surroundings.virtualServices.find(one => !isKnown(one) && sharesHost(o, one) && sharesGateway(o, one))
  if (other === undefined) return null
  // Entries may be added to a list; whether there is one is settled when a Canary is created.
  const list = service.virtualServices === undefined ? 'Create the Canary anew with' : 'List'
  const advice =
    other.metadata.namespace === o.names.namespace
      ? `${list} it under service.virtualServices as {name: ${other.metadata.name}}, or remove the host from it.`
      : 'Remove the host from it.'
  return problem(
    'Conflict',
    `${called(other)} has routes for ${listedInWords(sharedHosts(o, other))} at the same gateway, so callers could pass the split by. ${advice}`,
  )
}

/** With the user's VirtualServices only the apex is ours to speak of; theirs say which hosts they have. */
function ourHosts(o: Observation): string[] {
  return o.canary.spec.service.virtualServices === undefined ? hostsOf(o) : [o.names.apexService.name]
}

function sharedHosts(o: Observation, other: KubeObject): string[] {
  const theirs = listOf(at(other.spec, 'hosts')).map(textOf)
  const namespace = other.metadata.namespace ?? ''
  return theirs.filter(
    host => (ourHosts(o).includes(host) && host.includes('.')) || isHost(host, namespace, o.names.apexService),
  )
}

const sharesHost = (o: Observation, other: KubeObject): boolean => sharedHosts(o, other).length > 0

function sharesGateway(o: Observation, other: KubeObject): boolean {
  const ofOne = listOf(at(other.spec, 'gateways')).map(textOf)
  const theirs = (ofOne.length === 0 ? ['mesh'] : ofOne).map(name => qualified(name, other.metadata.namespace ?? ''))
  const exportTo = listOf(at(other.spec, 'exportTo')).map(textOf)
  const elsewhere = other.metadata.namespace !== o.names.namespace
  // One that is kept to its own namespace does not meet ours in the sidecars; at a gateway it does.
  const hidden = elsewhere && exportTo.length > 0 && exportTo.every(to => to === '.')
  const ours = gatewaysOf(o).map(name => qualified(name, o.names.namespace))
  return theirs.some(gateway => ours.includes(gateway) && !(hidden && gateway === 'mesh'))
}

/** `mesh` is a word; any other gateway is an object, by default of the namespace that names it. */
const qualified = (gateway: string, namespace: string): string =>
  gateway === 'mesh' || gateway.includes('/') ? gateway : `${namespace}/${gateway}`

/** Routes lead to the sides' own hosts, where a rule for the apex says nothing any more. */
export const ruleThatStopsApplying: FindProblem = o => {
  const { service } = o.canary.spec
  if (service.destinationRule !== undefined || service.virtualServices !== undefined) return null
  const rule = o.surroundings.destinationRules.find(
    one => !isOurs(o, one) && isHost(textOf(at(one.spec, 'host')), one.metadata.namespace ?? '', o.names.apexService),
  )
  const { subsets, trafficPolicy } = recordOf(rule?.spec)
  if (rule === undefined || (subsets === undefined && trafficPolicy === undefined)) return null
  const advice =
    subsets === undefined
      ? 'Move its trafficPolicy to service.trafficPolicy in the Canary and delete it.'
      : 'Split by its subsets with service.destinationRule, or move its trafficPolicy to service.trafficPolicy and delete it.'
  return problem(
    'Conflict',
    `${called(rule)} is for the host ${o.names.apexService.name} and would stop applying, because requests go to ${o.names.primaryService.name} and ${o.names.canaryService.name}. ${advice}`,
  )
}

/** A Service that finds the target's pods but would not find the primary's has nobody once the target rests. */
export const serviceThatLosesItsPods: FindProblem = o => {
  const target = templateLabels(o.target?.object)
  const primary = primaryLabels(o, target)
  if (o.target === null || primary === null) return null
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].map(ref => ref.name)
  const loser = o.surroundings.services.find(service => {
    const selector = textsOf(at(service.spec, 'selector'))
    return !own.includes(service.metadata.name) && selects(selector, target) && !selects(selector, primary)
  })
  if (loser === undefined) return null
  const missed = Object.entries(textsOf(at(loser.spec, 'selector')))
    .filter(([key, value]) => primary[key] !== value)
    .map(([key, value]) => `${key}: ${value}`)
  return problem(
    'Conflict',
    `${called(loser)} selects the pods of ${called(o.target.object)} by ${listedInWords(missed)}, which the primary's pods do not have, so it would have no endpoints between runs. Remove that from its selector, or create the Canary anew with primary.labels: keep.`,
  )
}
