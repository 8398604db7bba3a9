/**
 * KEDA's ScaledObject. Without a pause it writes the target's replicas itself, 0 included, so the user's own is paused between
 * releases (pause.ts). https://keda.sh/docs/latest/reference/scaledobject-spec/
 */
import { apiVersionOf, kinds, type KubeObject } from '../../api/object.ts'
import { at, isRecord, type Json, listOf, numberOf, present, recordOf, recordsOf, textOf } from '../json.ts'
import { listedInWords } from '../problems/problem.ts'
import { aboutPrimary, mentions } from './mentions.ts'
import { PAUSE_ANNOTATIONS } from './pause.ts'
import type { Copying, Limits, ScalerKind } from './scaler-kind.ts'

/** KEDA's, where the ScaledObject says none. */
const MOST = 100

const limits = ({ spec }: KubeObject): Limits => ({
  min: numberOf(at(spec, 'minReplicaCount'), 0),
  max: numberOf(at(spec, 'maxReplicaCount'), MOST),
})

const triggersOf = (scaler: KubeObject): readonly Json[] => recordsOf(at(scaler.spec, 'triggers'))

/** Of other systems a name in a query may be anything, a table for example: those are left alone. */
const isPrometheus = (trigger: Json): boolean => trigger['type'] === 'prometheus'

/** The trigger as the primary's has it: with its own query, else with one about the primary. */
function triggerOfPrimary(trigger: Json, { reference, target, primary }: Copying): Json {
  const metadata = recordOf(trigger['metadata'])
  const { primaryScalerQueries } = reference
  const name = textOf(trigger['name'])
  const query = metadata['query']
  if (primaryScalerQueries !== undefined) {
    if (!Object.hasOwn(primaryScalerQueries, name)) return trigger
    return { ...trigger, metadata: { ...metadata, query: primaryScalerQueries[name] } }
  }
  if (!isPrometheus(trigger) || typeof query !== 'string') return trigger
  return { ...trigger, metadata: { ...metadata, query: aboutPrimary(query, target.name, primary.name) } }
}

/**
 * What would undo the primary's size is left out: at its end nothing is set back to the replicas from before. The name of an HPA
 * can be used once.
 */
function advancedOfPrimary(advanced: unknown): Json | undefined {
  if (!isRecord(advanced)) return undefined
  const { restoreToOriginalReplicaCount: _, horizontalPodAutoscalerConfig: config, ...rest } = advanced
  if (!isRecord(config)) return rest
  const { name, ...behaviour } = config
  return { ...rest, horizontalPodAutoscalerConfig: present({ ...behaviour, name: nameOfPrimary(name) }) }
}

const nameOfPrimary = (name: unknown): string | undefined => (typeof name === 'string' ? `${name}-primary` : undefined)

export const scaledObject: ScalerKind = {
  kind: kinds.ScaledObject,
  since: 'KEDA 2.0 or newer',
  install: 'Install KEDA, which is found within ten minutes',
  pausable: true,
  limits,
  stopsIdle: scaler => limits(scaler).min === 0 || at(scaler.spec, 'idleReplicaCount') !== undefined,
  // The label is KEDA's own, with the name of each ScaledObject.
  ownMetadata: new Set([
    ...PAUSE_ANNOTATIONS,
    'scaledobject.keda.sh/name',
    'scaledobject.keda.sh/transfer-hpa-ownership',
  ]),
  copyOf(scaler, copying) {
    // An idle primary would be scaled to 0 in spite of its minimum.
    const { idleReplicaCount: _, advanced, ...rest } = recordOf(scaler.spec)
    const { primary, limits: of } = copying
    const scaleTargetRef = {
      ...recordOf(rest['scaleTargetRef']),
      apiVersion: apiVersionOf(primary.kind),
      kind: primary.kind.kind,
      name: primary.name,
    }
    return present({
      ...rest,
      scaleTargetRef,
      minReplicaCount: of.min,
      maxReplicaCount: of.max,
      advanced: advancedOfPrimary(advanced),
      triggers: triggersOf(scaler).map(trigger => triggerOfPrimary(trigger, copying)),
    })
  },
  refusal(scaler, { primaryScalerQueries = {} }) {
    const triggers = triggersOf(scaler)
    if (listOf(at(scaler.spec, 'triggers')).length === 0)
      return 'has no triggers, so it scales nothing. Add one to spec.triggers'
    const names = triggers.flatMap(({ name }) => (typeof name === 'string' ? [name] : []))
    const unknown = Object.keys(primaryScalerQueries).filter(name => !names.includes(name))
    const fixed = triggers.find(
      trigger =>
        Object.hasOwn(primaryScalerQueries, textOf(trigger['name'])) && at(trigger, 'metadata', 'query') === undefined,
    )
    if (unknown.length === 0 && fixed !== undefined) {
      const name = textOf(fixed['name'])
      return `has trigger ${name} of type ${textOf(fixed['type'])}, which has no metadata.query, so spec.autoscalerRef.primaryScalerQueries changes nothing of it. Remove ${name} there`
    }
    if (unknown.length === 0) return null
    const there = names.length === 0 ? 'its triggers have no names' : `its triggers are named ${listedInWords(names)}`
    return `has no trigger named ${listedInWords(unknown)}, as spec.autoscalerRef.primaryScalerQueries does; ${there}. Write the name of a trigger`
  },
  metricsOfTarget: (scaler, { primaryScalerQueries }, target) =>
    triggersOf(scaler).flatMap((trigger, index) => {
      const named = textOf(trigger['name'])
      const said = `${textOf(trigger['type'])} trigger ${named === '' ? index : named}`
      const rewritten =
        primaryScalerQueries === undefined ? isPrometheus(trigger) : Object.hasOwn(primaryScalerQueries, named)
      return !rewritten && mentions(JSON.stringify(trigger['metadata'] ?? {}), target.name) ? [said] : []
    }),
}
