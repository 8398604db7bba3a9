/**
 * A Canary → everything that its next move may depend on, read from what is known of the cluster: the caches of the controller, or
 * what a command has fetched (live-reader.ts). No request is made here. What is read is also what the Canary is woken by.
 */
import { kinds, refKey, type Kind, type KubeObject, type Ref } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { topologyOf } from '../api/providers.ts'
import { parseMetricTemplate, type MetricTemplate } from '../api/templates.ts'
import type { Finding } from '../core/model/check.ts'
import { at, textsOf } from '../core/json.ts'
import { labelMode, selects, templateLabels } from '../core/render/labels.ts'
import type { Memory } from '../core/model/memory.ts'
import { namesOf, type Names } from '../core/model/names.ts'
import type {
  Observation,
  RecordedTemplate,
  Settings,
  Sight,
  Surroundings,
  WriteError,
  Workload,
} from '../core/model/observation.ts'
import type { Sha256 } from '../core/ports.ts'
import { configKey, type ConfigReference, isTracked, trackedConfigs } from '../core/render/configs.ts'
import { isOurs } from '../core/render/ownership.ts'
import { recordedTemplates } from '../core/render/revisions.ts'
import { selectorBefore } from '../core/render/original.ts'
import { routingOf } from '../core/routers/index.ts'
import type { State } from '../core/model/state.ts'
import type { Percent } from '../core/time.ts'
import { readDeployment } from '../core/workloads/deployment.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import type { ConfigContents } from './config-contents.ts'
import { readCanary } from './read-canary.ts'
import { type Reader, TrackedReader } from './reader.ts'
import { configKinds, followedWherePresent, readyPods, selectorKeys } from './kinds.ts'
import { unseenConfigs } from './watch-health.ts'

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
}

export interface Observed {
  readonly observation: Observation
  /** Kinds of configuration that the canary needs to be followed in its namespace. */
  readonly needs: readonly Kind[]
  /** Not all of them are known yet, and have to be before anything is decided. */
  readonly blind: boolean
}

const parsedTemplates = new WeakMap<KubeObject, ReturnType<typeof parseMetricTemplate>>()

export class Observer {
  readonly #reader: Reader
  readonly #contents: Pick<ConfigContents, 'of' | 'retain'>
  readonly #settings: Settings
  readonly #sha256: Sha256

  constructor(reader: Reader, contents: Pick<ConfigContents, 'of' | 'retain'>, settings: Settings, sha256: Sha256) {
    this.#reader = reader
    this.#contents = contents
    this.#settings = settings
    this.#sha256 = sha256
  }

  /** The Canary with the provider that splits its traffic, or what is wrong with it. */
  read(object: KubeObject): ReturnType<typeof readCanary> {
    return readCanary(object, this.#settings.provider)
  }

  /**
   * @param interests receives everything that was read.
   */
  observe(canary: Canary, known: ReconcileContext, interests: Set<string>): Observed {
    const names = namesOf(canary)
    const provider = routingOf({ canary })
    const reader = new TrackedReader(this.#reader, interests)
    const target = reader.get(names.target)
    const recorded = recordedTemplates(
      reader.byIndex(kinds.ControllerRevision, 'canary', `${names.namespace}/${names.canary}`),
      names.canary,
    )
    const references = this.#settings.trackConfigs ? trackedConfigs(at(target?.spec, 'template')) : []
    const { configs, unread, problems } = this.#configs(reader, names, references)
    const needs = this.#needs(reader, names, references, recorded)
    const { analysis } = canary.spec
    const workloads = {
      target: this.#workload(reader, target, configs, analysis.canaryReadyThreshold),
      primary: this.#workload(reader, reader.get(names.primary), {}, analysis.primaryReadyThreshold),
    }
    const live = this.#live(reader, canary, names)
    const surroundings = this.#surroundings(reader, canary, names, workloads.target, known.namespaceTerminating)
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
      endpoints: topologyOf(canary.spec) === 'subsets' ? null : this.#endpoints(reader, names),
      recorded,
      configs,
      ...this.#metricTemplates(reader, canary, names),
      surroundings,
      findings: known.findings,
      sight: known.sight,
      writeError: known.writeError,
      hidden: known.hidden,
      unseen: known.unseen ?? unseenConfigs(this.#reader.reflectors(), names.namespace, needs),
    }
    // Chosen with the first primary, and not while something still blocks it.
    const undecided = seen.target === null || (seen.state.phase === 'Initializing' && seen.state.revision === null)
    const memory = { ...seen.memory, labels: undecided ? seen.memory.labels : labelMode(seen) }
    const observation = { ...seen, memory }
    // What one object hides is said when all kinds are seen.
    const hidden = [...problems, ...reader.refusals]
    const unseen = observation.unseen ?? (hidden.length === 0 ? null : hidden.join('. '))
    return {
      observation: { ...observation, unseen, traffic: provider.read(observation) },
      needs,
      blind:
        unread ||
        needs.some(kind => !this.#reader.synced(kind, names.namespace)) ||
        provider.kinds.some(({ kind }) => !this.#isSynced(kind, names.namespace)),
    }
  }

  /** In its own namespace, or in all. */
  #isSynced(kind: Kind, namespace: string): boolean {
    return this.#reader.synced(kind) || this.#reader.synced(kind, namespace)
  }

  #workload(
    reader: TrackedReader,
    object: KubeObject | undefined,
    configs: Readonly<Record<string, string>>,
    readyPercent: Percent,
  ): Workload | null {
    if (object === undefined) return null
    const sets = reader.byIndex(kinds.ReplicaSet, 'owner', object.metadata.uid ?? '')
    return readDeployment(object, sets, { configs, readyPercent, sha256: this.#sha256 })
  }

  /** Hashes of the configuration that the target mounts; what does not exist is left out. */
  #configs(
    reader: TrackedReader,
    { namespace, canary }: Names,
    references: readonly ConfigReference[],
  ): { configs: Record<string, string>; unread: boolean; problems: string[] } {
    const configs: Record<string, string> = {}
    const problems: string[] = []
    const mounted: Ref[] = []
    let unread = false
    const key = `${namespace}/${canary}`
    for (const reference of references) {
      const ref = { kind: kindOf(reference), namespace, name: reference.name }
      const config = reader.get(ref)
      if (config === undefined || !isTracked(config)) continue
      mounted.push(ref)
      const { hash, problem } = this.#contents.of(ref, config, key)
      if (problem !== null) problems.push(problem)
      if (hash !== null) configs[configKey(reference)] = hash
      else unread = true
    }
    this.#contents.retain(key, mounted)
    return { configs, unread, problems }
  }

  /**
   * What the target mounts now, what a recorded template mounted (a promotion, or a clean-up after a restart, has to see its
   * copies), and what there are copies of.
   */
  #needs(
    reader: TrackedReader,
    names: Names,
    references: readonly ConfigReference[],
    recorded: readonly RecordedTemplate[],
  ): Kind[] {
    const remembered = recorded.flatMap(({ configs }) => Object.keys(configs))
    if (!this.#settings.trackConfigs) return []
    return configKinds.filter(
      kind =>
        references.some(reference => kindOf(reference) === kind) ||
        remembered.some(key => key.startsWith(`${kind.plural}/`)) ||
        reader.byIndex(kind, 'canary', `${names.namespace}/${names.canary}`).length > 0,
    )
  }

  #endpoints(reader: TrackedReader, names: Names): NonNullable<Observation['endpoints']> {
    const of = (service: Ref): string[] =>
      reader.byIndex(kinds.EndpointSlice, 'service', `${service.namespace}/${service.name}`).flatMap(readyPods)
    return { primary: of(names.primaryService), canary: of(names.canaryService) }
  }

  #live(reader: TrackedReader, canary: Canary, names: Names): Record<string, KubeObject> {
    const live: Record<string, KubeObject> = {}
    const refs = [
      names.target,
      names.primary,
      names.apexService,
      names.primaryService,
      names.canaryService,
      ...routingOf({ canary }).refs({ canary, names }),
    ]
    for (const ref of refs) {
      const object = reader.get(ref)
      if (object !== undefined) live[refKey(ref)] = object
    }
    for (const kind of configKinds) {
      for (const copy of reader.byIndex(kind, 'canary', `${names.namespace}/${names.canary}`)) {
        live[refKey({ kind, namespace: names.namespace, name: copy.metadata.name })] = copy
      }
    }
    return live
  }

  #surroundings(
    reader: TrackedReader,
    canary: Canary,
    names: Names,
    target: Workload | null,
    namespaceTerminating: boolean,
  ): Surroundings {
    const { namespace } = names
    const claims = [`${namespace}/target/${names.target.name}`, `${namespace}/service/${names.apexService.name}`]
    const rivals = claims.flatMap(claim => reader.byIndex(kinds.Canary, 'claims', claim))
    const scalers = [kinds.HorizontalPodAutoscaler, ...followedWherePresent].flatMap(kind =>
      [names.target.name, names.primary.name].flatMap(name => reader.byIndex(kind, 'scales', `${namespace}/${name}`)),
    )
    const labels = textsOf(at(target?.object.spec, 'template', 'metadata', 'labels'))
    const services = selectorKeys(namespace, labels).flatMap(key => reader.byIndex(kinds.Service, 'selector', key))
    const own = [names.apexService, names.primaryService, names.canaryService]
    const ours = new Set(own.map(ref => ref.name))
    const workloads = new Set([names.target.name, names.primary.name])
    const apex = reader.get(names.apexService)
    const selector = apex === undefined || isOurs({ names }, apex) ? {} : selectorBefore(apex)
    return {
      rivals: distinct(rivals).filter(one => one.metadata.name !== names.canary),
      autoscalers: distinct(scalers),
      services: distinct(services).filter(
        service => !ours.has(service.metadata.name) && selects(textsOf(at(service.spec, 'selector')), labels),
      ),
      backends: [kinds.Deployment, kinds.ReplicaSet].flatMap(kind =>
        reader
          .bySmallest(kind, 'pods', selectorKeys(namespace, selector))
          .filter(one => selects(selector, templateLabels(one)) && !workloads.has(one.metadata.name)),
      ),
      ...routingOf({ canary }).surroundings({ canary, names, settings: this.#settings }, (kind, index, key) =>
        reader.byIndex(kind, index, key),
      ),
      namespaceTerminating,
    }
  }

  #metricTemplates(
    reader: TrackedReader,
    canary: Canary,
    names: Names,
  ): Pick<Observation, 'templates' | 'unreadableTemplates'> {
    const { metrics, steps = [] } = canary.spec.analysis
    const templates: Record<string, MetricTemplate> = {}
    const unreadableTemplates: Record<string, readonly string[]> = {}
    for (const { templateRef } of [...metrics, ...steps.flatMap(step => step.metrics)]) {
      if (templateRef === undefined) continue
      const object = reader.get({ kind: kinds.MetricTemplate, namespace: names.namespace, name: templateRef.name })
      if (object === undefined) continue
      const refusal = refusalOf(object)
      const parsed =
        refusal === null ? (parsedTemplates.get(object) ?? parseMetricTemplate(object)) : { problems: [refusal] }
      parsedTemplates.set(object, parsed)
      if ('template' in parsed) templates[templateRef.name] = parsed.template
      else unreadableTemplates[templateRef.name] = parsed.problems
    }
    return { templates, unreadableTemplates }
  }
}

const kindOf = ({ kind }: ConfigReference): Kind => (kind === 'Secret' ? kinds.Secret : kinds.ConfigMap)

function distinct(objects: readonly KubeObject[]): readonly KubeObject[] {
  return objects.length < 2 ? objects : [...new Set(objects)]
}
