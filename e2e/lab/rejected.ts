/** What proxies have refused of the configuration that istiod sent: they go on with the one before, and no object says so. */
import type { KubeObject } from '../../src/api/object.ts'
import { at, recordsOf, textOf } from '../../src/core/json.ts'

/** The port of Envoy's administration interface in the pods of the lab. */
const ADMIN = 15090

const hasProxy = (pod: KubeObject): boolean =>
  at(pod['status'], 'phase') === 'Running' &&
  pod.metadata.deletionTimestamp === undefined &&
  recordsOf(at(pod.spec, 'containers')).some(({ name }) => name === 'istio-proxy')

/**
 * Since ambient is enabled, istiod sends each proxy a listener for tunnels, which needs an extension that the bootstrap of a sidecar of the
 * lab leaves out (e2e/pods/proxy.sh); no request of a sidecar uses it.
 */
const TUNNELS = "listener named 'connect_originate'"

/**
 * What the proxies in these pods refused: counters (`listener_manager.lds.update_rejected`, and those of clusters, routes and secrets) that
 * are not 0, and why. A listener that has an error is sent with every update, so it alone explains the counter of listeners.
 */
export async function rejectedUpdates(pods: readonly KubeObject[]): Promise<string[]> {
  const read = pods.filter(hasProxy).map(async ({ metadata, status }) => {
    const address = textOf(at(status, 'podIP'))
    const answer = await fetch(`http://${address}:${ADMIN}/stats?filter=update_rejected`)
    const counters = (await answer.text()).split('\n').filter(line => line !== '')
    if (counters.length === 0) throw new Error(`The proxy of pod ${metadata.name} tells of no update`)
    const counted = counters.filter(line => !line.endsWith(': 0'))
    if (counted.length === 0) return []
    const refused = await refusedListeners(address)
    const others = refused.filter(why => !why.includes(TUNNELS))
    const isExplained = others.length === 0 && refused.length > 0
    const left = counted.filter(line => !isExplained || !line.startsWith('listener_manager.lds'))
    return [...left, ...others].map(line => `${metadata.name}: ${line}`)
  })
  return (await Promise.all(read)).flat()
}

/** Why Envoy refuses listeners, as its configuration dump says; one that it never had has no name there. */
async function refusedListeners(address: string): Promise<string[]> {
  const dump = await fetch(`http://${address}:${ADMIN}/config_dump`)
  return recordsOf(at(await dump.json(), 'configs'))
    .flatMap(one => recordsOf(one['dynamic_listeners']))
    .filter(one => one['error_state'] !== undefined)
    .map(one => textOf(at(one['error_state'], 'details')))
}
