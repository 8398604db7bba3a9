/** VirtualServices of others through which requests reach the apex past the split. */
import type { KubeObject } from '../../api/object.ts'
import { at, listOf, textOf } from '../json.ts'
import type { Observation } from '../observation.ts'
import { isHost } from '../routers/istio/hosts.ts'
import { gatewaysOf, hostsOf } from '../routers/istio/ports.ts'
import { called, type FindProblem, listedInWords, problem } from './problem.ts'

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
