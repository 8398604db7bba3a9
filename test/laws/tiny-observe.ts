/** What the tiny world looks like to a controller: an Observation, as `controller/observe.ts` makes it out of its caches. */
import { type Canary, parseCanary } from '../../src/api/canary.ts'
import { type KubeObject, kinds } from '../../src/api/object.ts'
import { at, type Json, recordOf } from '../../src/core/json.ts'
import { labelMode } from '../../src/core/render/labels.ts'
import { namesOf } from '../../src/core/model/names.ts'
import type { Observation, RecordedTemplate, Settings, Workload } from '../../src/core/model/observation.ts'
import { configKey, trackedConfigs } from '../../src/core/render/configs.ts'
import { recordedTemplates } from '../../src/core/render/revisions.ts'
import { readTraffic } from '../../src/core/routers/index.ts'
import { readDeployment } from '../../src/core/workloads/deployment.ts'
import { sha256 } from '../core/given-objects.ts'
import { CANARY, PRIMARY, refTo, TARGET, type TinyWorld } from './tiny-world.ts'

export const settings: Settings = {
  settle: 1000,
  selectorLabels: ['app'],
  metricsServers: ['http://prometheus:9090'],
  ownerReferences: false,
  inlineQueries: true,
  rootNamespace: 'istio-system',
  allowedHosts: [],
  allowedGateways: [],
  trackConfigs: true,
}

const specs = new WeakMap<Json, Canary['spec']>()

/** Each spec is parsed once. */
export function parsed(object: KubeObject): Canary {
  const written = recordOf(object['spec'])
  const known = specs.get(written)
  if (known !== undefined) return { ...object, spec: known }
  const read = parseCanary(object)
  if ('problems' in read) throw new Error(read.problems.join('; '))
  specs.set(written, read.canary.spec)
  return { ...object, spec: read.canary.spec }
}

type Known = Pick<Observation, 'state' | 'memory' | 'findings' | 'writeError' | 'sight'>

const records = new WeakMap<readonly KubeObject[], readonly RecordedTemplate[]>()

function recordsIn(world: TinyWorld): readonly RecordedTemplate[] {
  const objects = world.all(kinds.ControllerRevision)
  const known = records.get(objects) ?? recordedTemplates(objects, CANARY.name)
  records.set(objects, known)
  return known
}

type Configs = Readonly<Record<string, string>>
const NO_CONFIGS: Configs = {}

function configsOf(world: TinyWorld, target: KubeObject | undefined): Configs {
  const configs: Record<string, string> = {}
  for (const reference of trackedConfigs(at(target?.['spec'], 'template'))) {
    const config = world.get(refTo(kinds.ConfigMap, reference.name))
    if (config !== undefined) configs[configKey(reference)] = String(config['contentHash'])
  }
  return configs
}

function workloadOf(world: TinyWorld, object: KubeObject | undefined, configs: Configs): Workload | null {
  if (object === undefined) return null
  const sets = (world.pods.get(object.metadata.name) ?? []).map(group => group.set)
  return readDeployment(object, sets, { configs, readyPercent: 100, sha256 })
}

export function observationOf(world: TinyWorld, canary: Canary, known: Known): Observation {
  const target = world.get(TARGET)
  const configs = configsOf(world, target)
  const subsets = canary.spec.service.destinationRule !== undefined
  const { endpoints } = world
  const { state, memory, findings, writeError, sight } = known
  // Filled in place: this is made for every pass of every history, and a copy of it is what costs.
  const seen: { -readonly [K in keyof Observation]: Observation[K] } = {
    state,
    memory,
    findings,
    writeError,
    sight,
    canary,
    names: namesOf(canary),
    settings,
    target: workloadOf(world, target, configs),
    primary: workloadOf(world, world.get(PRIMARY), NO_CONFIGS),
    traffic: null,
    live: world.live,
    endpoints: subsets
      ? null
      : { primary: endpoints.get('web-primary') ?? [], canary: endpoints.get('web-canary') ?? [] },
    recorded: recordsIn(world),
    configs,
    templates: {},
    unreadableTemplates: {},
    surroundings: {
      rivals: [],
      autoscalers: world.all(kinds.HorizontalPodAutoscaler),
      services: [],
      backends: [],
      virtualServices: world.all(kinds.VirtualService),
      destinationRules: world.all(kinds.DestinationRule),
      namespaceTerminating: world.weather.namespaceTerminating,
    },
    unseen: world.weather.unseen,
    hidden: canary.metadata.deletionTimestamp === undefined ? null : world.weather.unseen,
  }
  const undecided = seen.target === null || (state.phase === 'Initializing' && state.revision === null)
  if (!undecided) seen.memory = { ...memory, labels: labelMode(seen) }
  seen.traffic = readTraffic(seen)
  return seen
}
