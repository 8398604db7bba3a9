/**
 * Pods that stand for the others of their side, and their namespace: what a mesh injected into them no template tells. Neither is
 * watched. A pod is read once, by its name; its namespace with it, and again where a pass finds that the last read is old, because labels
 * change under pods that stay. Before there are pods no pass may come, so the namespace is read every few minutes. A canary at rest has
 * pods and no passes: it costs no request.
 */
import { kinds, type KubeObject, type Ref, refKey } from '../api/object.ts'
import { at, recordsOf, sameJson, textOf } from '../core/json.ts'
import type { PodSample } from '../core/model/observation.ts'
import type { Clock, KubeApi } from '../core/ports.ts'
import type { Instant, Milliseconds } from '../core/time.ts'
import { pause, withDeadline } from '../runtime/timing.ts'

export interface SamplePorts {
  readonly api: KubeApi
  /** Should be one that does not jump. */
  readonly clock: Clock
  /** Wakes a canary that waits for a sample, or whose sample has changed. */
  readonly wake: (canary: string) => void
}

/** Reads samples for an observer. */
export interface Samples {
  /** undefined: it is being read; null: there is none, or it may not be read. */
  of(pod: Ref, canary: string): PodSample | null | undefined
  /** Labels of a namespace, for a canary of which no pod tells them; as above. */
  labelsOf(namespace: Ref, canary: string): Labels | null | undefined
  /** From now on the canary has these pods and namespaces, and no others. */
  retain(canary: string, refs: readonly Ref[]): void
}

type Labels = PodSample['namespaceLabels']

/** What is kept of a pod, or of a namespace, which has no containers. */
type Kept = Omit<PodSample, 'namespaceLabels'>

interface Entry {
  /** undefined: not read yet; null: it is not there, or the read failed. */
  known: Kept | null | undefined
  /** End of the last read. */
  readAt: Instant
  /** The read under way. */
  reading: Promise<void> | null
  /** Who has it. The Canaries of one namespace share its entry. */
  readonly canaries: Set<string>
  /** Those of them that have no pods. */
  readonly alone: Set<string>
  readonly stop: AbortController
}

/** Before a release gets traffic it waits for the answer; a pod that cannot be read in this time is one of which nothing is known. */
const DEADLINE: Milliseconds = 5000
/** A pass that finds an answer older than this asks again, and goes on with the one that it has. */
const OLD: Milliseconds = 300_000
/** A read that failed is done again by the first pass after this. */
const FAILED: Milliseconds = 30_000
/** While no pod tells its labels, a namespace is read so often: what a canary waits for may be a label of it. */
const EVERY: Milliseconds = 120_000

export class PodSamples implements Samples {
  readonly #ports: SamplePorts
  /** By key of a pod or a namespace. */
  readonly #entries = new Map<string, Entry>()
  readonly #keysOf = new Map<string, Set<string>>()

  constructor(ports: SamplePorts) {
    this.#ports = ports
  }

  of(pod: Ref, canary: string): PodSample | null | undefined {
    // The namespace first: whatever reads a pod reads it, too.
    const [around, found] = [this.#known(namespaceOf(pod), canary), this.#known(pod, canary)]
    this.#entries.get(refKey(namespaceOf(pod)))?.alone.delete(canary)
    if (found === undefined || around === undefined) return undefined
    return found === null ? null : { ...found, namespaceLabels: around?.labels ?? {} }
  }

  labelsOf(namespace: Ref, canary: string): Labels | null | undefined {
    const known = this.#known(namespace, canary)
    this.#entries.get(refKey(namespace))?.alone.add(canary)
    return known === undefined || known === null ? known : known.labels
  }

  #known(ref: Ref, canary: string): Entry['known'] {
    const key = refKey(ref)
    let entry = this.#entries.get(key)
    if (entry === undefined) {
      entry = {
        known: undefined,
        readAt: 0,
        reading: null,
        canaries: new Set(),
        alone: new Set(),
        stop: new AbortController(),
      }
      this.#entries.set(key, entry)
    }
    entry.canaries.add(canary)
    this.#keysOf.set(canary, (this.#keysOf.get(canary) ?? new Set()).add(key))
    if (this.#isDue(ref, entry)) void this.#read(ref, entry)
    return entry.known
  }

  /** What a pod has stays with it. Nothing is not known for good: the read may have failed. */
  #isDue(ref: Ref, { known, readAt }: Entry): boolean {
    const age = this.#ports.clock.now() - readAt
    if (known === undefined || known === null) return known === undefined || age >= FAILED
    return ref.kind === kinds.Namespace && age >= OLD
  }

  retain(canary: string, refs: readonly Ref[]): void {
    const kept = new Set(refs.map(refKey))
    const keys = this.#keysOf.get(canary)
    for (const key of keys ?? []) {
      if (kept.has(key)) continue
      keys?.delete(key)
      const entry = this.#entries.get(key)
      entry?.canaries.delete(canary)
      entry?.alone.delete(canary)
      if (entry?.canaries.size !== 0) continue
      entry.stop.abort()
      this.#entries.delete(key)
    }
    if (keys?.size === 0) this.#keysOf.delete(canary)
  }

  close(): void {
    for (const { stop } of this.#entries.values()) stop.abort()
    this.#entries.clear()
    this.#keysOf.clear()
  }

  #read(ref: Ref, entry: Entry): Promise<void> {
    entry.reading ??= this.#answered(ref, entry)
    return entry.reading
  }

  async #answered(ref: Ref, entry: Entry): Promise<void> {
    const { api, clock, wake } = this.#ports
    const { signal } = entry.stop
    const before = entry.known
    // Labels that are older than the pod would not say why it is as it is.
    const around = ref.kind === kinds.Pod ? this.#entries.get(refKey(namespaceOf(ref))) : undefined
    const [known] = await Promise.all([
      withDeadline(clock, DEADLINE, signal, `The read of ${refKey(ref)}`, (of, turn) =>
        api.get(ref, { lane: 'normal', signal: of, turn }),
      ).then(
        read => (read === null ? null : keptOf(read)),
        // What was known is the best there is; else nothing is known of it, and nothing is held for it.
        () => before ?? null,
      ),
      around === undefined ? null : this.#read(namespaceOf(ref), around),
    ])
    entry.known = known
    entry.reading = null
    entry.readAt = clock.now()
    if (signal.aborted) return
    if (entry.alone.size > 0) void this.#readLater(ref, entry)
    if (sameJson(before, known)) return
    for (const canary of entry.canaries) wake(canary)
  }

  async #readLater(ref: Ref, entry: Entry): Promise<void> {
    const { readAt, stop } = entry
    await pause(this.#ports.clock, EVERY, stop.signal)
    // A pass may have read it meanwhile, and pods may tell by now.
    const isDue = entry.readAt === readAt && entry.alone.size > 0
    if (!stop.signal.aborted && isDue) void this.#read(ref, entry)
  }
}

/** Of init containers only those that go on beside the others. */
function keptOf({ metadata, spec }: KubeObject): Kept {
  const sidecars = recordsOf(at(spec, 'initContainers')).filter(one => one['restartPolicy'] === 'Always')
  return {
    name: metadata.name,
    labels: metadata.labels ?? {},
    annotations: metadata.annotations ?? {},
    containers: [...recordsOf(at(spec, 'containers')), ...sidecars].map(({ name }) => textOf(name)),
  }
}

/** What of a pod tells of a mesh. */
export const sampleOf = (pod: KubeObject, namespace: KubeObject | null): PodSample => ({
  ...keptOf(pod),
  namespaceLabels: namespace?.metadata.labels ?? {},
})

export const namespaceOf = ({ namespace }: Pick<Ref, 'namespace'>): Ref => ({
  kind: kinds.Namespace,
  namespace: '',
  name: namespace,
})
