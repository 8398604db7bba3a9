/** Events of a Canary, the newest first. */
import type { KubeObject } from '../../api/object.ts'
import { numberOf, recordOf, textOf } from '../../core/json.ts'
import type { CallerApi } from './ports.ts'
import type { CanaryEvent, CanaryEvents } from './protocol.ts'
import { unreadSentence } from './rights.ts'

const MOST = 100
/** The API server knows no order of Events: more are read than are shown. */
const READ = 500

/** @param canary as it was read: Flagger may have a Canary of the same name, and an earlier one may have had it. */
export async function eventsOf(
  api: CallerApi,
  { metadata: { namespace = '', name, uid = '' } }: KubeObject,
  signal: AbortSignal,
): Promise<CanaryEvents> {
  try {
    const found = await api.events(namespace, uid, READ, signal)
    const items = found.map(eventOf).toSorted((a, b) => b.at - a.at)
    return { items: items.slice(0, MOST) }
  } catch (error) {
    return { items: [], sentence: unreadSentence(error, `Events of Canary ${namespace}/${name}`) }
  }
}

function eventOf(object: KubeObject): CanaryEvent {
  const series = recordOf(object['series'])
  const times = [
    series['lastObservedTime'],
    object['lastTimestamp'],
    object['eventTime'],
    object.metadata.creationTimestamp,
  ]
  return {
    at: Math.max(0, ...times.map(one => Date.parse(textOf(one)) || 0)),
    type: object['type'] === 'Warning' ? 'Warning' : 'Normal',
    reason: textOf(object['reason']),
    message: textOf(object['message']),
    count: Math.max(1, numberOf(series['count'], numberOf(object['count'], 1))),
  }
}
