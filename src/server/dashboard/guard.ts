/**
 * Which requests are answered at all. Against DNS rebinding: the Host has to be a name that this server is known by. Against requests
 * of other sites: Origin and Sec-Fetch-Site (https://www.w3.org/TR/fetch-metadata/), and JSON as content type, which another site
 * cannot send without a preflight that is never answered. Against tokens on the wire: no plain HTTP but on loopback.
 */
import type { IncomingMessage } from 'node:http'
import { Refusal } from './problems.ts'

export interface GuardOptions {
  /** Hosts beside loopback, in lower case, without port. */
  readonly allowedHosts: readonly string[]
  /** Plain HTTP is taken from other machines too: something before the server encrypts. */
  readonly plainHttp: 'on loopback' | 'from anywhere'
}

const LOOPBACK_NAMES: ReadonlySet<string> = new Set(['localhost', '127.0.0.1', '[::1]'])

/** @throws Refusal for a request that must not be answered. @param path without its query. */
export function guard(request: IncomingMessage, path: string, { allowedHosts, plainHttp }: GuardOptions): void {
  const { host = '', origin, 'sec-fetch-site': site, 'sec-fetch-mode': mode } = request.headers
  const name = hostName(host)
  if (!LOOPBACK_NAMES.has(name) && !allowedHosts.includes(name)) {
    throw new Refusal(
      'other-site',
      `This server is not known by the host ${JSON.stringify(name.slice(0, 100))}. If it should be, start it with --allowed-host and this name`,
    )
  }
  const isEncrypted = 'encrypted' in request.socket
  if (plainHttp === 'on loopback' && !isEncrypted && !isLoopback(request.socket.remoteAddress)) {
    throw new Refusal(
      'plain-http',
      'A token must not cross the network in plain HTTP. Use kubectl port-forward, give the server a certificate with --tls-cert-file and --tls-key-file, or, where a mesh encrypts, start it with --insecure-http',
    )
  }
  const isOtherOrigin = origin !== undefined && !sameHost(origin, host)
  // A link on another site may lead to the page; nothing else of it may be used from there.
  const isLink = path === '/' && request.method === 'GET' && mode === 'navigate'
  const isOtherSite = site !== undefined && site !== 'same-origin' && site !== 'none' && !isLink
  if (isOtherOrigin || isOtherSite) throw new Refusal('other-site', 'This request comes from another site')
}

/** Host without port, in lower case. */
function hostName(host: string): string {
  return host.toLowerCase().replace(/:\d*$/, '').replace(/\.$/, '')
}

function sameHost(origin: string, host: string): boolean {
  return URL.canParse(origin) && new URL(origin).host === host.toLowerCase()
}

/**
 * `::ffff:127.0.0.1` is IPv4 on a socket of IPv6. Not the rest of 127.0.0.0/8: Istio's sidecar calls its application from 127.0.0.6,
 * for each client that called the sidecar, and in mode PERMISSIVE it takes plain text.
 */
function isLoopback(address: string | undefined): boolean {
  return address !== undefined && /^(::ffff:)?127\.0\.0\.1$|^::1$/.test(address)
}

/** Every answer has these. */
export const SECURITY_HEADERS: Readonly<Record<string, string>> = {
  'content-security-policy':
    "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; require-trusted-types-for 'script'",
  'x-content-type-options': 'nosniff',
  'x-frame-options': 'DENY',
  'referrer-policy': 'no-referrer',
  'cross-origin-opener-policy': 'same-origin',
  'cross-origin-resource-policy': 'same-origin',
}
