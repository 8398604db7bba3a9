/**
 * A Canary → everything that its next move may depend on, read from what is known of the cluster: the caches of the controller, or
 * what a command has fetched (live-reader.ts). No request is made here. What is read is also what the Canary is woken by.
 */
import { kindKey, kinds, refKey, type Kind, type KubeObject, type Ref } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { mayApexLeadToCanary, topologyOf } from '../api/providers.ts'
import type { Finding } from '../core/model/check.ts'
import { at } from '../core/json.ts'
import { labelMode } from '../core/render/labels.ts'
import type { Memory } from '../core/model/memory.ts'
import { namesOf, type Names } from '../core/model/names.ts'
import type { Observation, Settings, Sight, WriteError, Workload } from '../core/model/observation.ts'
import type { Sha256 } from '../core/ports.ts'
import { scalerKinds } from '../core/autoscalers/index.ts'
import { trackedConfigs } from '../core/render/configs.ts'
import { recordedTemplates } from '../core/render/revisions.ts'
import { recordedServices } from '../core/render/service-record.ts'
import { routingOf } from '../core/routers/index.ts'
import { momentOf } from '../core/problems/index.ts'
import { awaitedPods } from '../core/model/selectors.ts'
import type { State } from '../core/model/state.ts'
import type { Percent } from '../core/time.ts'
import { workloadKindOf } from '../core/workloads/index.ts'
import type { WorkloadKind } from '../core/workloads/workload-kind.ts'
import type { Reflector } from '../runtime/reflector.ts'
import type { ConfigContents } from './config-contents.ts'
import { configKinds, readyPods } from './kinds.ts'
import { neededConfigKinds, readConfigs } from './mounted-configs.ts'
import { readAlertProviders } from './alert-providers.ts'
import { readMetricTemplates } from './metric-templates.ts'
import { namespaceOf, type Samples } from './pod-samples.ts'
import type { PodTroubleReader } from './pod-troubles.ts'
import { readCanary } from './read-canary.ts'
import { leftoverPolicyKinds, mayHaveCopies, neededPolicyKinds, policiesAround } from './policies-around.ts'
import { type Reader, TrackedReader } from './reader.ts'
import { sharedWith } from './shared-observation.ts'
import { surroundingsOf } from './surroundings.ts'
import { START, unseenNeeded } from './watch-health.ts'

/** What memory adds to the caches. */
export interface ReconcileContext {
  readonly state: State
  readonly memory: Memory
  readonly findings: Readonly<Record<string, Finding>>
  readonly writeError: WriteError | null
  readonly unseen: string | null
  readonly hidden: string | null
  readonly namespaceTerminating: boolean
  readonly sight: Sight
  /** The last observation, which the next shares with; null: none is kept. */
  readonly before: Observation | null
}

export interface Observed {
  readonly observation: Observation
  /** Kinds that the canary needs to be followed beside those of every canary: configuration in its namespace, and policies. */
  readonly needs: readonly Kind[]
  /** Not all of them are known yet, and have to be before anything is decided. */
  readonly blind: boolean
}

export class Observer {
  readonly #reader: Reader
  readonly #contents: Pick<ConfigContents, 'of' | 'retain'>
  readonly #settings: Settings
  readonly #sha256: Sha256
  readonly #samples: Samples
  readonly #podTroubles: PodTroubleReader

  constructor(
    reader: Reader,
    contents: Pick<ConfigContents, 'of' | 'retain'>,
    samples: Samples,
    podTroubles: PodTroubleReader,
    settings: Settings,
    sha256: Sha256,
  ) {
    this.#reader = reader
    this.#samples = samples
    this.#podTroubles = podTroubles
    this.#contents = contents
    this.#settings = settings
    this.#sha256 = sha256
  }

  /**
   * The Canary with the provider that splits its traffic, or what is wrong with it.
   *
   * @param recorded provider that the status remembers; null before the Canary is initialized.
   */
  read(object: KubeObject, recorded: Memory['provider']): ReturnType<typeof readCanary> {
    return readCanary(object, this.#settings.provider, recorded)
  }

  /**
   * @param interests receives everything that was read.
   */
  observe(canary: Canary, known: ReconcileContext, interests: Set<string>): Observed {
    const names = namesOf(canary)
    const provider = routingOf({ canary })
    const reader = new TrackedReader(this.#reader, interests, names.namespace)
    const target = reader.get(names.target)
    const records = reader.byIndex(kinds.ControllerRevision, 'canary', `${names.namespace}/${names.canary}`)
    const recorded = recordedTemplates(records, names.canary)
    const references = this.#settings.trackConfigs ? trackedConfigs(at(target?.spec, 'template')) : []
    const { configs, unread, problems } = readConfigs(reader, this.#contents, names, references)
    const configNeeds = this.#settings.trackConfigs ? neededConfigKinds(reader, names, references, recorded) : []
    const { analysis } = canary.spec
    const workloadKind = workloadKindOf(canary)
    const workloads = {
      target: this.#workload(reader, workloadKind, target, configs, analysis.canaryReadyThreshold),
      primary: this.#workload(reader, workloadKind, reader.get(names.primary), {}, analysis.primaryReadyThreshold),
    }
    const refs = provider.refs({ canary, names }, (kind, index, key) => reader.byIndex(kind, index, key))
    const live = this.#live(reader, refs, names)
    const surroundings = surroundingsOf(reader, this.#settings, canary, names, workloads.target, known)
    const endpoints = topologyOf(canary.spec) === 'subsets' ? null : this.#endpoints(reader, canary, names)
    const { samples, unread: unsampled } = this.#sample(canary, names, endpoints)
    const seen = {
      canary,
      names,
      settings: this.#settings,
      state: known.state,
      memory: known.memory,
      ...workloads,
      traffic: null,
      live,
      subsets: provider.subsets({ canary, names, live }),
      endpoints,
      samples,
      podTroubles: this.#podTroubles.of(
        `${names.namespace}/${names.canary}`,
        awaitedPods({ names, state: known.state, ...workloads }),
      ),
      recorded,
      recordedServices: recordedServices(records, names.canary),
      configs,
      ...readMetricTemplates(reader, canary),
      alertProviders: readAlertProviders(reader, canary),
      surroundings,
      findings: known.findings,
      sight: known.sight,
      writeError: known.writeError,
    }
    const policyNeeds = neededPolicyKinds(reader, seen)
    const { policies, copies } = policiesAround(reader, seen)
    const needs = [...configNeeds, ...policyNeeds]
    const leftovers = leftoverPolicyKinds(seen)
    const labels = labelMode(seen)
    const unseenNeeds = unseenNeeded(this.#reader.reflectors(), names.namespace, needs, labels)
    // Chosen with the first primary, and not while something still blocks it.
    const isBefore = seen.state.phase === 'Initializing' && seen.state.revision === null
    const memory = {
      ...seen.memory,
      provider: isBefore ? seen.memory.provider : canary.spec.provider,
      labels: isBefore || seen.target === null ? seen.memory.labels : labelMode(seen),
      policyCopies: mayHaveCopies({ ...seen, policies }, copies, kind => this.#isKnown(kind, names.namespace)),
    }
    const isDeleted = canary.metadata.deletionTimestamp !== undefined
    const observation = {
      ...seen,
      memory,
      live: { ...live, ...copies },
      policies,
      hidden:
        known.hidden ??
        (isDeleted ? unseenNeeded(this.#reader.reflectors(), names.namespace, policyNeeds, labels) : null),
      unseen: known.unseen ?? unseenNeeds,
    }
    // What one object hides is said when all kinds are seen.
    const hidden = [...problems, ...reader.refusals, reader.lack()].filter(one => one !== null)
    const unseen = observation.unseen ?? (hidden.length === 0 ? null : hidden.join('. '))
    return {
      observation: sharedWith(known.before, { ...observation, unseen, traffic: provider.read(observation) }),
      needs: [...new Set([...needs, ...leftovers])],
      blind:
        unread ||
        configNeeds.some(kind => !this.#reader.synced(kind, names.namespace)) ||
        policyNeeds.some(kind => !this.#isKnown(kind, names.namespace)) ||
        (leftovers.some(kind => !this.#isKnown(kind, names.namespace)) &&
          unseenNeeded(this.#reader.reflectors(), names.namespace, leftovers, labels) === null) ||
        (unsampled && isSampleAwaited(observation)) ||
        provider.kinds.some(({ kind }) => !this.#isSynced(kind, names.namespace)) ||
        [...refs.map(({ kind }) => kind), ...provider.namedKinds({ canary, names })].some(kind =>
          this.#isAwaited(kind),
        ) ||
        (names.scaler !== null && !this.#isSynced(names.scaler.kind, names.namespace)),
    }
  }

  /** It is watched, and it is not known yet whether there are objects of it: after a while what can do without it does, and the rest says it. */
  #isAwaited(kind: Kind): boolean {
    const isDue = (one: Reflector): boolean => ['listing', 'waiting'].includes(one.state) && one.awaited() < START
    return this.#reader.reflectors().some(one => kindKey(one.kind) === kindKey(kind) && !one.synced && isDue(one))
  }

  /** In its own namespace, or in all. */
  #isSynced(kind: Kind, namespace: string): boolean {
    return this.#reader.synced(kind) || this.#reader.synced(kind, namespace)
  }

  /** Listed, or known not to be there. */
  #isKnown(kind: Kind, namespace: string): boolean {
    const isAbsent = this.#reader
      .reflectors()
      .some(one => one.kind === kind && (one.namespace === '' || one.namespace === namespace) && one.state === 'absent')
    return isAbsent || this.#isSynced(kind, namespace)
  }

  #workload(
    reader: TrackedReader,
    kind: WorkloadKind,
    object: KubeObject | undefined,
    configs: Readonly<Record<string, string>>,
    readyPercent: Percent,
  ): Workload | null {
    if (object === undefined) return null
    const children = reader.byIndex(kind.childKind, 'owner', object.metadata.uid ?? '')
    return kind.read(object, children, { configs, readyPercent, sha256: this.#sha256 })
  }

  #endpoints(reader: TrackedReader, canary: Canary, names: Names): NonNullable<Observation['endpoints']> {
    const of = (service: Ref): string[] =>
      reader.byIndex(kinds.EndpointSlice, 'service', `${service.namespace}/${service.name}`).flatMap(readyPods)
    const apex = mayApexLeadToCanary(canary.spec) ? of(names.apexService) : []
    return { primary: of(names.primaryService), canary: of(names.canaryService), apex }
  }

  /** The first pod by name stands for its side. */
  #sample(
    canary: Canary,
    names: Names,
    endpoints: Observation['endpoints'],
  ): { samples: Observation['samples']; unread: boolean } {
    const key = `${names.namespace}/${names.canary}`
    const pods = (['primary', 'canary'] as const).map((side): Ref | null => {
      const [name] = routingOf({ canary }).injects ? (endpoints?.[side].toSorted() ?? []) : []
      return name === undefined ? null : { kind: kinds.Pod, namespace: names.namespace, name }
    })
    const [primary, ofCanary] = pods.map(pod => (pod === null ? null : this.#samples.of(pod, key)))
    const there = pods.filter(pod => pod !== null)
    const isAlone = there.length === 0 && routingOf({ canary }).injects
    const around = namespaceOf(names)
    const namespaceLabels = isAlone ? this.#samples.labelsOf(around, key) : null
    this.#samples.retain(key, routingOf({ canary }).injects ? [...there, around] : [])
    return {
      samples: { primary: primary ?? null, canary: ofCanary ?? null, namespaceLabels: namespaceLabels ?? null },
      unread: [primary, ofCanary, namespaceLabels].includes(undefined),
    }
  }

  /** @param own what the provider reads. */
  #live(reader: TrackedReader, own: readonly Ref[], names: Names): Record<string, KubeObject> {
    const live: Record<string, KubeObject> = {}
    const refs = [
      names.target,
      names.primary,
      names.apexService,
      names.primaryService,
      names.canaryService,
      ...own,
      ...[names.scaler, names.primaryScaler].filter(ref => ref !== null),
    ]
    for (const ref of refs) {
      const object = reader.get(ref)
      if (object !== undefined) live[refKey(ref)] = object
    }
    for (const kind of [...configKinds, ...scalerKinds.map(one => one.kind)]) {
      for (const copy of reader.byIndex(kind, 'canary', `${names.namespace}/${names.canary}`)) {
        live[refKey({ kind, namespace: names.namespace, name: copy.metadata.name })] = copy
      }
    }
    return live
  }
}

/**
 * A run under way is not held for a pod to be read. At rest, each process that starts would remove a warning that a pod is the cause of, and
 * write it again.
 */
function isSampleAwaited(o: Pick<Observation, 'state'>): boolean {
  const moment = momentOf(o)
  return moment !== null && moment !== 'run'
}
