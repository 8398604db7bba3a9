/**
 * Which servers webhooks and alerts may lead to. URLs are written by tenants: none leads to the controller's own machine, to a link-local address
 * or to a metadata service, unless `--webhook-allow` names that address.
 */
import { isIP } from 'node:net'
import { type AddressPolicy, NAT64, NAT64_PREFIX, problemOfHost, refuseLocalAddresses } from './addresses.ts'
import { isIn } from './proxy.ts'

/** Each a host (`hooks.example.com`, `*.example.com`) or a range of addresses (`10.0.0.0/8`, `10.1.2.3`). */
export interface WebhookTargets {
  /** Empty: all, local addresses aside. */
  readonly allow: readonly string[]
  readonly deny: readonly string[]
}

const isRange = (entry: string): boolean => isIP(entry.split('/')[0] ?? '') !== 0
const whole = (entry: string): string => (entry.includes('/') ? entry : `${entry}/${isIP(entry) === 6 ? 128 : 32}`)

/** `*.example.com` is what is below it, and not itself. */
function matches(host: string, pattern: string): boolean {
  const [name, wanted] = [bare(host), bare(pattern)]
  return wanted.startsWith('*.') ? name.endsWith(wanted.slice(1)) : name === wanted
}

/** Names know no case, and a dot at the end, as that of a whole name, leads to the same server. */
const bare = (name: string): string => name.toLowerCase().replace(/\.$/, '')

/** Whether an address is in the range of an entry, or one that a gateway translates to such (NAT64). */
function isWithin(address: string, entry: string): boolean {
  const range = whole(entry)
  const [network = '', prefix = ''] = range.split('/')
  if (isIn(address, range)) return true
  return (
    isIP(network) === 4 && isIP(address) === 6 && isIn(address, `${NAT64}${network}/${NAT64_PREFIX + Number(prefix)}`)
  )
}

/** A range that lets in a local address names it: `0.0.0.0/0` does not mean one's own machine. */
function namesLocal(entry: string, address: string): boolean {
  const [network = '', prefix = '128'] = whole(entry).split('/')
  return Number(prefix) >= 8 && refuseLocalAddresses(network, network) !== null && isIn(address, whole(entry))
}

/** The policy for addresses, and for the names that lead to them. */
export function targetPolicy({ allow, deny }: WebhookTargets): AddressPolicy {
  const [allowedRanges, allowedHosts] = [allow.filter(isRange), allow.filter(entry => !isRange(entry))]
  const [deniedRanges, deniedHosts] = [deny.filter(isRange), deny.filter(entry => !isRange(entry))]
  return (address, host) => {
    if (deniedHosts.some(pattern => matches(host, pattern))) return 'denied'
    if (deniedRanges.some(range => isWithin(address, range))) return 'denied'
    const local = refuseLocalAddresses(address, host)
    if (local !== null) return allowedRanges.some(range => namesLocal(range, address)) ? null : local
    if (allow.length === 0 || allowedHosts.some(pattern => matches(host, pattern))) return null
    return allowedRanges.some(range => isWithin(address, range)) ? null : 'unlisted'
  }
}

/**
 * Why a URL is never called, as far as its text tells: its host is an address, or a name that the lists decide about. Of any other
 * name, the addresses decide at the call.
 *
 * @returns a clause without the path, such as `127.0.0.1 is a loopback address`, or null.
 */
export function problemBeforeLookup(written: string, targets: WebhookTargets): string | null {
  if (!URL.canParse(written)) return 'it is not a URL'
  const url = new URL(written)
  const ofAddress = problemOfHost(url, targetPolicy(targets))
  if (ofAddress !== null || isIP(url.hostname.replaceAll(/[[\]]/g, '')) !== 0) return ofAddress
  const { allow, deny } = targets
  return problemBehindProxy(url.hostname, { allow: allow.some(isRange) ? [] : allow, deny })
}

/** Behind a proxy the address is not known: the name alone decides. */
export function problemBehindProxy(host: string, { allow, deny }: WebhookTargets): string | null {
  if (deny.some(pattern => matches(host, pattern))) return `${host} is denied`
  return allow.length === 0 || allow.some(pattern => matches(host, pattern)) ? null : `${host} is not allowed`
}
