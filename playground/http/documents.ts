/** What is the same for every reader: health, version, discovery, OpenAPI. */
import { createHash } from 'node:crypto'
import type { Json } from '../json.ts'
import { serverVersion } from '../schema/built-in.ts'
import type { ApiServer } from '../server/server.ts'
import { Discovery } from './discovery.ts'
import { wishesOf } from './form.ts'
import { openapiIndex, openapiOf } from './openapi.ts'

export interface Document {
  readonly text: string
  readonly type: string
  /** Of what does not change by itself: a client that has this one need not be sent it again. */
  readonly etag?: string
}

const AGGREGATED = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

/** What a release says of itself; ours is the one whose answers these are. */
function versionInfo(gitVersion: string): Json {
  const [, major = '', minor = ''] = gitVersion.split(/\D/)
  return {
    major,
    minor,
    emulationMajor: major,
    emulationMinor: minor,
    minCompatibilityMajor: major,
    minCompatibilityMinor: String(Number(minor) - 1),
    gitVersion,
    gitCommit: '',
    gitTreeState: 'clean',
    buildDate: '1970-01-01T00:00:00Z',
    goVersion: '',
    compiler: '',
    platform: 'linux/amd64',
  }
}

export const isHealth = (path: string): boolean => /^\/(healthz|livez|readyz)$/.test(path)

/** The document at a path, or null where there is none. */
export function documentOf(api: ApiServer, path: string, query: URLSearchParams, accept: string): Document | null {
  if (isHealth(path)) return health(path.slice(1), query)
  if (path === '/version') return json(versionInfo(serverVersion()))
  const openapi = /^\/openapi\/v3(?:\/(.*?))?\/?$/.exec(path)
  if (openapi !== null) {
    if (!openapi[1]) return json(openapiIndex(api), 'text/plain; charset=utf-8')
    const found = openapiOf(api, openapi[1])
    return found && json(found)
  }
  const [, root, group, version] = /^\/(apis?)(?:\/([^/]+))?(?:\/([^/]+))?\/?$/.exec(path) ?? []
  if (root === undefined) return null
  const discovery = new Discovery(api.resources.all())
  if (group === undefined) {
    const isAggregated = wishesOf(accept).some(({ parameters: { g, v, as } }) => {
      return g === 'apidiscovery.k8s.io' && v === 'v2' && as === 'APIGroupDiscoveryList'
    })
    if (isAggregated) return json(discovery.aggregated(root === 'api' ? 'core' : 'groups'), AGGREGATED)
    return json(root === 'api' ? discovery.core() : discovery.index())
  }
  const found =
    root === 'api'
      ? version === undefined && discovery.resources('', group)
      : version === undefined
        ? discovery.group(group)
        : discovery.resources(group, version)
  return found ? json(found) : null
}

function json(value: Json, type = 'application/json'): Document {
  const text = JSON.stringify(value)
  return { text, type, etag: `"${createHash('sha256').update(text).digest('hex').toUpperCase()}"` }
}

/** There is one part, and while it answers it is well. */
function health(check: string, query: URLSearchParams): Document {
  const text = query.has('verbose') ? `[+]ping ok\n${check} check passed\n` : 'ok'
  return { text, type: 'text/plain; charset=utf-8' }
}
