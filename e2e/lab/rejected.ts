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
 * Counters of refused updates (`listener_manager.lds.update_rejected`, and those of clusters, routes and secrets) of the proxies in these
 * pods, as far as they are not 0.
 */
export async function rejectedUpdates(pods: readonly KubeObject[]): Promise<string[]> {
  const read = pods.filter(hasProxy).map(async ({ metadata, status }) => {
    const address = textOf(at(status, 'podIP'))
    const answer = await fetch(`http://${address}:${ADMIN}/stats?filter=update_rejected`)
    const counters = (await answer.text()).split('\n').filter(line => line !== '')
    if (counters.length === 0) throw new Error(`The proxy of pod ${metadata.name} tells of no update`)
    return counters.filter(line => !line.endsWith(': 0')).map(line => `${metadata.name}: ${line}`)
  })
  return (await Promise.all(read)).flat()
}
