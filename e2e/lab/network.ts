/**
 * Addresses inside the private network namespace. An EndpointSlice refuses 127.0.0.0/8, so pods and Services get
 * addresses of their own for which the loopback device answers ("AnyIP"): any process can bind any of them.
 * There is no kube-proxy and no DNS; callers speak to pods, or to an address on which a proxy listens.
 */
import { run } from './program.ts'

/** First two bytes of every pod's address. */
export const podNetwork = '10.244'
export const addresses = {
  node: '10.244.0.1',
  serviceNetwork: '10.96.0.0/16',
  /** Where the Envoy of the client in the mesh listens, on `clientPorts`. */
  client: '10.96.0.80',
  /** Where the gateway listens, on port 8080. */
  gateway: '10.96.0.81',
} as const

let callers = 0
/** An address for the proxy of one more caller in the mesh. */
export function callerAddress(): string {
  callers += 1
  return `10.96.1.${callers}`
}

/** The ports of Services that the client in the mesh can call. */
export const clientPorts = [80, 9090, 9898, 7000, 9444, 9555] as const

export async function bringUpNetwork(ip: string): Promise<void> {
  await run([ip, 'link', 'set', 'lo', 'up'])
  await run([ip, 'route', 'add', 'local', `${podNetwork}.0.0/16`, 'dev', 'lo'])
  await run([ip, 'route', 'add', 'local', addresses.serviceNetwork, 'dev', 'lo'])
}
