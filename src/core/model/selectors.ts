/** Questions about an observation that several rules ask: one answer each, in one place. */
import { kindAndName, POD_HASH_LABEL } from './names.ts'
import { at, recordsOf, textOf, textsOf } from '../json.ts'
import type { Observation, Pods, PodTrouble, RecordedTemplate, Workload } from './observation.ts'
import type { Analysis, Revision, Run, Stage, State, StateOf } from './state.ts'
import { type Awaited, type Waiting, waitingFor } from './waiting.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { carries, isNone, NONE, type Traffic } from './traffic.ts'
import { templateOf } from './revision.ts'

/** The pods of one revision of a workload; none where it has no ReplicaSet of that template. */
export function podsOf(workload: Workload | null, revision: Revision): Pods | null {
  return workload?.pods[templateOf(revision)] ?? null
}

/** Ready pods of the candidate, whatever else the target runs. */
export function judgedReady(o: Observation, revision: Revision): number {
  return podsOf(o.target, revision)?.ready ?? 0
}

/** The last revision that carried: its pods may still be there to serve in place of the primary. Those of a run that never carried were not judged. */
export function judgedOf(o: Observation): Revision {
  return o.memory.history.find(run => run.highest > 0 || run.outcome === 'Succeeded')?.revision ?? ''
}

/** The primary has no ready pod, and pods of this revision can carry for it. */
export function standsIn(o: Observation, revision: Revision): boolean {
  return (o.primary?.ready ?? 0) === 0 && judgedReady(o, revision) > 0
}

/** What people are told then. */
export function standInSentence({ names }: Observation): string {
  return `${kindAndName(names.primary)} has no ready pod; the canary serves all traffic until it does`
}

/** A generated name keeps so much of what it is made from (apiserver's names.maxGeneratedNameLength). */
const LONGEST_GENERATED = 58

/** How the names of the pods of a ReplicaSet begin. */
export const podPrefixOf = (replicaSet: string): string => `${replicaSet}-`.slice(0, LONGEST_GENERATED)

/** How the names of the pods of one revision begin. */
export const podPrefix = ({ object }: Workload, { hash }: Pods): string =>
  podPrefixOf(`${object.metadata.name}-${hash}`)

/**
 * Pods of a revision that its side Service does not lead to yet. Ready pods come into EndpointSlices a moment later, and
 * callers that are moved before find no pod. Without side Services the settle time has to do.
 */
export function unreached(o: Observation, side: 'primary' | 'canary', revision: Revision): number {
  return unlisted(o, side, side === 'primary' ? o.primary : o.target, revision)
}

/** How many ready pods of a revision of a workload the EndpointSlices of a Service do not list. */
export function unlisted(
  o: Observation,
  service: 'primary' | 'canary' | 'apex',
  workload: Workload | null,
  revision: Revision,
): number {
  const pods = podsOf(workload, revision)
  if (o.endpoints === null || workload === null || pods === null) return 0
  const prefix = podPrefix(workload, pods)
  const led = new Set(o.endpoints[service].filter(pod => pod.startsWith(prefix)))
  return Math.max(0, pods.ready - led.size)
}

/** Whether a pod is one of a workload's, by its name. */
export const isPodOf = (workload: Workload | null, pod: string): boolean =>
  workload !== null && Object.values(workload.pods).some(pods => pod.startsWith(podPrefix(workload, pods)))

/** The template that a revision stands for, if it was recorded. */
export function recordedOf(o: Observation, revision: Revision): RecordedTemplate | undefined {
  return o.recorded.find(one => one.revision === revision)
}

/**
 * Since when the routes have been read back at `traffic`: the moment that is remembered, now if it is seen for the first time,
 * null while it is not seen.
 */
export function carriedSince(
  o: Observation,
  traffic: Traffic,
  remembered: Instant | null,
  now: Instant,
): Instant | null {
  return carries(o.traffic, traffic) ? (remembered ?? now) : null
}

/** The candidate of a run; for any other phase null. */
export function candidateOf(state: State): Revision | null {
  return 'candidate' in state ? state.candidate : null
}

/** The promoted revision, or null before there is one. */
export function promotedOf(state: State): Revision | null {
  if (state.phase === 'Initializing') return state.revision
  return state.promoted
}

/** The revision that was last released, or is being released: what the target holds until another is pushed. */
export function releasedOf(state: State): Revision | null {
  return candidateOf(state) ?? ('rejected' in state ? state.rejected : null) ?? promotedOf(state)
}

/** Time that maxDuration does not count, up to now. */
export function heldUntil(run: Analysis, now: Instant): Milliseconds {
  return run.pausedDuration + (run.pausedSince === null ? 0 : now - run.pausedSince)
}

/** The run with its clock stopped, or going on. */
export function withClock(run: Analysis, clock: 'stopped' | 'running', now: Instant): Analysis {
  if (clock === 'stopped') return run.pausedSince === null ? { ...run, pausedSince: now } : run
  return run.pausedSince === null ? run : { ...run, pausedDuration: heldUntil(run, now), pausedSince: null }
}

type StageOfRun = Stage | StateOf<'Promoting'>['stage']

/** What a stage waits for from its first moment; null: nothing that has a deadline. */
const ownWait: Readonly<Record<StageOfRun, Awaited | null>> = {
  draining: null,
  stoppingOldPods: 'oldPods',
  startingPods: 'pods',
  pausingRollout: null,
  advancing: null,
  shifting: 'routes',
  copying: 'primary',
  returning: null,
  diverting: 'routes',
  undoing: 'primary',
}

/** The wait with which a stage begins. */
export function firstWait(stage: StageOfRun, now: Instant): Waiting | null {
  const what = ownWait[stage]
  return what === null ? null : waitingFor(what, now)
}

/** The run at another stage, which waits for what it is for from now on. */
export function atStage<S extends Run & { readonly stage: StageOfRun }, T extends S['stage']>(
  run: S,
  stage: T,
  now: Instant,
): S & { readonly stage: T } {
  return { ...run, stage, waiting: firstWait(stage, now) }
}

/** A run with other traffic: it must be carried, checked and approved again. */
export function atTraffic<S extends Analysis>(run: S, traffic: Traffic, now: Instant): S {
  return {
    ...run,
    // `full` holds for the rest of the run.
    approved: run.approved === 'full' ? 'full' : null,
    traffic,
    iteration: 0,
    highest: Math.max(run.highest, traffic.canary),
    carriedAt: null,
    lastCheckTime: null,
    lastCheckPassed: false,
    routedAt: isNone(traffic) ? null : (run.routedAt ?? now),
    noTrafficChecks: 0,
    misrouted: false,
  }
}

/** The first ten digits of a revision's hash, as people compare them. */
export function short(revision: Revision): string {
  return revision.replace(/^h1:/, '').slice(0, 10)
}

/**
 * The image of the first container of a revision, as it is written; '' where its template is not known. What the primary has is the last
 * to go by: another client may have changed it.
 */
export function imageOf(o: Observation, revision: Revision): string {
  const templateIn = (workload: Workload | null): unknown =>
    workload?.revision === revision ? at(workload.object.spec, 'template') : undefined
  const template = templateIn(o.target) ?? recordedOf(o, revision)?.template ?? templateIn(o.primary)
  const [container] = recordsOf(at(template, 'spec', 'containers'))
  return textOf(container?.['image'])
}

/** A revision as people know it: the beginning of its hash, and the image of its first container where the template is known. */
export function withImage(o: Observation, revision: Revision): string {
  const image = shortImage(imageOf(o, revision))
  return image === '' ? short(revision) : `${short(revision)} (${image})`
}

/** What tells a revision from an earlier one of the same template, which has the same hash and image in a sentence; '' for another template. */
export const withConfiguration = (revision: Revision, earlier: Revision): string =>
  templateOf(revision) === templateOf(earlier) ? ' with changed configuration' : ''

/** An image without its registry, and of a digest the beginning: what tells two images apart. */
export function shortImage(image: string): string {
  return image.replace(/^.*\//, '').replace(/(@sha256:[0-9a-f]{10})[0-9a-f]+$/, '$1')
}

/** Why pods are not ready: `2 × ImagePullBackOff: web:2.0.0; Unschedulable`. */
export function troublesInWords(troubles: readonly PodTrouble[]): string {
  const words = troubles.map(({ reason, count, image }) => {
    return `${count > 1 ? `${count} × ` : ''}${reason}${image === '' ? '' : `: ${shortImage(image)}`}`
  })
  return words.join('; ')
}

/** Labels of pods whose readiness is waited for: those of the present template of a side. */
export interface AwaitedPods {
  readonly side: 'target' | 'primary'
  readonly namespace: string
  readonly labels: Readonly<Record<string, string>>
}

/** Which pods the canary waits for, so that people can be told why they are not ready; none at rest. */
export function awaitedPods(o: Pick<Observation, 'names' | 'state' | 'target' | 'primary'>): AwaitedPods | null {
  const side = 'waiting' in o.state ? sideWaitedFor(o.state.waiting) : null
  const workload = side === null ? null : o[side]
  if (side === null || workload === null || workload.replicas === 0 || workload.readiness === 'ready') return null
  const pods = podsOf(workload, workload.revision)
  if (pods === null || pods.hash === '') return null
  const labels = { ...textsOf(at(workload.object.spec, 'selector', 'matchLabels')), [POD_HASH_LABEL]: pods.hash }
  return { side, namespace: o.names.namespace, labels }
}

/** Whose pods a wait is for; null: for something else. */
export function sideWaitedFor(waiting: Waiting | null): AwaitedPods['side'] | null {
  if (waiting?.for === 'target' || waiting?.for === 'pods') return 'target'
  return waiting?.for === 'primary' ? 'primary' : null
}

/** What the routes are asked to carry: outside of a run the primary serves alone. */
export function requestedOf(state: State): Traffic {
  return 'traffic' in state ? state.traffic : NONE
}

/** The run of a state that has one. */
export function runOf(state: State): Run | null {
  return 'candidate' in state && 'id' in state ? state : null
}

/** The field that pauses a Canary whose `spec.paused` is true, as the user wrote it. */
export function pausingField(o: Pick<Observation, 'canary'>): 'spec.suspend' | 'spec.paused' {
  return o.canary.spec.suspend === true ? 'spec.suspend' : 'spec.paused'
}

/** Why no run may start and no weight may rise, in words; null when they may. */
export function pauseOf(o: Pick<Observation, 'canary' | 'memory'>): string | null {
  if (o.canary.spec.paused) return `${pausingField(o)} is true`
  return o.memory.paused === null ? null : `paused by ${o.memory.paused}`
}
