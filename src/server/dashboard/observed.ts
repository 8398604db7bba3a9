/** What a caller can read beside a Canary: its workloads, their pods, the records of revisions. Each missing right leaves one part out. */
import { kinds, type KubeObject, type Ref } from '../../api/object.ts'
import { isForbidden } from '../../core/errors.ts'
import { at, textOf } from '../../core/json.ts'
import { CANARY_LABEL } from '../../core/model/names.ts'
import type { Call, Sha256 } from '../../core/ports.ts'
import { NOTHING_OBSERVED, type Observed, observedOf, podSelectors, type Unread } from '../../core/view/observed.ts'
import type { CallerApi } from './ports.ts'

/** Pods of each side that are read. */
export const MOST_PODS = 200

/** @throws what the API server or the network answered, except that a right is missing. */
export async function observedBy(api: CallerApi, object: KubeObject, call: Call, sha256: Sha256): Promise<Observed> {
  const target = textOf(at(object.spec, 'targetRef', 'name'))
  const namespace = object.metadata.namespace ?? ''
  if (target === '') return NOTHING_OBSERVED
  const deployment = (name: string): Ref => ({ kind: kinds.Deployment, namespace, name })
  const [targetObject, primaryObject, records] = await Promise.all([
    unlessForbidden(api.get(deployment(target), call)),
    unlessForbidden(api.get(deployment(`${target}-primary`), call)),
    unlessForbidden(listed(api, kinds.ControllerRevision, namespace, { [CANARY_LABEL]: object.metadata.name }, call)),
  ])
  const workloads = { target: targetObject, primary: primaryObject }
  const pods = await unlessForbidden(podsOf(api, namespace, podSelectors(workloads), call))
  const isUnknown = targetObject === 'unread' && primaryObject === 'unread'
  return observedOf({ ...workloads, pods: isUnknown ? 'unread' : pods, records }, sha256)
}

async function podsOf(
  api: CallerApi,
  namespace: string,
  selectors: readonly Readonly<Record<string, string>>[],
  call: Call,
): Promise<KubeObject[]> {
  const usable = selectors.filter(labels => Object.keys(labels).length > 0)
  const found = await Promise.all(usable.map(labels => listed(api, kinds.Pod, namespace, labels, call)))
  return [...new Map(found.flat().map(pod => [pod.metadata.name, pod])).values()]
}

async function listed(
  api: CallerApi,
  kind: (typeof kinds)['Pod' | 'ControllerRevision'],
  namespace: string,
  labels: Readonly<Record<string, string>>,
  call: Call,
): Promise<KubeObject[]> {
  const labelSelector = Object.entries(labels)
    .map(pair => pair.join('='))
    .join(',')
  const { items } = await api.list(kind, { namespace, labelSelector, limit: MOST_PODS }, call)
  return items
}

async function unlessForbidden<T>(asked: Promise<T>): Promise<T | Unread> {
  try {
    return await asked
  } catch (error) {
    if (isForbidden(error)) return 'unread'
    throw error
  }
}
