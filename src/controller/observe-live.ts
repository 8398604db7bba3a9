/** One Canary as the controller would see it now, read from the API server: for commands, without informers and without a Lease. */
import type { Canary } from '../api/canary.ts'
import { type Kind, kindKey, kinds, type KubeObject, type Ref } from '../api/object.ts'
import { recordOf } from '../core/json.ts'
import type { Finding } from '../core/model/check.ts'
import { namesOf } from '../core/model/names.ts'
import type { Observation, Settings } from '../core/model/observation.ts'
import type { Call, KubeApi, Sha256 } from '../core/ports.ts'
import { routingOf } from '../core/routers/index.ts'
import { readStatus } from '../core/status/read-status.ts'
import type { Instant } from '../core/time.ts'
import { bounded } from '../runtime/object-limits.ts'
import { keeping } from './kinds.ts'
import { LiveReader } from './live-reader.ts'
import { Observer } from './observe.ts'
import { namespaceOf, sampleOf, type Samples } from './pod-samples.ts'
import { NO_POD_TROUBLES } from './pod-troubles.ts'

/**
 * The observer reads what it has found in what it has read: the target, then its ReplicaSets, then what selects the same pods. Four
 * rounds are enough today; more than this means that it never ends.
 */
const MOST_ROUNDS = 12

export interface LiveOptions {
  readonly api: Pick<KubeApi, 'get' | 'list'>
  readonly sha256: Sha256
  readonly settings: Settings
  /** Namespaces that the controller watches; empty: all. */
  readonly namespaces: readonly string[]
  readonly findings?: Readonly<Record<string, Finding>>
}

/**
 * Observes a Canary.
 *
 * @param call ends the whole observation with its signal.
 * @returns null when there is no such Canary; the sentences that say why it cannot be read; or what the controller would decide on.
 * What the controller alone remembers (failed writes, a namespace that refused a create) is not in it.
 * @throws what the API server or the network answered; a kind that is not installed or may not be read is no error, as for the
 * controller: `unseen` says it.
 */
export async function observeLive(
  ref: Pick<Ref, 'namespace' | 'name'>,
  now: Instant,
  { api, sha256, settings, namespaces, findings = {} }: LiveOptions,
  call: Call,
): Promise<Observation | { readonly problems: readonly string[] } | null> {
  const object = await api.get({ ...ref, kind: kinds.Canary }, call)
  if (object === null) return null
  const kept = bounded(kinds.Canary, keeping)(object)
  const reader = new LiveReader({ api, sha256, namespace: ref.namespace, namespaces })
  const samples: Samples = {
    of: pod => {
      const [found, namespace] = [reader.peek(pod), reader.peek(namespaceOf(pod))]
      return found === undefined ? null : sampleOf(found, namespace ?? null)
    },
    labelsOf: namespace => reader.peek(namespace)?.metadata.labels ?? {},
    retain: () => {},
  }
  const observer = new Observer(reader, reader, samples, NO_POD_TROUBLES, settings, sha256)
  const status = readStatus(recordOf(kept['status']), now)
  const parsed = observer.read(kept, status.memory.provider)
  if ('problems' in parsed) return parsed
  reader.goWithout(besideOf(parsed.canary))
  const known = {
    ...status,
    findings,
    writeError: null,
    hidden: null,
    namespaceTerminating: await isNamespaceTerminating(api, kept, call),
    sight: 'live' as const,
    before: null,
  }
  for (let round = 0; round < MOST_ROUNDS; round += 1) {
    const { observation } = observer.observe(parsed.canary, { ...known, unseen: reader.unseen() }, new Set())
    if (!(await reader.fetch(call))) return observation
  }
  throw new Error(`Canary ${ref.namespace}/${ref.name} was read ${MOST_ROUNDS} times, and there is always more to read`)
}

/** Kinds of others that the controller goes on without. */
function besideOf(canary: Canary): Kind[] {
  const provider = routingOf({ canary })
  const named = provider.namedKinds({ canary, names: namesOf(canary) })
  const needed = [...provider.kinds.map(({ kind }) => kind), ...named].map(kindKey)
  return provider.neighbours.map(({ kind }) => kind).filter(kind => !needed.includes(kindKey(kind)))
}

/** Whether the namespace is going; asked only when that matters, as in a pass of the controller. */
async function isNamespaceTerminating(api: LiveOptions['api'], { metadata }: KubeObject, call: Call): Promise<boolean> {
  if (metadata.deletionTimestamp === undefined) return false
  const namespace = await api.get({ kind: kinds.Namespace, namespace: '', name: metadata.namespace ?? '' }, call)
  return namespace === null || namespace.metadata.deletionTimestamp !== undefined
}
