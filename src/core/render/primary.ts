/**
 * The primary: a Deployment `<target>-primary` that runs exactly the template that was judged, from its record and never
 * from the target. It is replaced as a whole under its resourceVersion, because an apply would keep an `env` that another
 * manager added to the template.
 */
import { type KubeObject } from '../../api/object.ts'
import { at, covers, fingerprint, isRecord, type Json, present, recordOf, recordsOf, textsOf } from '../json.ts'
import {
  labelMode,
  type Labels,
  labelsOfPrimaryPods,
  primaryLabels,
  primarySelector,
  switchedLabel,
  targetLabels,
} from './labels.ts'
import { RENDERED_ANNOTATION, REPLICAS_ANNOTATION, REVISION_ANNOTATION } from '../model/names.ts'
import type { Observation, RecordedTemplate } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'
import { scalersOn } from '../autoscalers/index.ts'
import { isPausedByUs } from '../autoscalers/pause.ts'
import { mayStartPrimary } from './autoscalers.ts'
import { floorOnCopy, primaryIsAutoscaled, startSize } from './autoscaling.ts'
import { onCopies } from './configs.ts'
import { deleteOurs, inherited, isOurs, liveOf, ours } from './ownership.ts'
import { missingCopies } from './policies.ts'
import { withRestarts } from './restarts.ts'
import { followLabels } from './scheduling.ts'

/** Fields of a Deployment that are no part of the template and that the primary takes from the target as they are now. */
const ROLLOUT_FIELDS = ['strategy', 'minReadySeconds', 'progressDeadlineSeconds', 'revisionHistoryLimit'] as const

export function renderPrimary(o: Observation, posture: Posture): Write[] {
  if (posture.remove === 'everything') return deleteOurs(o, o.names.primary)
  const recorded = o.recorded.find(one => one.revision === posture.primary)
  const live = liveOf(o, o.names.primary)
  if (recorded === undefined || (live !== undefined && !isOurs(o, live))) return []
  const wanted = rendered(o, recorded, live)
  if (wanted === null) return []
  if (live === undefined)
    return mayStartPrimary(o, posture) && missingCopies(o).length === 0
      ? [{ verb: 'create', ref: o.names.primary, object: wanted }]
      : []
  if (standsAsRendered(live, wanted)) return []
  return [{ verb: 'replace', ref: o.names.primary, object: onto(live, wanted) }]
}

/** The primary as it is created; null where the target, or the way to tell its pods apart, is not known. */
function rendered(o: Observation, recorded: RecordedTemplate, live: KubeObject | undefined): KubeObject | null {
  const source = o.target?.object ?? live
  // A selector can never be changed; its labels also have to be on the pods.
  const selector = at(live?.spec, 'selector') ?? primarySelector(o)
  const template = templateFor(o, recorded, textsOf(at(selector, 'matchLabels')))
  if (source === undefined || !isRecord(selector) || template === null) return null
  const rollout = Object.fromEntries(ROLLOUT_FIELDS.map(field => [field, at(source.spec, field)]))
  const spec = { replicas: replicasOf(o, live), selector, ...present(rollout), template }
  const metadata = {
    labels: switchedMetadata(o, inherited(source.metadata.labels)),
    annotations: { ...inherited(source.metadata.annotations), [REVISION_ANNOTATION]: recorded.revision },
  }
  const object = ours(o, o.names.primary, metadata, { spec })
  const stamped = { ...object, metadata: withFingerprint(object) }
  return withHands(o, stamped, live)
}

/**
 * What is written, with what hands may change on it: restarts stay as long as the revision does, and the replicas are noted
 * beside what is asked for, so that another client's number is told from one that is not written yet.
 */
function withHands(o: Observation, object: KubeObject, live: KubeObject | undefined): KubeObject {
  const spec = recordOf(object.spec)
  const noted: Labels = primaryIsAutoscaled(o) ? {} : { [REPLICAS_ANNOTATION]: String(spec['replicas']) }
  const metadata = { ...object.metadata, annotations: { ...object.metadata.annotations, ...noted } }
  const same = live?.metadata.annotations?.[REVISION_ANNOTATION] === metadata.annotations[REVISION_ANNOTATION]
  const template = recordOf(spec['template'])
  const restarted = same ? withRestarts(template, at(live?.spec, 'template')) : template
  return { ...object, metadata, spec: { ...spec, template: restarted } }
}

/** What another client changed of the primary, which is changed back; replicas are the user's. null: nothing. */
export function changedOfPrimary(o: Observation, posture: Posture): 'template' | 'pause' | 'other fields' | null {
  const pair = livingAndWanted(o, posture)
  if (pair === null || !isSameRendering(pair)) return null
  const { live, wanted } = pair
  if (!templateStands(at(live.spec, 'template'), at(wanted.spec, 'template'))) return 'template'
  if (isPaused(live)) return 'pause'
  const { [REPLICAS_ANNOTATION]: _, ...annotations } = wanted.metadata.annotations ?? {}
  const { replicas: __, ...spec } = recordOf(wanted.spec)
  const isUnchanged =
    covers(live.metadata.annotations, annotations) &&
    covers(live.metadata.labels, wanted.metadata.labels) &&
    covers(live.spec, spec)
  return isUnchanged ? null : 'other fields'
}

/** Whether the primary is written for what it follows, and not for what another client changed of it. */
export function primaryFollows(o: Observation, posture: Posture): boolean {
  const pair = livingAndWanted(o, posture)
  return pair !== null && !isSameRendering(pair)
}

interface LivingAndWanted {
  readonly live: KubeObject
  readonly wanted: KubeObject
}

function livingAndWanted(o: Observation, posture: Posture): LivingAndWanted | null {
  const live = liveOf(o, o.names.primary)
  const recorded = o.recorded.find(one => one.revision === posture.primary)
  if (live === undefined || recorded === undefined || !isOurs(o, live)) return null
  const wanted = rendered(o, recorded, live)
  return wanted === null ? null : { live, wanted }
}

const isSameRendering = ({ live, wanted }: LivingAndWanted): boolean =>
  live.metadata.annotations?.[RENDERED_ANNOTATION] === wanted.metadata.annotations?.[RENDERED_ANNOTATION]

/** Replicas change all the time and belong to the client that scales: they are no part of what was rendered. */
function withFingerprint(object: KubeObject): KubeObject['metadata'] {
  const { replicas: _, ...spec } = recordOf(object['spec'])
  const annotations = { ...object.metadata.annotations, [RENDERED_ANNOTATION]: fingerprint({ ...object, spec }) }
  return { ...object.metadata, annotations }
}

/** In `switch` the workload's own label follows its pods', so that a list by label tells the two apart as well. */
function switchedMetadata(o: Observation, labels: Labels): Labels {
  const label = labelMode(o) === 'switch' ? switchedLabel(o) : null
  if (label === null || labels[label] !== targetLabels(o)[label]) return labels
  return primaryLabels(o, labels) ?? labels
}

/** The recorded template with the primary's labels, on copies of its configuration. */
function templateFor(o: Observation, recorded: RecordedTemplate, selected: Labels): Json | null {
  const labels = textsOf(at(recorded.template, 'metadata', 'labels'))
  if (o.target !== null && primaryLabels(o, labels) === null) return null
  const primary = labelsOfPrimaryPods(o, labels, selected)
  const template = onCopies(recorded)
  const metadata = { ...(isRecord(template['metadata']) ? template['metadata'] : {}), labels: primary }
  return { ...template, metadata, spec: followLabels(template['spec'], labels, primary) }
}

/** What the user last asked for; an autoscaler on the primary decides alone, and the floor that it has anyway is not waited for. */
function replicasOf(o: Observation, live: KubeObject | undefined): number {
  const current = at(live?.spec, 'replicas')
  const now = typeof current === 'number' ? current : null
  if (now !== null && primaryIsAutoscaled(o) && !isStranded(o, now)) return Math.max(now, floorOnCopy(o))
  if (o.canary.spec.autoscalerRef !== undefined) return startSize(o)
  return o.memory.replicas.desired ?? Math.max(1, now ?? o.target?.replicas ?? 1)
}

/**
 * At 0 no autoscaler acts, and the primary serves: its copy has at least one pod. What only a user's own scales may be at 0, unless a
 * pause that was written for the target has set it to that.
 */
const isStranded = (o: Observation, replicas: number): boolean =>
  replicas === 0 &&
  (o.canary.spec.autoscalerRef !== undefined || scalersOn(o, o.names.primary).some(one => isPausedByUs(one)))

/**
 * What we wrote is still there, and nothing was added that a user adds. Other members that only the live template has (a
 * default of a newer API server, an annotation) stay until the next promotion sets the template as a whole.
 */
function standsAsRendered(live: KubeObject, wanted: KubeObject): boolean {
  return (
    !isPaused(live) &&
    covers(live.metadata.annotations, wanted.metadata.annotations) &&
    covers(live.metadata.labels, wanted.metadata.labels) &&
    covers(live.spec, wanted.spec) &&
    templateStands(at(live.spec, 'template'), at(wanted.spec, 'template'))
  )
}

/** A paused primary takes neither a promotion nor a restart. */
const isPaused = (live: KubeObject): boolean => at(live.spec, 'paused') === true

const templateStands = (live: unknown, wanted: unknown): boolean =>
  covers(live, wanted) && nothingAdded(at(live, 'spec'), at(wanted, 'spec'))

/** What no API server fills in by itself: where only the live template has one of these, a user or a tool put it there. */
const OF_PODS = ['volumes', 'initContainers', 'nodeSelector', 'affinity', 'tolerations', 'hostAliases']
const OF_CONTAINERS = ['env', 'envFrom', 'command', 'args', 'volumeMounts', 'lifecycle', 'ports']

function nothingAdded(live: unknown, wanted: unknown): boolean {
  const added = (fields: readonly string[], one: unknown, other: unknown): boolean =>
    fields.some(field => at(one, field) !== undefined && at(other, field) === undefined)
  const addedTo = (list: string): boolean => {
    const containers = recordsOf(at(wanted, list))
    return recordsOf(at(live, list)).some((container, i) => added(OF_CONTAINERS, container, containers[i]))
  }
  return !added(OF_PODS, live, wanted) && !addedTo('containers') && !addedTo('initContainers')
}

/** `live` with our spec and our metadata; labels and annotations of others stay, and so does everything else. */
function onto(live: KubeObject, wanted: KubeObject): KubeObject {
  const { name, namespace, uid, resourceVersion, finalizers } = live.metadata
  return {
    ...live,
    metadata: {
      name,
      ...present({ namespace, uid, resourceVersion, finalizers }),
      labels: { ...live.metadata.labels, ...wanted.metadata.labels },
      annotations: { ...live.metadata.annotations, ...wanted.metadata.annotations },
      ...present({ ownerReferences: wanted.metadata.ownerReferences ?? live.metadata.ownerReferences }),
    },
    spec: { ...recordOf(live.spec), paused: false, ...recordOf(wanted.spec) },
  }
}
