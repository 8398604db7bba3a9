/**
 * The ports: everything that the controller needs from the world, and nothing of how it is done. Adapters implement
 * them for a real cluster; the playground implements them in memory and in virtual time.
 */
import type { AlertProvider } from '../api/alert-provider.ts'
import type { Access } from '../api/credentials.ts'
import type { Kind, KubeObject, Ref } from '../api/object.ts'
import type { AlertCall, AlertOutcome } from './model/alert.ts'
import type { Check, Finding } from './model/check.ts'
import type { HookCall } from './model/hook.ts'
import type { ReadyProblem } from './model/ready-problem.ts'
import type { Span } from './model/trace.ts'
import type { Instant, Milliseconds } from './time.ts'
import type { Write } from './model/write.ts'

/**
 * Which queue of the client-side rate limit a call waits in. `urgent` (traffic, a rollback, the Lease) never waits behind
 * the others; `normal` is the work of a run; `background` is events, relists and clean-up.
 */
export type Lane = 'urgent' | 'normal' | 'background'

/** How a call is made: its lane, and the signal that ends it (every call has a deadline). */
export interface Call {
  readonly lane: Lane
  readonly signal: AbortSignal
  /** Who has to know when it is sent. */
  readonly turn?: Turn
}

/**
 * Each request of a call waits for its turn in the client-side limits, then is sent. A deadline for the answer begins when it is
 * sent: what waits behind calls of the same namespace has not been asked yet.
 */
export interface Turn {
  waits(): void
  comes(): void
}

/** One page of a list. */
export interface ObjectList {
  readonly resourceVersion: string
  readonly items: KubeObject[]
  /** Present while there is another page. */
  readonly continue?: string
  /** Bytes of the answer; left out: not known. */
  readonly size?: number
}

export interface ListQuery {
  /** Empty: all namespaces. */
  readonly namespace: string
  readonly labelSelector?: string
  /** Only the object of this name (a field selector, which lets RBAC name the object). */
  readonly name?: string
  readonly limit?: number
  readonly continue?: string
  readonly form?: ObjectForm
  /** Most bytes of the answer, beyond which it is AnswerTooLarge. Not said: 16 MiB. */
  readonly largest?: number
}

/**
 * How much of each object a list or watch sends: `metadata` alone (PartialObjectMetadata,
 * https://kubernetes.io/docs/reference/using-api/api-concepts/#metadata-only-fetches). Not said: the whole object.
 */
export type ObjectForm = 'metadata'

export interface WatchQuery {
  readonly namespace: string
  readonly form?: ObjectForm
  readonly labelSelector?: string
  readonly name?: string
  readonly resourceVersion: string
  /** The server ends the watch after this long. */
  readonly timeout: Milliseconds
}

/** What a watch delivers. A BOOKMARK carries nothing but a newer resourceVersion. */
export interface WatchEvent {
  readonly type: 'ADDED' | 'MODIFIED' | 'DELETED' | 'BOOKMARK'
  readonly object: KubeObject
}

/**
 * The Kubernetes API. Every method throws `ApiError` for an answer that is not a success, and whatever the network threw
 * otherwise. A missing object is `null`, not an error, where the type says so.
 */
export interface KubeApi {
  get(ref: Ref, call: Call): Promise<KubeObject | null>
  list(kind: Kind, query: ListQuery, call: Call): Promise<ObjectList>
  /**
   * Delivers events until the server closes the watch, nothing came for so long that the connection may be half dead, or
   * `call.signal` aborts; then it resolves, and the caller that wants more watches again from the last version it saw. Rejects with
   * `ApiError` (`isGone` when the resourceVersion is too old, as a status or as an ERROR event) or a network error, which a
   * connection that does not answer its probes is, too.
   */
  watch(kind: Kind, query: WatchQuery, seen: (event: WatchEvent) => void, call: Call): Promise<void>
  /** The versions in which a kind is served, whatever ours is; none where it is not installed. */
  served(kind: Kind, call: Call): Promise<readonly string[]>
  /** Carries a write out; resolves to the object as the server has it now, or null for what is gone. */
  write(write: Write, call: Call): Promise<KubeObject | null>
}

/**
 * Answers questions that lie outside the cluster's API. Never rejects: trouble is a Finding. Checks that are asked
 * together may be merged; the answer has one Finding for every id asked.
 */
export interface MetricSource {
  measure(checks: readonly Check[], signal: AbortSignal): Promise<ReadonlyMap<string, Finding>>
}

/**
 * Calls webhooks, attempts and the time between them included; in all an hour at most. Never rejects: the Finding is `answer` or
 * `unavailable`. A call that was given up may be answered with anything.
 */
export interface WebhookCaller {
  call(call: HookCall, signal: AbortSignal): Promise<Finding>
}

/** Sends alerts, one attempt a call, with a deadline. Never rejects. Reads Secrets at the call, so that a rotated one counts. */
export interface AlertSender {
  send(call: AlertCall, signal: AbortSignal): Promise<AlertOutcome>
  /** Why no alert could be sent to a provider, as far as it is known without sending one; null when one could. */
  problemOf(provider: AlertProvider, signal: AbortSignal): Promise<ReadyProblem | null>
}

/** Reads the Secrets that a MetricTemplate names, as a query of it would, and keeps nothing of them. Never rejects. */
export interface AccessReader {
  /** Why no query could be sent with this access, for an object of this namespace; null when one could. */
  problemOf(access: Access, namespace: string, signal: AbortSignal): Promise<ReadyProblem | null>
}

/** Takes the spans of traces. Never throws, and nothing waits for it. */
export interface SpanSink {
  /**
   * Takes spans that belong together: all of them or, where there is no room, none.
   *
   * @param done called once they were delivered, or given up for good; not when the process ends first.
   */
  send(spans: readonly Span[], done?: () => void): void
}

export interface Clock {
  now(): Instant
  /** Runs `task` once at `when` (at once if that has passed). Returns what cancels it. */
  at(when: Instant, task: () => void): () => void
}

/** A constant message, and pairs. Never a secret, never the content of a Secret. */
export interface Log {
  debug(message: string, pairs?: Record<string, unknown>): void
  info(message: string, pairs?: Record<string, unknown>): void
  warn(message: string, pairs?: Record<string, unknown>): void
  error(message: string, pairs?: Record<string, unknown>): void
}

/** sha256 in lower-case hex; the core has no Node built-ins, so it is handed in. */
export type Sha256 = (text: string) => string
