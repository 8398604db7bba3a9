/**
 * What splits the traffic. A provider holds no client: it reads what live objects carry, and says what to write so that they
 * carry something else.
 *
 * Law: `read` after the writes of `render(o, posture)` shows `posture.traffic` on every route.
 */
import type { Kind, KubeObject, Ref } from '../../api/object.ts'
import type { Part } from '../analysis/gate.ts'
import type { CheckContext } from '../analysis/check-context.ts'
import type { Observation, SubsetLabels, Surroundings } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { Carried } from '../model/traffic.ts'
import type { Write } from '../model/write.ts'
import type { Policy } from '../problems/policy.ts'
import type { Milliseconds, Percent } from '../time.ts'

/** What of an observation is known before anything was read. */
export type Named = Pick<Observation, 'canary' | 'names'>

/** A kind of a provider's own: it is watched while a Canary of the provider exists, and no such Canary moves without it. */
export interface ProviderKind {
  readonly kind: Kind
  /** Objects of this kind are made only where they have something to say. */
  readonly optional: boolean
  /** What to do where the API server does not serve it: the end of a sentence. */
  readonly install: string
  /** The manifest with the rights to it. */
  readonly rights: string
  /** Which release first serves its version. */
  readonly since: string
  /** How its objects are found around a canary: name of the index → its keys. */
  readonly indexes: Readonly<Record<string, (object: KubeObject) => readonly string[]>>
}

/** Reads objects of a watched kind by an index. */
export type Find = (kind: Kind, index: string, key: string) => readonly KubeObject[]

/** Whose telemetry it is that a check reads, and how that names the two sides. */
export type View = Pick<CheckContext, 'vantage' | 'hosts' | 'strangers' | 'canaryCallers' | 'primaryCallers'>

/** Whether all objects of a kind are known, in one namespace or (empty) in all: what is not found then does not exist. */
export type Sees = (kind: Kind, namespace: string) => boolean

/** Requests that come to nothing, or not to our routes, as PromQL and as a sentence. */
export interface Telemetry {
  /** How the telemetry of callers names the two sides, and who reports of other routes. */
  vantage(o: Observation): View
  /** The part of it that the Canary alone tells. `subsets` null: a side is called as its subset. */
  sides(o: Named & Pick<Observation, 'subsets'>): Pick<View, 'hosts' | 'canaryCallers' | 'primaryCallers'>
  /** What the built-in gates count. */
  readonly questions: Readonly<Record<Exclude<Part, 'value'>, (scene: CheckContext, window: Milliseconds) => string>>
  /** Requests that the pods of the primary received in a window that ended `ago`, as a lower bound. */
  primaryRequests(scene: CheckContext, window: Milliseconds, ago: Milliseconds): string
  /** Requests that callers sent to a side; `strict`: none from before the window, whatever was scraped when. */
  sent(scene: CheckContext, side: 'canary' | 'primary', window: Milliseconds, strict: boolean): string
  /** Requests to the Service of callers that no route could carry. */
  lost(scene: CheckContext, window: Milliseconds, ago: Milliseconds): string
  /** Requests to the candidate that callers' own proxies tell of and the waypoint, which judges it, does not; null: none are expected. */
  pastWaypoint(o: Observation, scene: CheckContext, window: Milliseconds): string | null
  /** What is at fault where requests are lost, and what to do. */
  lostSentence(o: Observation): string
  /** Every request that the primary gets meets the split: only then does its rate say what the canary should have had. */
  splitsAll(o: Observation): boolean
  /** The requests that callers sent to the two sides all met the split: only then do they tell its shares. */
  tellsSplit(o: Observation): boolean
}

/** The place of the policies of a provider in the list; the first that stops the release is the one that status shows. */
export type Slot = 'spec' | 'pods' | 'objects' | 'routes' | 'ports'

/** Everything that is particular to one way of splitting traffic. */
export interface RoutingProvider {
  readonly kinds: readonly ProviderKind[]
  /**
   * Kinds whose objects may contradict the split, or hold for what it leads to: of other providers, and of the mesh. They are watched where they are installed and may be read; where
   * they are not, releases go on.
   */
  readonly neighbours: readonly ProviderKind[]
  /** What it injects into pods decides on their traffic, so that one of each side has to be read. */
  readonly injects: boolean
  /** Kinds of policies that decide on its traffic, beside those that are kept equal for the primary. */
  policyKinds(o: Pick<Observation, 'samples' | 'target'>): readonly Kind[]
  /** What to read and to watch, beside what the Services and workloads need. */
  refs(o: Named, find: Find): Ref[]
  /** Of those the objects that have the split. */
  routes(o: Named & Pick<Observation, 'live'>): Ref[]
  /** Kinds of routes that the Canary asks for, beside those of `kinds`: it does not move without them. */
  namedKinds(o: Named): readonly Kind[]
  /** Objects of others, of the kinds above, that may conflict. */
  surroundings(
    o: Named & Pick<Observation, 'settings'>,
    find: Find,
    sees: Sees,
  ): Omit<Surroundings, 'rivals' | 'autoscalers' | 'services' | 'backends' | 'otherPods' | 'namespaceTerminating'>
  /** The labels by which one Service's pods are split; null where they are not, or the labels are not there. */
  subsets(o: Named & Pick<Observation, 'live'>): SubsetLabels | null
  /** null where there is nothing yet that could be read: no route, or none that leads to either side. */
  read(
    o: Named & Pick<Observation, 'live' | 'endpoints' | 'target' | 'primary' | 'samples' | 'settings'>,
  ): Carried | null
  /**
   * The lowest share that the routes ask for, whether it is carried yet or not: one that is lower than what was carried is a client's
   * decision, which is obeyed. null where they ask for neither side.
   */
  requested(o: Observation): Percent | null
  /** Exactly the fields that we own; nothing where live objects already carry it. */
  render(o: Observation, posture: Posture): Write[]
  /** Objects that lead requests to this Service. */
  leadingTo(o: Observation, service: Ref): KubeObject[]
  readonly policies: Readonly<Record<Slot, readonly Policy[]>>
  /** null: requests leave no telemetry that tells one side from the other. */
  readonly telemetry: Telemetry | null
}
