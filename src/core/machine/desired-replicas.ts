/**
 * How many pods the user wants, told from who wrote `spec.replicas` and when. What any other client wrote above 0 is
 * desired; at rest, after the target was seen at 0, the same number once more is an external scale event.
 */
import type { Replicas } from '../model/memory.ts'
import { REPLICAS_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { primaryIsAutoscaled, targetIsAutoscaled } from '../render/autoscaling.ts'
import type { State } from '../model/state.ts'
import type { Instant, Milliseconds } from '../time.ts'
import { FIELD_MANAGER } from '../model/write.ts'

const TEN_MINUTES: Milliseconds = 600_000
/** The same manager putting replicas back this often in ten minutes is left alone. */
const PATIENCE = 3

/** Whether no run is under way: the target has nothing to carry. */
export const isResting = (state: State): boolean =>
  state.phase === 'Initialized' ||
  state.phase === 'Succeeded' ||
  state.phase === 'Waiting' ||
  (state.phase === 'Failed' && state.drained)

/** What a client keeps setting on the resting target stays: neither Sluice nor the autoscaler of the target changes it. */
export const isLeftAlone = ({ state, memory }: Pick<Observation, 'state' | 'memory'>): boolean =>
  memory.replicas.ignoredManager !== null && isResting(state)

/**
 * What another client set the primary to since Sluice wrote it. The desired number is annotated on the primary beside its
 * replicas: one that is not annotated there yet is newer than what the primary has.
 */
function askedOfThePrimary(o: Observation): number | null {
  const { primary } = o
  const { desired } = o.memory.replicas
  if (primary === null || primary.replicas === 0 || primary.replicas === desired || primaryIsAutoscaled(o)) return null
  if (primary.replicasBy === '' || primary.replicasBy === FIELD_MANAGER) return null
  const written = primary.object.metadata.annotations?.[REPLICAS_ANNOTATION]
  return written !== undefined && written === String(desired) ? primary.replicas : null
}

/** The desired number is what another client set the primary itself to. */
const isHandsOn = ({ primary }: Observation, desired: number | null): boolean =>
  primary !== null && primary.replicas === desired && primary.replicasBy !== '' && primary.replicasBy !== FIELD_MANAGER

/** What is desired after this read of the target. */
export function noteReplicas(o: Observation, now: Instant): Replicas {
  const running = o.primary?.replicas ?? 0
  // Where an autoscaler is on both sides, no number is what a user desires: what the primary runs is what it needs.
  const autoscaled = o.canary.spec.autoscalerRef !== undefined && running > 0
  const noted = noteWritten(o, now)
  return autoscaled ? { ...noted, desired: running } : noted
}

/** As if every number that another client wrote were a user's. */
function noteWritten(o: Observation, now: Instant): Replicas {
  const { target } = o
  const replicas = { ...o.memory.replicas, desired: askedOfThePrimary(o) ?? o.memory.replicas.desired }
  if (target === null) return replicas
  const known = replicas.desired ?? (o.primary?.replicas || null)
  if (target.replicas === 0) {
    const scaledDown = isResting(o.state)
    return { ...replicas, desired: known, scaledDown, ignoredManager: scaledDown ? null : replicas.ignoredManager }
  }
  const ours = target.replicasBy === FIELD_MANAGER
  const desired = ours ? (known ?? target.replicas) : (askedOfThePrimary(o) ?? target.replicas)
  // Told to leave `replicas` out, it did: an API server sets a field that is removed from a manifest to 1, which no user asked for.
  if (target.replicas === 1 && known !== null && known > 1 && replicas.ignoredManager === target.replicasBy) {
    return { ...replicas, desired: known, scaledDown: false, externalScaleEvents: [], ignoredManager: null }
  }
  // What is left alone is what a manifest says; a person who scaled the primary meant the primary.
  if (!ours && replicas.ignoredManager === target.replicasBy && isHandsOn(o, known)) {
    return { ...replicas, desired: known, scaledDown: false }
  }
  // Another number is newly desired; a client that puts the same one back applies a manifest.
  const sameAgain = desired === known || targetIsAutoscaled(o)
  const putBack = !ours && isResting(o.state) && replicas.scaledDown && sameAgain
  if (!putBack) return { ...replicas, desired, scaledDown: false }
  const manager = target.replicasBy === '' ? 'unknown' : target.replicasBy
  const lately = [...replicas.externalScaleEvents.filter(one => now - one.at < TEN_MINUTES), { manager, at: now }]
  const ignoredManager =
    lately.filter(one => one.manager === manager).length >= PATIENCE ? manager : replicas.ignoredManager
  return { ...replicas, desired, scaledDown: false, externalScaleEvents: lately.slice(-10), ignoredManager }
}
