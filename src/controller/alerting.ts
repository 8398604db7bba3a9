/** Everything about alerts that the leader does beside the passes: what is sent, and the conditions of those who are sent to. */
import { kinds, type KubeObject } from '../api/object.ts'
import type { AlertSender, Clock, KubeApi, Log } from '../core/ports.ts'
import { AlertConditions } from './alert-conditions.ts'
import { AlertDeliveries, type AlertDeliveryPorts } from './alert-deliveries.ts'
import { readAlertProvider } from './alert-providers.ts'
import type { ObjectCache } from './object-cache.ts'

export interface AlertingPorts extends Pick<AlertDeliveryPorts, 'link' | 'done'> {
  readonly api: Pick<KubeApi, 'write'>
  readonly sender: AlertSender
  readonly cache: ObjectCache & { list(kind: typeof kinds.AlertProvider): readonly KubeObject[] }
  readonly clock: Clock
  /** Time that does not jump. */
  readonly steady: Clock
  readonly random: () => number
  readonly log: Log
}

export class Alerting {
  readonly deliveries: AlertDeliveries
  readonly #conditions: AlertConditions
  readonly #cache: AlertingPorts['cache']

  constructor({ cache, sender, api, ...ports }: AlertingPorts) {
    const { clock, steady, random, log } = ports
    const get = (namespace: string, name: string): KubeObject | undefined =>
      cache.get({ kind: kinds.AlertProvider, namespace, name })
    this.#cache = cache
    this.#conditions = new AlertConditions({ api, sender, get, clock, steady, random, log })
    this.deliveries = new AlertDeliveries({
      ...ports,
      sender,
      provider: (namespace, name) => {
        const object = get(namespace, name)
        return object === undefined ? null : readAlertProvider(object)
      },
      failed: (namespace, name, problem) => this.#conditions.refused(namespace, name, problem),
      delivered: (namespace, name) => this.#conditions.accepted(namespace, name),
    })
  }

  /** Evaluates every AlertProvider that is there. */
  begin(): void {
    for (const object of this.#cache.list(kinds.AlertProvider)) this.#evaluate(object)
  }

  /** An AlertProvider has changed; its own status is no news. */
  changed(before: KubeObject | undefined, now: KubeObject | undefined): void {
    const object = now ?? before
    if (object === undefined || (before !== undefined && now !== undefined && before.spec === now.spec)) return
    const { namespace = '', name } = object.metadata
    this.#conditions.changed(namespace, name)
  }

  #evaluate({ metadata: { namespace = '', name } }: KubeObject): void {
    this.#conditions.evaluate(namespace, name)
  }

  close(): void {
    this.deliveries.close()
    this.#conditions.close()
  }
}
