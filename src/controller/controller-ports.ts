/** What the controller needs of the world around it, and what it is told to do. */
import type { Sink } from '../core/model/announcement.ts'
import type { Decision } from '../core/model/decision.ts'
import type { Observation, Settings } from '../core/model/observation.ts'
import type {
  AccessReader,
  AlertSender,
  Clock,
  KubeApi,
  Log,
  MetricSource,
  Sha256,
  SpanSink,
  WebhookCaller,
} from '../core/ports.ts'
import type { EventRecorder } from '../runtime/events.ts'
import type { ReflectorTiming } from '../runtime/reflector-timing.ts'
import type { QueueMetrics } from '../runtime/workqueue.ts'
import type { ServerProbePorts } from './server-probes.ts'

export interface ControllerPorts {
  readonly api: KubeApi
  readonly metrics: MetricSource
  readonly webhooks: WebhookCaller
  readonly alerts: AlertSender
  /** Reads the Secrets of MetricTemplates. */
  readonly access: AccessReader
  readonly recorder: EventRecorder
  /** Wall time: what goes into status and looks. */
  readonly clock: Clock
  /** Time that does not jump, for watches and their backoff. */
  readonly steady: Clock
  readonly log: Log
  readonly sha256: Sha256
  /** Uniform in [0, 1). */
  readonly random: () => number
  /** Where the traces of runs go; left out: nothing is traced. */
  readonly spans?: SpanSink
}

export interface ControllerOptions {
  readonly settings: Settings
  /** Namespaces to watch; empty: all. */
  readonly namespaces: readonly string[]
  /** Whether pods that are waited for are listed, to say why they are not ready. */
  readonly podReasons: boolean
  /** Bytes of memory that the process may have for objects: how many of them one namespace may fill. Left out: any number. */
  readonly heap?: number
  readonly timing?: Partial<ReflectorTiming>
  readonly queueMetrics?: QueueMetrics
  /** URL of a canary on the dashboard; '' for none. */
  readonly link?: (namespace: string, canary: string) => string
  /** Told of each webhook, and each alert, that was told, or given up. */
  readonly webhookTold?: (sink: Sink, outcome: 'delivered' | 'given up') => void
  /** Told whether a metrics server that a Canary uses answers, once a minute; null: none uses it here. Left out: nothing is probed. */
  readonly probed?: ServerProbePorts['probed']
  /** Told after each pass; without a decision when the canary is gone, or cannot be read. */
  readonly watcher?: (key: string, observation: Observation | null, decision: Decision | null) => void
}
