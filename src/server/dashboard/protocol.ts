/**
 * What the page and its server say to each other: types alone, so that the bundle of the page takes them in at no cost. Every time
 * is in milliseconds since 1970, by the server's clock. Every call but `GET /`, `/assets/*`, `/healthz`, `/readyz`, `/api/about` and
 * `/api/session` carries `Authorization: Bearer <token>`: of the API server in the cluster, of the session on a laptop.
 */

import type { CommandName } from '../../core/model/command-line.ts'
import type { View } from '../../core/view/view.ts'

/** The endpoints. `{ns}` and `{name}` are those of a Canary, encoded for a URL. An answer that is no 2xx is a `Problem`. */
export interface Endpoints {
  'GET /api/about': { answer: About }
  'POST /api/session': { body: SessionRequest; answer: Session }
  /** `?ns=a&ns=b`: the namespaces that the address of the page names. */
  'GET /api/whoami': { answer: WhoAmI }
  /** `application/x-ndjson`: a `StreamLine` a line. */
  'POST /api/stream': { body: StreamRequest; answer: StreamLine }
  'GET /api/canaries/{ns}/{name}/charts': { answer: Charts }
  'GET /api/canaries/{ns}/{name}/pods': { answer: Pods }
  'GET /api/canaries/{ns}/{name}/objects': { answer: ManagedObjects }
  'GET /api/canaries/{ns}/{name}/diff': { answer: TemplateDiff }
  'GET /api/canaries/{ns}/{name}/events': { answer: CanaryEvents }
  'POST /api/canaries/{ns}/{name}/commands': { body: CommandRequest; answer: CommandSent }
}

export type Milliseconds = number

/** Why a call was refused; the page decides by it what to show. */
export type ProblemCode =
  /** 401: no Authorization. The page asks for a token. */
  | 'no-token'
  /** 401: the API server does not accept the token, or no longer; on a laptop: there is no such session. */
  | 'token-refused'
  /** 403: the API server says that the caller has no right. */
  | 'forbidden'
  /** 404: no such Canary, or no such path. */
  | 'not-found'
  /** 404: the cluster has no CustomResourceDefinition of Canaries. */
  | 'not-installed'
  /** 409: another client wrote first. */
  | 'conflict'
  /** 422: what the API server, or an admission policy, does not take. */
  | 'invalid'
  /** 502: the API server is away or in trouble. The token may be well. */
  | 'api-server'
  /** 403: the server runs with --read-only. */
  | 'read-only'
  /** 410: the link was used before. */
  | 'link-used'
  /** 400: a body or a parameter that cannot be read. */
  | 'bad-request'
  /** 403: a request of another site, or to another host. */
  | 'other-site'
  /** 403: plain HTTP that is not on loopback. */
  | 'plain-http'
  | 'method'
  | 'content-type'
  /** 413. */
  | 'too-large'
  /** 429: more connections, or streams of one viewer, than there may be. */
  | 'too-many'
  /** 500. */
  | 'internal'

/** The body of every answer that is no 2xx. */
export interface Problem {
  readonly code: ProblemCode
  /** What happened, on what, and what to do. */
  readonly sentence: string
}

export interface About {
  readonly version: string
  /** `laptop`: the fragment of the address (`#link=…`) is exchanged for a session. `cluster`: a token of the API server. */
  readonly mode: 'laptop' | 'cluster'
  readonly readOnly: boolean
  /** This very request carried Authorization, which the page did not send: a proxy before the server does, and nothing is asked. */
  readonly signedIn: boolean
  /** In the cluster: a command that prints a token. */
  readonly tokenCommand?: string
  /** On a laptop, which cluster it is: host and port of its API server. */
  readonly context?: string
}

export interface SessionRequest {
  /** From the fragment. */
  readonly link: string
}

export interface Session {
  readonly token: string
}

export interface WhoAmI {
  readonly user: string
  readonly groups: readonly string[]
  /** Where the Canaries are that the caller may list. */
  readonly namespaces: Namespaces
}

export type Namespaces =
  /** The caller may list Canaries of all namespaces: stream `{ namespaces: 'all' }`. */
  | { readonly kind: 'all' }
  /** These; `more` namespaces were not asked about, because there are too many. */
  | { readonly kind: 'some'; readonly names: readonly string[]; readonly more: number }
  /** None that could be found: the page asks for a name. The sentence says why. */
  | { readonly kind: 'unknown'; readonly sentence: string }

/** What one tab follows. A new request replaces the old one: a tab has one stream. */
export type StreamRequest =
  | { readonly namespaces: 'all' | readonly string[] }
  | { readonly canary: { readonly namespace: string; readonly name: string } }

export type StreamLine =
  /** The first line. `beat`: a line comes at least so often; three times that long without any means that the server is lost. */
  | { readonly kind: 'hello'; readonly version: string; readonly beat: Milliseconds; readonly now: Milliseconds }
  /**
   * All Canaries of the namespaces: at the beginning, and after each gap. Replaces what was there, once it is whole: `rest` rows follow
   * in lines of this kind; absent: none. `more` are not shown.
   */
  | { readonly kind: 'list'; readonly items: readonly CanaryRow[]; readonly more: number; readonly rest?: number }
  /** Rows that are new or changed since, and Canaries that are gone. */
  | { readonly kind: 'changes'; readonly changed: readonly CanaryRow[]; readonly gone: readonly CanaryKey[] }
  /** The one Canary, as it is now; null: there is none (yet, or any more). */
  | { readonly kind: 'canary'; readonly canary: CanaryDetail | null }
  /** What the caller may do with the one Canary. Comes again when it changes. */
  | { readonly kind: 'rights'; readonly rights: Rights }
  /** The stream goes on, but what is shown may be old: the API server is away. `null`: it is back. */
  | { readonly kind: 'trouble'; readonly problem: Problem | null }
  /** Nothing happened. */
  | { readonly kind: 'beat'; readonly now: Milliseconds }
  /** The last line. `again`: the same request may be sent again in so long; null: not before the caller does something. */
  | { readonly kind: 'end'; readonly problem: Problem; readonly again: Milliseconds | null }

export interface CanaryKey {
  readonly namespace: string
  readonly name: string
}

/** One Canary in the list. */
export interface CanaryRow extends CanaryKey {
  readonly uid: string
  readonly view: RowView
}

/** Of the view what a list shows. It is made of the Canary alone: `sides` has no pods. */
export type RowView = Pick<
  View,
  | 'phase'
  | 'reason'
  | 'message'
  | 'tone'
  | 'isCurrent'
  | 'paused'
  | 'provider'
  | 'strategy'
  | 'traffic'
  | 'step'
  | 'failures'
  | 'sides'
  | 'waiting'
  | 'run'
  | 'createdAt'
>

export interface CanaryDetail extends CanaryKey {
  readonly uid: string
  readonly resourceVersion: string
  /** With all that the caller may read; what may not be read is named in `view.unread`. */
  readonly view: View
  /** What became of the last command of each name. */
  readonly commands: readonly CommandAnswer[]
}

export interface CommandAnswer {
  /** As `CommandSent` has it. */
  readonly id: string
  readonly outcome: 'done' | 'refused'
  /** What was done, or why nothing was. */
  readonly reason: string
}

export interface Rights {
  /** Commands that the caller may give; empty with --read-only. */
  readonly commands: readonly CommandName[]
  /** Why there are none; absent where there are. */
  readonly whyNone?: string
}

/** Charts of the run that goes on, or of the last one. */
export interface Charts {
  readonly from: Milliseconds
  readonly to: Milliseconds
  /** From one point to the next. */
  readonly step: Milliseconds
  readonly revision: string
  readonly charts: readonly Chart[]
  /** Why there is no history; the page collects the checks of the stream since it was opened. Never an error. */
  readonly noHistory?: string
}

export interface Chart {
  /** The gate, as in the view. */
  readonly name: string
  readonly unit: '%' | 'ms' | 'req/s' | ''
  readonly min?: number
  readonly max?: number
  readonly lines: readonly ChartLine[]
  /** Why this one is empty, or not whole. */
  readonly sentence?: string
}

export interface ChartLine {
  readonly side: 'canary' | 'primary'
  /** At most 600, oldest first. null: there was no value. */
  readonly points: readonly (readonly [at: Milliseconds, value: number | null])[]
}

export interface Pods {
  readonly canary: readonly Pod[]
  readonly primary: readonly Pod[]
  /** How many more there are than are shown. */
  readonly more: number
  /** Why they cannot be shown; absent where they can. */
  readonly sentence?: string
}

export interface Pod {
  readonly name: string
  readonly image: string
  readonly ready: boolean
  readonly restarts: number
  readonly createdAt: Milliseconds
  /** `Running`, or why it does not: `CrashLoopBackOff`, `ImagePullBackOff`, `Unschedulable`, `Terminating`. */
  readonly state: string
  /** What the kubelet or the scheduler says of it. */
  readonly message?: string
}

/** Objects that Sluice made, adopted, or writes into. */
export interface ManagedObjects {
  readonly items: readonly ManagedObject[]
  /** Kinds that the caller may not read, a sentence each. */
  readonly unread: readonly string[]
}

export interface ManagedObject {
  readonly apiVersion: string
  readonly kind: string
  readonly name: string
  /** What it is for, in a few words. */
  readonly role: string
  readonly state: 'present' | 'absent' | 'unread'
}

/** The promoted template against that of the target. */
export interface TemplateDiff {
  readonly promoted: string
  readonly candidate: string
  readonly lines: readonly { readonly mark: ' ' | '-' | '+' | '…'; readonly text: string }[]
  /** Why there is none: they are equal, or one may not be read. */
  readonly sentence?: string
}

export interface CanaryEvents {
  /** Newest first, at most 100. */
  readonly items: readonly CanaryEvent[]
  readonly sentence?: string
}

export interface CanaryEvent {
  readonly at: Milliseconds
  readonly type: 'Normal' | 'Warning'
  readonly reason: string
  readonly message: string
  readonly count: number
}

export interface CommandRequest {
  readonly command: CommandName
  /** At most 200 characters, one line. */
  readonly why?: string
  /** The revision that the page shows, for approve, retry and rollback: at another one the controller refuses. Stopping always works. */
  readonly revision?: string
  /** With `approve`: straight to promotion. */
  readonly full?: boolean
}

export interface CommandSent {
  /** Found again in `status.handledCommands`, with the outcome. */
  readonly id: string
}
