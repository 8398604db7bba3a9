/** Hosts and destinations: which Service a name in a VirtualService means, and which side of the split it is. */
import type { Ref } from '../../../api/object.ts'
import { at, type Json, present, textOf } from '../../json.ts'
import type { Named } from '../router.ts'

/**
 * Whether a host in an object of `namespace` is this Service. A short name means the object's own namespace
 * (https://istio.io/latest/docs/reference/config/networking/virtual-service/#Destination).
 */
export function isHost(host: string, namespace: string, service: Pick<Ref, 'namespace' | 'name'>): boolean {
  const [name, space = namespace, svc = 'svc'] = host.split('.')
  return name === service.name && space === service.namespace && svc === 'svc'
}

/** The same host, in the notation that it was written in, for another Service of the namespace. */
export function renamedHost(host: string, name: string): string {
  return [name, ...host.split('.').slice(1)].join('.')
}

export type Side = 'primary' | 'canary'

/**
 * The side that a destination is. Of hosts, the apex counts as the primary, for its Service selects the primary's pods; with
 * subsets, everything at the apex that is not the canary's subset.
 */
export function sideOf({ canary, names }: Named, destination: unknown): Side | null {
  const host = textOf(at(destination, 'host'))
  const is = (service: Ref): boolean => isHost(host, names.namespace, service)
  const rule = canary.spec.service.destinationRule
  if (rule !== undefined) {
    if (!is(names.apexService)) return null
    return at(destination, 'subset') === rule.canarySubset ? 'canary' : 'primary'
  }
  if (is(names.canaryService)) return 'canary'
  return is(names.apexService) || is(names.primaryService) ? 'primary' : null
}

/** The destination of a side in a VirtualService of ours. */
export function destinationOf({ canary, names }: Named, side: Side | 'apex', port: number | undefined): Json {
  const rule = canary.spec.service.destinationRule
  const numbered = port === undefined ? undefined : { number: port }
  if (side === 'apex') return present({ host: names.apexService.name, port: numbered })
  if (rule !== undefined) {
    const subset = side === 'primary' ? rule.primarySubset : rule.canarySubset
    return present({ host: names.apexService.name, subset, port: numbered })
  }
  const service = side === 'primary' ? names.primaryService : names.canaryService
  return present({ host: service.name, port: numbered })
}
