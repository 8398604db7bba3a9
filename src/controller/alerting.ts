/** Everything about alerts that the leader does beside the passes: what is sent, and the conditions of those who are sent to. */
import { kinds, type KubeObject } from '../api/object.ts'
import type { ReadyProblem } from '../core/model/ready-problem.ts'
import type { AlertSender } from '../core/ports.ts'
import { AlertDeliveries, type AlertDeliveryPorts } from './alert-deliveries.ts'
import { readAlertProvider } from './alert-providers.ts'
import { ReadyConditions, type ReadyConditionPorts } from './ready-conditions.ts'

export interface AlertingPorts extends Pick<AlertDeliveryPorts, 'link' | 'done'>, ReadyConditionPorts {
  readonly sender: AlertSender
}

export class Alerting {
  readonly deliveries: AlertDeliveries
  readonly conditions: ReadyConditions

  constructor({ sender, ...ports }: AlertingPorts) {
    const { cache } = ports
    const problemOf = async (object: KubeObject, signal: AbortSignal): Promise<ReadyProblem | null> => {
      const read = readAlertProvider(object)
      return 'problems' in read
        ? { reason: 'Invalid', message: read.problems.join('; ') }
        : sender.problemOf(read.provider, signal)
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
      failed: (namespace, name) => conditions.evaluate(namespace, name),
    })
  }

  close(): void {
    this.deliveries.close()
    this.conditions.close()
  }
}
