/** The pods of both sides, with the words of Kubernetes for what keeps them from being ready. */
import type { KubeObject } from '../../api/object.ts'
import { at, numberOf, recordsOf, textOf } from '../../core/json.ts'
import type { Observed } from '../../core/view/observed.ts'
import { podsOfWorkload, troublesOf } from '../../core/workloads/pod-troubles.ts'
import type { Pod, Pods } from './protocol.ts'

/** Of each side. */
const MOST_SHOWN = 50

export function podsOf({ target, primary, pods }: Observed): Pods {
  if (pods === 'unread')
    return { canary: [], primary: [], more: 0, sentence: 'You have no right to read Deployments or pods here' }
  const side = (workload: KubeObject | null | 'unread'): Pod[] =>
    workload === null || workload === 'unread' ? [] : podsOfWorkload(workload, pods).map(podOf)
  const [ofCanary, ofPrimary] = [side(target), side(primary)]
  const [canary, shownPrimary] = [ofCanary.slice(0, MOST_SHOWN), ofPrimary.slice(0, MOST_SHOWN)]
  const more = ofCanary.length + ofPrimary.length - canary.length - shownPrimary.length
  return { canary, primary: shownPrimary, more }
}

function podOf(pod: KubeObject): Pod {
  const [trouble] = troublesOf([pod])
  const containers = recordsOf(at(pod.status, 'containerStatuses'))
  const ready = recordsOf(at(pod.status, 'conditions')).some(one => one['type'] === 'Ready' && one['status'] === 'True')
  const message = trouble?.message ?? ''
  const isGoing = pod.metadata.deletionTimestamp !== undefined
  return {
    name: pod.metadata.name,
    image: textOf(recordsOf(at(pod.spec, 'containers'))[0]?.['image']),
    ready,
    restarts: containers.reduce((sum, one) => sum + numberOf(one['restartCount'], 0), 0),
    createdAt: Date.parse(pod.metadata.creationTimestamp ?? '') || 0,
    state: isGoing ? 'Terminating' : (trouble?.reason ?? (textOf(at(pod.status, 'phase')) || 'Pending')),
    ...(message === '' ? {} : { message }),
  }
}
