/**
 * Which HTTP proxy requests to a URL take, by the rules of Go's net/http, which every other program of a cluster follows
 * (https://pkg.go.dev/golang.org/x/net/http/httpproxy): HTTP_PROXY and HTTPS_PROXY by the scheme of the URL, NO_PROXY with names,
 * addresses and CIDR ranges; upper case before lower case; never for the machine itself.
 */
import { BlockList, isIP } from 'node:net'

/** Variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>

/** @throws Error with a sentence when the variable is not the URL of an HTTP proxy. */
export function proxyOf(url: URL, env: Environment): URL | null {
  const variable = url.protocol === 'https:' ? 'HTTPS_PROXY' : 'HTTP_PROXY'
  const value = valueOf(variable, env)
  if (value === '' || isExcepted(url, valueOf('NO_PROXY', env))) return null
  const address = value.includes('://') ? value : `http://${value}`
  if (!URL.canParse(address) || !/^https?:\/\//.test(address)) {
    throw new Error(
      `${variable} is not the URL of an HTTP proxy; write one such as http://proxy.example.com:3128, or except ${url.hostname} with NO_PROXY`,
    )
  }
  return new URL(address)
}

const valueOf = (variable: string, env: Environment): string =>
  (env[variable] || env[variable.toLowerCase()] || '').trim()

function isExcepted(url: URL, exceptions: string): boolean {
  const host = hostOf(url)
  const port = url.port || (url.protocol === 'https:' ? '443' : '80')
  if (host === 'localhost' || isIn(host, '127.0.0.0/8') || isIn(host, '::1/128')) return true
  return exceptions
    .split(',')
    .map(exception => exception.trim().toLowerCase())
    .some(exception => exception !== '' && matches(exception, host, port))
}

function matches(exception: string, host: string, port: string): boolean {
  if (exception === '*') return true
  if (exception.includes('/')) return isIn(host, exception)
  const [, name = exception, only] = /^(.*?)(?::(\d+))?$/.exec(isIP(exception) === 6 ? '' : exception) ?? []
  const wanted = (isIP(exception) === 6 ? exception : name).replace(/^\[|\]$/g, '')
  if (only !== undefined && only !== port) return false
  if (isIP(wanted) !== 0) return isIP(host) !== 0 && isIn(host, `${wanted}/${isIP(wanted) === 6 ? 128 : 32}`)
  // `example.com` means itself and what is below it; `.example.com` and `*.example.com` only what is below.
  const suffix = wanted.replace(/^\*\./, '.')
  return suffix.startsWith('.') ? host.endsWith(suffix) : host === suffix || host.endsWith(`.${suffix}`)
}

const hostOf = (url: URL): string =>
  url.hostname
    .replace(/^\[|\]$/g, '')
    .replace(/\.$/, '')
    .toLowerCase()

const familyOf = (address: string): 'ipv4' | 'ipv6' => (isIP(address) === 6 ? 'ipv6' : 'ipv4')

/** Whether an address is in a range; false when one of them is none. */
export function isIn(address: string, range: string): boolean {
  const [network = '', prefix = ''] = range.split('/')
  const longest = isIP(network) === 6 ? 128 : 32
  if (isIP(address) === 0 || isIP(network) === 0 || !/^\d+$/.test(prefix) || Number(prefix) > longest) return false
  const list = new BlockList()
  list.addSubnet(network, Number(prefix), familyOf(network))
  return list.check(address, familyOf(address))
}
