/** One canary, and everything that its next move may depend on. Plain JSON, so that any decision can be replayed. */
import type { ReadAlertProvider } from '../../api/alert-provider.ts'
import type { Canary } from '../../api/canary.ts'
import type { KubeObject } from '../../api/object.ts'
import type { Provider } from '../../api/providers.ts'
import type { MetricTemplate } from '../../api/templates.ts'
import type { Finding } from './check.ts'
import type { Memory } from './memory.ts'
import type { Names } from './names.ts'
import type { Phase, Revision, StateOf } from './state.ts'
import type { Milliseconds } from '../time.ts'
import type { Carried } from './traffic.ts'

/** The pods of one revision of a workload, as its ReplicaSet counts them. */
export interface Pods {
  /** Value of the label `pod-template-hash`. */
  readonly hash: string
  readonly replicas: number
  readonly ready: number
}

/** A Deployment, as far as a decision needs it. */
export interface Workload {
  readonly object: KubeObject
  /** Hash of its template and of the configuration that it mounts. */
  readonly revision: Revision
  readonly generation: number
  /** spec.replicas. */
  readonly replicas: number
  /** Who wrote spec.replicas last, by field manager; '' when unknown. */
  readonly replicasBy: string
  readonly paused: boolean
  /** Pods of every revision that has any, and of the present one, by the revision's template part. */
  readonly pods: Readonly<Record<string, Pods>>
  /** Pods that are ready, of any revision. */
  readonly ready: number
  /** Pods of any revision that still exist. */
  readonly running: number
  /**
   * Of the present template: `ready` once every desired pod (or the threshold's share) is available and no other runs; `pending`
   * before the Deployment controller has taken up the latest change, so that the status speaks of an earlier one.
   */
  readonly readiness: 'ready' | 'progressing' | 'pending' | 'stuck'
  /** What the readiness is waiting for, or what is stuck, as a sentence. */
  readonly message: string
}

/** Why pods are not ready, in the words of Kubernetes. */
export interface PodTrouble {
  /** `CrashLoopBackOff`, `ImagePullBackOff`, `Unschedulable`, …. */
  readonly reason: string
  /** How many pods have it. */
  readonly count: number
  /** Of the container; '' where no container has it. */
  readonly image: string
}

/** The labels by which the pods of one Service are split. */
export interface SubsetLabels {
  readonly primary: Readonly<Record<string, string>>
  readonly canary: Readonly<Record<string, string>>
}

/** A pod that stands for the others of its side: what was injected into it, no template tells. */
export interface PodSample {
  readonly name: string
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
  /** Names of the containers that run beside each other. */
  readonly containers: readonly string[]
  readonly namespaceLabels: Readonly<Record<string, string>>
}

/** Objects of this canary and of its user's, as read from the cache, by `refKey`. */
export type Live = Readonly<Record<string, KubeObject>>

/** Objects of others that may conflict. */
export interface Surroundings {
  /** Other canaries of the same namespace with the same target or the same Service. */
  readonly rivals: readonly KubeObject[]
  /** HPAs, VPAs and ScaledObjects of the namespace that scale the target or the primary. */
  readonly autoscalers: readonly KubeObject[]
  /** Services of the namespace that select the target's pods, ours aside. */
  readonly services: readonly KubeObject[]
  /**
   * Deployments, and ReplicaSets that no Deployment made, whose pods the user's apex Service selected before it was adopted;
   * the target and the primary aside.
   */
  readonly backends: readonly KubeObject[]
  /**
   * Ready pods of none of these, and not of the target, that the user's apex Service leads to: of StatefulSets, DaemonSets, Jobs, or of
   * nothing. None while its endpoints have not been read.
   */
  readonly otherPods: readonly string[]
  /** Objects, anywhere that is watched, that route requests for one of our hosts, or to the apex or a side. */
  readonly routes: readonly KubeObject[]
  /** Objects that say how requests to the apex or a side are treated: timeouts, balancing, encryption. */
  readonly trafficPolicies: readonly KubeObject[]
  /** Objects of this and of the mesh's own namespace that say whom and what the servers of pods let in. */
  readonly policies: readonly KubeObject[]
  /** Routes to the apex in the words of another API than the provider's: beside ours they make two answers to one request. */
  readonly otherApiRoutes: readonly KubeObject[]
  /** Services of type ExternalName, anywhere that is watched, that stand for the apex or a side. */
  readonly aliases: readonly KubeObject[]
  /** Ingresses that lead to one of these, or to the apex or a side, where the provider splits at other places. */
  readonly ingresses: readonly KubeObject[]
  /** Gateways that routes of the split are bound to, by `namespace/name`; null: there is none. One that is not seen has no entry. */
  readonly gateways: Readonly<Record<string, KubeObject | null>>
  /** Whether `routes` are from all namespaces, so that what is not among them does not exist. */
  readonly allRoutesSeen: boolean
  /** The namespace is being deleted. */
  readonly namespaceTerminating: boolean
}

/** A record of a template: a ControllerRevision. */
export interface RecordedTemplate {
  readonly revision: Revision
  readonly template: Readonly<Record<string, unknown>>
  /** Tracked configuration at the time, `configmaps/name` or `secrets/name` → hash. */
  readonly configs: Readonly<Record<string, string>>
  readonly object: KubeObject
}

/** A record of the user's Service as it last was: a ControllerRevision. */
export interface RecordedService {
  /** The Service as it is created again once it was deleted. */
  readonly data: Readonly<Record<string, unknown>>
  readonly object: KubeObject
}

/** What the flags say, as far as decisions depend on it. */
export interface Settings {
  /** Of Canaries that name none. */
  readonly provider: Provider
  readonly settle: Milliseconds
  readonly selectorLabels: readonly string[]
  /** Metrics servers that a Canary or MetricTemplate may name, the one of the flag first. */
  readonly metricsServers: readonly string[]
  readonly ownerReferences: boolean
  /** Whether ConfigMaps and Secrets that a target mounts are judged and copied with its template. */
  readonly trackConfigs: boolean
  /** The template of links to traces of requests (signals/trace-link.ts); '': there is none. */
  readonly traceLink: string
  /** Whether a Canary may bring its own PromQL; if not, only MetricTemplates are asked. */
  readonly inlineQueries: boolean
  /** Namespace of the mesh's own configuration: traffic policies there hold for every namespace. */
  readonly rootNamespace: string
  /** Hosts and gateways that a Canary may name beside its own; no entry at all: any. */
  readonly allowedHosts: readonly Allowance[]
  readonly allowedGateways: readonly Allowance[]
  /** What the names of annotations of ingress-nginx begin with, before the slash. */
  readonly ingressAnnotationsPrefix: string
  /** Classes of Ingresses that ingress-nginx serves. */
  readonly ingressClasses: readonly string[]
  /** Why the URL of a webhook is never called, by the flags about webhooks and the text of the URL; a clause without its path, or null. */
  readonly webhookRefusal: (url: string) => string | null
}

/** A pattern that the spec of a Canary may match. */
export interface Allowance {
  /** Whose Canaries; null: everybody's. */
  readonly namespace: string | null
  /** `shop.example.com` or `*.example.com`; of gateways `ingress/public`, `ingress/*` or `./*`. */
  readonly pattern: string
}

/** Writes that did not succeed, in the words that people are told. */
export interface WriteError {
  readonly reason: 'WriteRefused' | 'Contested'
  readonly message: string
}

/**
 * How the objects were read: from the caches; the target alone, the target and the endpoints of the user's Service, or all that a
 * verdict rests on, from the API server itself, just now; or why it did not answer, although it was asked.
 */
export type Sight = 'cached' | 'target' | 'endpoints' | 'live' | { readonly unavailable: string }

export interface Observation<P extends Phase = Phase> {
  readonly canary: Canary
  readonly names: Names
  readonly settings: Settings
  readonly state: StateOf<P>
  readonly memory: Memory
  readonly target: Workload | null
  readonly primary: Workload | null
  /** What the mesh carries now; null before it is ours to read. */
  readonly traffic: Carried | null
  readonly live: Live
  /** The labels by which one Service's pods are split; null where the split is another one, or the labels are not there. */
  readonly subsets: SubsetLabels | null
  /** Names of the pods that the Services lead to, as their EndpointSlices say; null where there are no side Services. */
  readonly endpoints: {
    readonly primary: readonly string[]
    readonly canary: readonly string[]
    /** Only where the split is in its selector. */
    readonly apex: readonly string[]
  } | null
  /**
   * A pod of each side that the Services lead to; null: there is none, none that may be read, or the provider needs none. And labels
   * of the namespace, which are read for themselves only while there is no pod.
   */
  readonly samples: {
    readonly primary: PodSample | null
    readonly canary: PodSample | null
    readonly namespaceLabels: Readonly<Record<string, string>> | null
  }
  /** Why the pods that are waited for are not ready: on show, and nothing is decided by it. `hidden`: pods may not be read. */
  readonly podTroubles: readonly PodTrouble[] | 'hidden'
  readonly recorded: readonly RecordedTemplate[]
  /** The latest last; none where the Service that callers use is not the user's. */
  readonly recordedServices: readonly RecordedService[]
  /** Present configuration of the target, `configmaps/name` or `secrets/name` → hash; missing ones are left out. */
  readonly configs: Readonly<Record<string, string>>
  readonly templates: Readonly<Record<string, MetricTemplate>>
  /** What is wrong with those that cannot be read, by name. */
  readonly unreadableTemplates: Readonly<Record<string, readonly string[]>>
  /** AlertProviders that the analysis names, or what is wrong with those that cannot be read; by name. */
  readonly alertProviders: Readonly<Record<string, ReadAlertProvider>>
  readonly surroundings: Surroundings
  /**
   * Policies, of the kinds of core/policies, that select pods of the target or the primary by their labels, name them as peers, are about
   * the same pods as one that does, or are attached to one of the Services; copies of ours too. None where the labels of the primary are such that no policy can miss it.
   */
  readonly policies: readonly KubeObject[]
  /** Answers, by id of the Check. */
  readonly findings: Readonly<Record<string, Finding>>
  /** Kinds that cannot be watched, as a sentence that says why; null when all that matters is seen. */
  readonly unseen: string | null
  /**
   * Of a canary that is being deleted: which of the objects that it hands over, or removes, may exist and cannot be seen, as a
   * sentence; else null. Of kinds that are not installed there are none.
   */
  readonly hidden: string | null
  readonly sight: Sight
  /** Why the last writes failed; null when they did not. */
  readonly writeError: WriteError | null
}
