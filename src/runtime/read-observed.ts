/** What a caller may read beside a Canary: its Deployments, their pods, the records of revisions. Each missing right leaves one part out. */
import { type Kind, type KubeObject, kinds } from '../api/object.ts'
import { isForbidden } from '../core/errors.ts'
import { at, textOf } from '../core/json.ts'
import { CANARY_LABEL } from '../core/model/names.ts'
import type { Call, KubeApi, Sha256 } from '../core/ports.ts'
import { NOTHING_OBSERVED, type Observed, observedOf, podSelectors, type Unread } from '../core/view/observed.ts'

/** Pods of one side that are read: more look the same. */
const MOST = 200

/** The API server as the caller. */
export interface CallerReads {
  readonly api: Pick<KubeApi, 'get' | 'list'>
  /** For one request. Several go out together. */
  call(): Call
}

/** @throws what the API server or the network answered, except that a right is missing. */
export async function readObserved(canary: KubeObject, caller: CallerReads, sha256: Sha256): Promise<Observed> {
  const { api } = caller
  const namespace = canary.metadata.namespace ?? ''
  const name = textOf(at(canary.spec, 'targetRef', 'name'))
  if (name === '') return NOTHING_OBSERVED
  const deployment = (of: string): Promise<KubeObject | null | Unread> =>
    unlessForbidden(api.get({ kind: kinds.Deployment, namespace, name: of }, caller.call()))
  const list = async (kind: Kind, labels: Readonly<Record<string, string>>): Promise<readonly KubeObject[]> => {
    const labelSelector = Object.entries(labels)
      .map(pair => pair.join('='))
      .join(',')
    return (await api.list(kind, { namespace, labelSelector, limit: MOST }, caller.call())).items
  }
  const [target, primary, records] = await Promise.all([
    deployment(name),
    deployment(`${name}-primary`),
    unlessForbidden(list(kinds.ControllerRevision, { [CANARY_LABEL]: canary.metadata.name })),
  ])
  const selectors = podSelectors({ target, primary }).filter(labels => Object.keys(labels).length > 0)
  const isUnknown = selectors.length === 0 && (target === 'unread' || primary === 'unread')
  const pods = isUnknown
    ? 'unread'
    : await unlessForbidden(Promise.all(selectors.map(labels => list(kinds.Pod, labels))))
  const found = pods === 'unread' ? pods : [...new Map(pods.flat().map(pod => [pod.metadata.name, pod])).values()]
  return observedOf({ target, primary, records, pods: found }, sha256)
}

async function unlessForbidden<T>(asked: Promise<T>): Promise<T | Unread> {
  try {
    return await asked
  } catch (error) {
    if (isForbidden(error)) return 'unread'
    throw error
  }
}
