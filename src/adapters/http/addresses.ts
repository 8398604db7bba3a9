/**
 * Which addresses may be connected to. URLs that users write must not lead to the controller's own machine or to the metadata
 * service of a cloud, which gives credentials to any process on the node that asks.
 */
import { lookup as resolve, type LookupAddress } from 'node:dns'
import { BlockList, isIP, type LookupFunction } from 'node:net'

/** Why an IP address, which a host has, must not be connected to, as in "is a … address"; null when it may be. */
export type AddressPolicy = (address: string, host: string) => string | null

type Range = readonly [network: string, prefix: number]

/** IPv4 ranges by what they are. */
const ipv4: Readonly<Record<string, readonly Range[]>> = {
  // 0.0.0.0 reaches the machine itself on Linux (RFC 1122 §3.2.1.3 calls it "this host").
  loopback: [
    ['127.0.0.0', 8],
    ['0.0.0.0', 8],
  ],
  // 169.254.169.254 among them, the metadata service of AWS, Azure, Google Cloud and others.
  'link-local': [['169.254.0.0', 16]],
  metadata: [
    ['100.100.100.200', 32], // Alibaba Cloud
    ['168.63.129.16', 32], // Azure's WireServer
    ['192.0.0.192', 32], // Oracle Cloud
  ],
  multicast: [['224.0.0.0', 4]],
  broadcast: [['255.255.255.255', 32]],
}

const ipv6: Readonly<Record<string, readonly Range[]>> = {
  loopback: [
    ['::1', 128],
    ['::', 128],
  ],
  'link-local': [['fe80::', 10]],
  metadata: [
    ['fd00:ec2::254', 128], // AWS
    ['fd20:ce::254', 128], // Google Cloud
  ],
  multicast: [['ff00::', 8]],
}

/** NAT64 (RFC 6052): the last 32 bits are the IPv4 address that a gateway connects to. */
export const NAT64 = '64:ff9b::'
export const NAT64_PREFIX = 96

const refused = [...new Set([...Object.keys(ipv4), ...Object.keys(ipv6)])].map(what => {
  const list = new BlockList()
  for (const [network, prefix] of ipv4[what] ?? []) {
    // A BlockList finds an IPv4 address in its IPv6 notation (::ffff:a.b.c.d) too, but knows nothing of NAT64.
    list.addSubnet(network, prefix, 'ipv4')
    list.addSubnet(`${NAT64}${network}`, NAT64_PREFIX + prefix, 'ipv6')
  }
  for (const [network, prefix] of ipv6[what] ?? []) list.addSubnet(network, prefix, 'ipv6')
  return { what, list }
})

/** Refuses loopback, link-local, metadata, multicast and broadcast addresses. Private ones pass: Services have such. */
export const refuseLocalAddresses: AddressPolicy = address => {
  const family = isIP(address) === 6 ? 'ipv6' : 'ipv4'
  return refused.find(({ list }) => list.check(address, family))?.what ?? null
}

/** Code of the error that `guardedLookup` gives; its message says which address. */
export const ADDRESS_REFUSED = 'ERR_ADDRESS_REFUSED'

/**
 * What is wrong with the host of a URL before anything is resolved: an address that is written out, or a name that always means
 * one. Node connects to a written address without a lookup, and behind a proxy this is all that can be known.
 *
 * @returns a clause such as `127.0.0.1 is a loopback address`, or null.
 */
export function problemOfHost(url: URL, policy: AddressPolicy): string | null {
  const host = url.hostname.replace(/^\[|\]$/g, '').replace(/\.$/, '')
  const address = isIP(host) !== 0 ? host : fixed(host)
  return address === null ? null : clause(host, address, policy)
}

/** The address of names that have the same everywhere (RFC 6761 §6.3, Google Cloud's metadata server). */
function fixed(name: string): string | null {
  if (name === 'localhost' || name.endsWith('.localhost')) return '127.0.0.1'
  return name === 'metadata.google.internal' ? '169.254.169.254' : null
}

function clause(host: string, address: string, policy: AddressPolicy): string | null {
  const what = policy(address, host.toLowerCase())
  if (what === null) return null
  const article = /^[aeiou]/.test(what) ? 'an' : 'a'
  return host === address ? `${host} is ${article} ${what} address` : `${host} leads to the ${what} address ${address}`
}

/**
 * A lookup for sockets that fails when a name has an address that the policy refuses, whichever of its addresses would have been
 * taken. The socket connects to what this lookup gave, so a second answer of the DNS cannot change it.
 */
export function guardedLookup(policy: AddressPolicy): LookupFunction {
  return (hostname, options, callback) => {
    resolve(hostname, { ...options, all: true }, (error, addresses: LookupAddress[]) => {
      const said = error === null ? problemOf(hostname, addresses, policy) : error
      if (said !== null) callback(said, '')
      else if (options.all === true) callback(null, addresses)
      else callback(null, addresses[0]?.address ?? '', addresses[0]?.family ?? 0)
    })
  }
}

function problemOf(host: string, addresses: readonly LookupAddress[], policy: AddressPolicy): Error | null {
  const [problem] = addresses.flatMap(({ address }) => clause(host, address, policy) ?? [])
  return problem === undefined ? null : Object.assign(new Error(problem), { code: ADDRESS_REFUSED })
}
