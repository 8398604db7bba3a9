/** Everything about alerts that the leader does beside the passes: what is sent, and the conditions of those who are sent to. */
import { kinds, type KubeObject } from '../api/object.ts'
import { at, isRecord, recordsOf, textOf } from '../core/json.ts'
import type { ReadyProblem } from '../core/model/ready-problem.ts'
import type { AlertSender } from '../core/ports.ts'
import { AlertDeliveries, type AlertDeliveryPorts } from './alert-deliveries.ts'
import { readAlertProvider } from './alert-providers.ts'
import { ReadyConditions, type ReadyConditionPorts } from './ready-conditions.ts'

export interface AlertingPorts extends Pick<AlertDeliveryPorts, 'link' | 'traceId' | 'done'>, ReadyConditionPorts {
  readonly sender: AlertSender
}

export class Alerting {
  readonly deliveries: AlertDeliveries
  readonly conditions: ReadyConditions

  constructor({ sender, ...ports }: AlertingPorts) {
    const { cache } = ports
    /** By spec, as another one is another question: what the server has said since this process leads; null: nothing against its caller. */
    const rejections = new WeakMap<object, string | null>()
    const problemOf = async (object: KubeObject, signal: AbortSignal): Promise<ReadyProblem | null> => {
      const read = readAlertProvider(object)
      if ('problems' in read) return { reason: 'Invalid', message: read.problems.join('; ') }
      const problem = await sender.problemOf(read.provider, signal)
      const answer = rejections.get(specOf(object))
      const rejected = answer === undefined ? rejectionSaid(object) : answer
      return problem ?? (rejected === null ? null : { reason: 'NotAccepted', message: rejected })
    }
    const evaluation = { kind: kinds.AlertProvider, problemOf, ready: 'An alert could be sent as it is' }
    const conditions = new ReadyConditions(evaluation, ports)
    this.conditions = conditions
    this.deliveries = new AlertDeliveries({
      ...ports,
      sender,
      provider: (namespace, name) => {
        const object = cache.get({ kind: kinds.AlertProvider, namespace, name })
        return object === undefined ? null : readAlertProvider(object)
      },
      answered: (namespace, name, outcome) => {
        const object = cache.get({ kind: kinds.AlertProvider, namespace, name })
        if (object === undefined) return
        const before = rejections.get(specOf(object)) ?? rejectionSaid(object)
        const isRejected = outcome.kind === 'rejected' || outcome.kind === 'missing'
        if (isRejected) rejections.set(specOf(object), `The server did not take the last message: it ${outcome.error}`)
        // A server that is down says nothing of its caller.
        else if (outcome.kind !== 'failed') rejections.set(specOf(object), null)
        if (before !== null || outcome.kind !== 'delivered') conditions.evaluate(namespace, name)
      },
    })
  }

  close(): void {
    this.deliveries.close()
    this.conditions.close()
  }
}

const specOf = (object: KubeObject): object => (isRecord(object.spec) ? object.spec : object)

/** The rejection that the condition of an object has of this spec: it outlives the process that met it. */
function rejectionSaid(object: KubeObject): string | null {
  const said = recordsOf(at(object['status'], 'conditions')).find(({ type }) => type === 'Ready')
  const isOfSpec = said?.['observedGeneration'] === object.metadata.generation
  return said?.['reason'] === 'NotAccepted' && isOfSpec ? textOf(said['message']) : null
}
