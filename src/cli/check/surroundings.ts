/** What is around the controller: the kinds of the providers, the mesh, and Prometheus. */
import { kindKey, kinds, type KubeObject } from '../../api/object.ts'
import { ApiError, isForbidden } from '../../core/errors.ts'
import { failed, type Finding, ok, unchecked } from './finding.ts'
import {
  labelsFinding,
  labelsIn,
  meshFinding,
  NEEDED_LABELS,
  neededKinds,
  providersFinding,
  type Served,
} from './mesh.ts'
import { orSaid, type Probe } from './probe.ts'

const MOST_NAMESPACES = 500

export async function meshFindings(probe: Probe): Promise<{ findings: readonly Finding[]; hasIstio: boolean }> {
  let served: Served = new Map()
  const providers = await orSaid(
    probe,
    'providers',
    (async () => {
      served = await servedKinds(probe)
      return [providersFinding(served)]
    })(),
  )
  const hasIstio = (served.get(kindKey(kinds.VirtualService)) ?? []).length > 0
  const mode = await orSaid(
    probe,
    'mesh-mode',
    (async () => {
      const { items, isAll } = hasIstio ? await namespacesOf(probe) : { items: [], isAll: true }
      return [meshFinding(hasIstio, items, isAll)]
    })(),
  )
  return { findings: [...providers, ...mode], hasIstio }
}

async function servedKinds({ session }: Probe): Promise<Served> {
  const keys = [...new Map(neededKinds.map(({ kind }) => [kindKey(kind), kind])).entries()]
  return new Map(
    await Promise.all(keys.map(async ([key, kind]) => [key, await session.api.served(kind, session.call())] as const)),
  )
}

/** All namespaces, or that of the caller alone, or none. */
async function namespacesOf({ session }: Probe): Promise<{ items: readonly KubeObject[]; isAll: boolean }> {
  try {
    const query = { namespace: '', limit: MOST_NAMESPACES, form: 'metadata' } as const
    return { items: (await session.api.list(kinds.Namespace, query, session.call())).items, isAll: true }
  } catch (error) {
    if (!isForbidden(error)) throw error
  }
  try {
    const ref = { kind: kinds.Namespace, namespace: '', name: session.namespace }
    const own = await session.api.get(ref, session.call())
    return { items: own === null ? [] : [own], isAll: false }
  } catch (error) {
    if (!isForbidden(error)) throw error
    return { items: [], isAll: false }
  }
}

/** Series of the last hour. */
const WINDOW = 3600

export async function metricsFindings(probe: Probe, hasIstio: boolean): Promise<Finding[]> {
  const { metricsServer, metricsService, tools } = probe
  const { namespace, name } = metricsService
  const where =
    metricsServer === null
      ? `Service ${namespace}/${name} through the API server`
      : 'the Prometheus of --metrics-server'
  const start = Math.floor(tools.clock.now() / 1000) - WINDOW
  const read = readerOf(probe)
  try {
    const found = new Map<string, readonly string[]>()
    for (const metric of Object.keys(NEEDED_LABELS)) {
      const query = new URLSearchParams({ 'match[]': metric, start: String(start), end: String(start + WINDOW) })
      const labels = labelsIn(await read.read(`/api/v1/labels?${query.toString()}`))
      if (labels === null) throw new Error('answered, but not as a Prometheus does; check the address')
      found.set(metric, labels)
    }
    const answers = ok('metrics-server', `Prometheus answers: ${where}`)
    return hasIstio ? [answers, labelsFinding(found)] : [answers]
  } catch (error) {
    tools.stop.throwIfAborted()
    const why =
      error instanceof ApiError && !isForbidden(error)
        ? `answered ${error.code}`
        : isForbidden(error)
          ? 'get services/proxy is forbidden'
          : error instanceof Error
            ? error.message
            : String(error)
    return metricsServer === null
      ? [
          unchecked(
            'metrics-server',
            `Prometheus was not checked (${where}: ${why}). The controller may reach it all the same; name a URL that this machine reaches with --metrics-server`,
          ),
        ]
      : [failed('metrics-server', `--metrics-server: ${why}`)]
  } finally {
    read.close()
  }
}

function readerOf({ metricsServer, metricsService, tools, session }: Probe): {
  read(path: string): Promise<unknown>
  close(): void
} {
  if (metricsServer !== null) {
    const reader = tools.http(metricsServer)
    return { read: path => reader.read(path, session.call().signal), close: () => reader.close() }
  }
  const { namespace, name, port } = metricsService
  const service = `/api/v1/namespaces/${namespace}/services/${name}:${port}/proxy`
  return { read: path => session.read(`${service}${path}`, session.call()), close: () => {} }
}
