/** The controller as it is installed: asked for what it says of itself, as the caller may. */
import { kinds, type KubeObject } from '../../api/object.ts'
import { requiredRights } from '../../controller/required-rights.ts'
import { ApiError, isForbidden } from '../../core/errors.ts'
import { at, listOf, recordsOf, textOf } from '../../core/json.ts'
import { missingOf, rightText } from '../../runtime/access-review.ts'
import { callerOf } from '../client/who.ts'
import { infoOf, lackingFindings, leaderFinding, rightsFindings, runningFinding } from './controller.ts'
import { failed, type Finding, unchecked } from './finding.ts'
import { orSaid, type Probe } from './probe.ts'
import { controllerVersionFinding } from './versions.ts'

/** The label of everything that manifests/ and the chart call the controller. */
const LABEL = 'app.kubernetes.io/name=sluice'

export async function controllerFindings(probe: Probe): Promise<Finding[]> {
  const { session, controllerNamespace: namespace, tools } = probe
  let deployment: KubeObject | null = null
  const running = orSaid(
    probe,
    'controller-running',
    (async () => {
      const query = { namespace, labelSelector: LABEL, limit: 1 }
      const { items } = await session.api.list(kinds.Deployment, query, session.call())
      deployment = items[0] ?? null
      return [runningFinding(deployment, namespace)]
    })(),
  )
  const leader = orSaid(
    probe,
    'controller-leader',
    (async () => {
      const lease = await session.api.get({ kind: kinds.Lease, namespace, name: 'sluice' }, session.call())
      return [leaderFinding(lease, namespace, tools.clock.now())]
    })(),
  )
  const states = [...(await running), ...(await leader)]
  const isMissing = states.some(({ code, state }) => code === 'controller-running' && state === 'failed')
  if (isMissing && deployment === null) return states
  return [...states, ...(await infoFindings(probe, deployment))]
}

async function infoFindings(probe: Probe, deployment: KubeObject | null): Promise<Finding[]> {
  const { tools, controllerUrl } = probe
  try {
    const info = infoOf(await infoFrom(probe, deployment?.metadata.name ?? 'sluice'))
    if (info === null) throw new Error('the answer of /info is not that of a controller of Sluice')
    return [controllerVersionFinding(info.version, tools.version), ...rightsFindings(info.rights)]
  } catch (error) {
    tools.stop.throwIfAborted()
    if (controllerUrl !== null) return [failed('controller-rights', `--controller-url: ${reasonText(error)}`)]
    const version = versionByImage(deployment)
    return [...version, ...((await ownRights(probe)) ?? [unchecked('controller-rights', notAsked(error, probe))])]
  }
}

async function infoFrom(probe: Probe, name: string): Promise<unknown> {
  const { controllerUrl, tools, session, controllerNamespace: namespace } = probe
  if (controllerUrl === null) {
    const service = `/api/v1/namespaces/${namespace}/services/${name}:http-metrics/proxy/info`
    return session.read(service, session.call()).catch(async (error: unknown) => {
      // The API server finds the pods of a Service by its Endpoints, which a cluster may do without.
      const pod = await infoFromPod(probe).catch(() => null)
      if (pod === null) throw error
      return pod
    })
  }
  const reader = tools.http({ url: controllerUrl })
  try {
    return await reader.read('/info', session.call().signal)
  } finally {
    reader.close()
  }
}

/** From the first replica. @returns null where there is none. */
async function infoFromPod({ session, controllerNamespace: namespace }: Probe): Promise<unknown> {
  const { items } = await session.api.list(kinds.Pod, { namespace, labelSelector: LABEL, limit: 1 }, session.call())
  const [pod] = items
  const [container] = recordsOf(at(pod?.spec, 'containers'))
  const port = recordsOf(container?.['ports']).find(one => one['name'] === 'http-metrics')?.['containerPort']
  if (pod === undefined || typeof port !== 'number') return null
  return session.read(`/api/v1/namespaces/${namespace}/pods/${pod.metadata.name}:${port}/proxy/info`, session.call())
}

/** What a proxy answered says nothing about the kinds of the API server. */
const reasonText = (error: unknown): string =>
  error instanceof ApiError
    ? `answered ${error.code}: ${error.message}`
    : error instanceof Error
      ? error.message
      : String(error)

function notAsked(error: unknown, probe: Probe): string {
  const why = isForbidden(error)
    ? 'get services/proxy is forbidden'
    : `Service of the controller through the API server: ${reasonText(error)}`
  return `The controller was not asked for its rights (${why}). Run: kubectl -n ${probe.controllerNamespace} port-forward deployment/sluice 8080, and beside it: sluice check --controller-url http://127.0.0.1:8080`
}

function versionByImage(deployment: KubeObject | null): Finding[] {
  const [container] = listOf(at(deployment?.spec, 'template', 'spec', 'containers'))
  const image = textOf(at(container, 'image'))
  return image === ''
    ? []
    : [unchecked('controller-version', `The controller runs image ${image}; its version was not asked for`)]
}

/** In `helm test` the caller is the ServiceAccount of the controller: then its rights are the controller's. null: it is another. */
async function ownRights(probe: Probe): Promise<Finding[] | null> {
  const { session, controllerNamespace } = probe
  try {
    // Of manifests/ and of the chart. Others of these, such as that of the page, begin with the same letters.
    if ((await callerOf(session)) !== `system:serviceaccount:${controllerNamespace}:sluice`) return null
    const rights = requiredRights({
      namespaces: [],
      leaseNamespace: controllerNamespace,
      leaderElect: true,
      trackConfigs: true,
      podReasons: true,
    })
    const missing = await missingOf(session.api, rights, () => session.call())
    return lackingFindings(
      missing.map(one => ({ ...one, right: rightText(one) })),
      rights.length,
    )
  } catch {
    return null
  }
}
