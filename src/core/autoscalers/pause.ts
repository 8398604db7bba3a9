/**
 * How KEDA is kept from scaling a target: four annotations of the ScaledObject, which may be the user's as well. What the user
 * has of them is stored on the object before the first write, and put back at the end.
 * https://keda.sh/docs/latest/concepts/scaling-deployments/#pausing-autoscaling
 */
import type { KubeObject } from '../../api/object.ts'
import { at, present, recordOf, sameJson, textOf } from '../json.ts'
import { ORIGINAL_ANNOTATION } from '../model/names.ts'

const PAUSED_REPLICAS = 'autoscaling.keda.sh/paused-replicas'
const PAUSED_SCALE_IN = 'autoscaling.keda.sh/paused-scale-in'

/** All by which a ScaledObject can be paused. */
export const PAUSE_ANNOTATIONS = [
  'autoscaling.keda.sh/paused',
  PAUSED_REPLICAS,
  PAUSED_SCALE_IN,
  'autoscaling.keda.sh/paused-scale-out',
] as const

type Values = Readonly<Record<string, string | null>>

/** `n` pods and no autoscaler; or KEDA may add pods and takes none away, because a candidate without traffic is still judged. */
export type Pause = { readonly replicas: number } | 'grows'

/** The annotations of a pause, all four: null takes one away. */
function valuesOf(pause: Pause): Values {
  const none = Object.fromEntries(PAUSE_ANNOTATIONS.map(name => [name, null]))
  return pause === 'grows'
    ? { ...none, [PAUSED_SCALE_IN]: 'true' }
    : { ...none, [PAUSED_REPLICAS]: String(pause.replicas) }
}

const liveValues = ({ metadata }: KubeObject): Values =>
  Object.fromEntries(PAUSE_ANNOTATIONS.map(name => [name, metadata.annotations?.[name] ?? null]))

/** What was stored: the Canary that paused it, the user's values, and those that we wrote last. */
interface Stored {
  /** Empty where it cannot be read. */
  readonly canary: string
  readonly users: Values
  readonly written: Values
}

function storedOn(scaler: KubeObject): Stored | null {
  const text = scaler.metadata.annotations?.[ORIGINAL_ANNOTATION]
  if (text === undefined) return null
  const of = (value: unknown): Values =>
    Object.fromEntries(
      PAUSE_ANNOTATIONS.map(name => {
        const one = recordOf(value)[name]
        return [name, typeof one === 'string' ? one : null]
      }),
    )
  try {
    const stored: unknown = JSON.parse(text)
    return { canary: textOf(at(stored, 'canary')), users: of(at(stored, 'users')), written: of(at(stored, 'written')) }
  } catch {
    // Whatever the user had is lost; what is left is not taken for the user's.
    return { canary: '', users: of({}), written: liveValues(scaler) }
  }
}

/** The Canary that has paused it, wherever it points by now; null where none has, or none that is known. */
export const pausedBy = (scaler: KubeObject): string | null => storedOn(scaler)?.canary || null

/** Whether we have written to it. */
export const isPausedByUs = (scaler: KubeObject): boolean => storedOn(scaler) !== null

/** What the user says, whatever we wrote: another value than ours is the user's. */
function usersValues(scaler: KubeObject): Values {
  const stored = storedOn(scaler)
  const live = liveValues(scaler)
  if (stored === null) return live
  return Object.fromEntries(
    PAUSE_ANNOTATIONS.map(name => [
      name,
      live[name] === stored.written[name] ? (stored.users[name] ?? null) : (live[name] ?? null),
    ]),
  )
}

/** How many pods a pause of ours keeps now; null where there is none, or no number. */
export function heldReplicas(scaler: KubeObject): number | null {
  const value = scaler.metadata.annotations?.[PAUSED_REPLICAS]
  return isPausedByUs(scaler) && value !== undefined && /^\d{1,6}$/.test(value) ? Number(value) : null
}

export const isPaused = (scaler: KubeObject, pause: Pause): boolean =>
  isPausedByUs(scaler) && sameJson(liveValues(scaler), valuesOf(pause))

/** The annotations to write for a pause, with what puts the user's back and for which Canary; null where they are written. */
export function paused(scaler: KubeObject, pause: Pause, canary: string): Values | null {
  if (isPaused(scaler, pause) && pausedBy(scaler) === canary) return null
  const written = valuesOf(pause)
  const users = present(Object.fromEntries(Object.entries(usersValues(scaler)).filter(([, value]) => value !== null)))
  const ours = Object.fromEntries(Object.entries(written).filter(([, value]) => value !== null))
  return { ...written, [ORIGINAL_ANNOTATION]: JSON.stringify({ canary, users, written: ours }) }
}

/** The annotations that give it back to its user; null where nothing of ours is on it. */
export function resumed(scaler: KubeObject): Values | null {
  return isPausedByUs(scaler) ? { ...usersValues(scaler), [ORIGINAL_ANNOTATION]: null } : null
}
