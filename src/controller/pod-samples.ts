/**
 * Pods that stand for the others of their side, and their namespace: what a mesh injected into them no template tells. Pods are
 * not watched; each that stands for a side is read once, by its name, so a canary at rest costs no request.
 */
import { kinds, type KubeObject, type Ref, refKey } from '../api/object.ts'
import { at, recordsOf, textOf } from '../core/json.ts'
import type { PodSample } from '../core/model/observation.ts'
import type { Clock, KubeApi } from '../core/ports.ts'
import type { Milliseconds } from '../core/time.ts'
import { withDeadline } from '../runtime/timing.ts'

export interface SamplePorts {
  readonly api: KubeApi
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Wakes a canary that waits for a sample. */
  readonly wake: (canary: string) => void
}

/** Reads samples for an observer. */
export interface Samples {
  /** undefined: it is being read; null: there is none, or it may not be read. */
  of(pod: Ref, canary: string): PodSample | null | undefined
  /** Labels of a namespace, for a canary of which no pod tells them; as above. */
  labelsOf(namespace: Ref, canary: string): Labels | null | undefined
  /** From now on the canary has these pods, or the namespace, and no others. */
  retain(canary: string, refs: readonly Ref[]): void
}

type Labels = PodSample['namespaceLabels']

interface Entry {
  /** null: it is not there, or may not be read. */
  known: { readonly sample: PodSample | null; readonly namespaceLabels: Labels } | null | undefined
  readonly stop: AbortController
}

/** Before a release gets traffic it waits for the answer; a pod that cannot be read in this time is one of which nothing is known. */
const DEADLINE: Milliseconds = 5000

export class PodSamples implements Samples {
  readonly #ports: SamplePorts
  /** Canary → key of a pod or of the namespace → what is known of it. */
  readonly #entries = new Map<string, Map<string, Entry>>()

  constructor(ports: SamplePorts) {
    this.#ports = ports
  }

  of(pod: Ref, canary: string): PodSample | null | undefined {
    const known = this.#known(pod, canary)
    return known === undefined ? undefined : (known?.sample ?? null)
  }

  labelsOf(namespace: Ref, canary: string): Labels | null | undefined {
    const known = this.#known(namespace, canary)
    return known === undefined ? undefined : (known?.namespaceLabels ?? null)
  }

  #known(ref: Ref, canary: string): Entry['known'] {
    const entries = this.#entries.get(canary) ?? new Map<string, Entry>()
    this.#entries.set(canary, entries)
    const there = entries.get(refKey(ref))
    if (there !== undefined) return there.known
    const entry: Entry = { known: undefined, stop: new AbortController() }
    entries.set(refKey(ref), entry)
    void this.#read(ref, canary, entry)
    return undefined
  }

  retain(canary: string, refs: readonly Ref[]): void {
    const entries = this.#entries.get(canary)
    const kept = new Set(refs.map(refKey))
    for (const [key, { stop }] of entries ?? []) {
      if (kept.has(key)) continue
      stop.abort()
      entries?.delete(key)
    }
    if (entries?.size === 0) this.#entries.delete(canary)
  }

  close(): void {
    for (const canary of this.#entries.keys()) this.retain(canary, [])
  }

  async #read(ref: Ref, canary: string, entry: Entry): Promise<void> {
    const { api, clock, wake } = this.#ports
    const { signal } = entry.stop
    const get = (one: Ref): Promise<KubeObject | null> =>
      withDeadline(clock, DEADLINE, signal, `The read of ${refKey(one)}`, (of, turn) =>
        api.get(one, { lane: 'normal', signal: of, turn }),
      )
    const isPod = ref.kind === kinds.Pod
    try {
      const [pod, around] = await Promise.all([isPod ? get(ref) : null, get(isPod ? namespaceOf(ref) : ref)])
      const sample = pod === null ? null : sampleOf(pod, around)
      entry.known = { sample, namespaceLabels: around?.metadata.labels ?? {} }
    } catch {
      // Nothing is known of it, then, and nothing is held for it.
      entry.known = null
    }
    if (!signal.aborted) wake(canary)
  }
}

/** What of a pod tells of a mesh. Of init containers only those that go on beside the others. */
export function sampleOf({ metadata, spec }: KubeObject, namespace: KubeObject | null): PodSample {
  const sidecars = recordsOf(at(spec, 'initContainers')).filter(one => one['restartPolicy'] === 'Always')
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    containers: [...recordsOf(at(spec, 'containers')), ...sidecars].map(({ name }) => textOf(name)),
    namespaceLabels: namespace?.metadata.labels ?? {},
  }
}

export const namespaceOf = ({ namespace }: Pick<Ref, 'namespace'>): Ref => ({
  kind: kinds.Namespace,
  namespace: '',
  name: namespace,
})
