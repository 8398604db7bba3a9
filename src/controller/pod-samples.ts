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
  /** From now on the canary has these, and no others. */
  retain(canary: string, pods: readonly Ref[]): void
}

interface Entry {
  sample: PodSample | null | undefined
  readonly stop: AbortController
}

/** Before a release gets traffic it waits for the answer; a pod that cannot be read in this time is one of which nothing is known. */
const DEADLINE: Milliseconds = 5000

export class PodSamples implements Samples {
  readonly #ports: SamplePorts
  /** Canary → name of a pod → what is known of it. */
  readonly #entries = new Map<string, Map<string, Entry>>()

  constructor(ports: SamplePorts) {
    this.#ports = ports
  }

  of(pod: Ref, canary: string): PodSample | null | undefined {
    const entries = this.#entries.get(canary) ?? new Map<string, Entry>()
    this.#entries.set(canary, entries)
    const known = entries.get(pod.name)
    if (known !== undefined) return known.sample
    const entry: Entry = { sample: undefined, stop: new AbortController() }
    entries.set(pod.name, entry)
    void this.#read(pod, canary, entry)
    return undefined
  }

  retain(canary: string, pods: readonly Ref[]): void {
    const entries = this.#entries.get(canary)
    for (const [name, { stop }] of entries ?? []) {
      if (pods.some(pod => pod.name === name)) continue
      stop.abort()
      entries?.delete(name)
    }
    if (entries?.size === 0) this.#entries.delete(canary)
  }

  close(): void {
    for (const canary of this.#entries.keys()) this.retain(canary, [])
  }

  async #read(pod: Ref, canary: string, entry: Entry): Promise<void> {
    const { api, clock, wake } = this.#ports
    const { signal } = entry.stop
    const get = (ref: Ref): Promise<KubeObject | null> =>
      withDeadline(clock, DEADLINE, signal, `The read of ${refKey(ref)}`, (of, turn) =>
        api.get(ref, { lane: 'normal', signal: of, turn }),
      )
    try {
      const [found, around] = await Promise.all([get(pod), get(namespaceOf(pod))])
      entry.sample = found === null ? null : sampleOf(found, around)
    } catch {
      // Nothing is known of it, then, and nothing is held for it.
      entry.sample = null
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

export const namespaceOf = (pod: Ref): Ref => ({ kind: kinds.Namespace, namespace: '', name: pod.namespace })
