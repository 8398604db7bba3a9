/** Everything about alerts that the leader does beside the passes: what is sent, and the conditions of those who are sent to. */
import { kinds, type KubeObject } from '../api/object.ts'
import { isRecord } from '../core/json.ts'
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
    /** By spec: another one is another question. What a Secret has instead is known with the next answer. */
    const rejections = new WeakMap<object, string>()
    const problemOf = async (object: KubeObject, signal: AbortSignal): Promise<ReadyProblem | null> => {
      const read = readAlertProvider(object)
      if ('problems' in read) return { reason: 'Invalid', message: read.problems.join('; ') }
      const problem = await sender.problemOf(read.provider, signal)
      const rejected = rejections.get(specOf(object))
      return problem ?? (rejected === undefined ? null : { reason: 'NotAccepted', message: rejected })
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
        const wasRejected = rejections.delete(specOf(object))
        if (outcome.kind === 'rejected' || outcome.kind === 'missing') {
          rejections.set(
            specOf(object),
            `The server does not take the last alert, which is repeated: it ${outcome.error}`,
          )
        }
        if (wasRejected || outcome.kind !== 'delivered') conditions.evaluate(namespace, name)
      },
    })
  }

  close(): void {
    this.deliveries.close()
    this.conditions.close()
  }
}

const specOf = (object: KubeObject): object => (isRecord(object.spec) ? object.spec : object)
