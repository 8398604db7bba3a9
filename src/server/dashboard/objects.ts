/** The objects that Sluice makes, adopts or writes into for a Canary, and whether they are there. */
import { apiVersionOf, kinds, type Ref, refKey } from '../../api/object.ts'
import type { Canary } from '../../api/canary.ts'
import { isForbidden, isNotFound } from '../../core/errors.ts'
import { CANARY_LABEL, namesOf } from '../../core/model/names.ts'
import type { Call } from '../../core/ports.ts'
import { routingOf } from '../../core/routers/index.ts'
import type { CallerApi } from './ports.ts'
import { problemOf } from './problems.ts'
import type { ManagedObject, ManagedObjects } from './protocol.ts'
import { oneOfMany } from './waits.ts'

interface Expected {
  readonly ref: Ref
  readonly role: string
  readonly isOptional?: boolean
}

/** Every object of a Canary by its name, each once. */
export function expectedObjects(canary: Canary): Expected[] {
  const names = namesOf(canary)
  const provider = routingOf({ canary })
  // Where they have nothing to say there are none.
  const optional = provider.kinds.filter(one => one.optional).map(one => one.kind)
  const routes = new Set(provider.routes({ canary, names, live: {} }).map(refKey))
  const expected: Expected[] = [
    { ref: names.target, role: 'runs the candidate' },
    { ref: names.primary, role: 'runs the promoted revision' },
    { ref: names.apexService, role: 'what callers use' },
    { ref: names.primaryService, role: 'leads to the primary' },
    { ref: names.canaryService, role: 'leads to the canary' },
    ...(names.scaler === null ? [] : [{ ref: names.scaler, role: 'autoscaler of the target' }]),
    ...(names.primaryScaler === null ? [] : [{ ref: names.primaryScaler, role: 'autoscaler of the primary' }]),
    ...provider
      .refs({ canary, names }, () => [])
      .filter(({ namespace }) => namespace === names.namespace)
      .map(ref => ({
        ref,
        isOptional: optional.includes(ref.kind),
        role: routes.has(refKey(ref)) ? 'splits the traffic' : 'settings of the traffic',
      })),
  ]
  const seen = new Set<string>()
  return expected.filter(({ ref }) => !seen.has(refKey(ref)) && seen.add(refKey(ref)))
}

/** @throws what the API server or the network answered, except that a kind or a right is missing. */
export async function objectsOf(api: CallerApi, canary: Canary, call: Call): Promise<ManagedObjects> {
  const unread = new Map<string, string>()
  const known = await Promise.all(
    expectedObjects(canary).map(async ({ ref, role, isOptional }): Promise<ManagedObject | null> => {
      const about = { apiVersion: apiVersionOf(ref.kind), kind: ref.kind.kind, name: ref.name, role }
      try {
        const found = await api.get(ref, oneOfMany(call))
        if (found !== null) return { ...about, state: 'present' }
        return isOptional === true ? null : { ...about, state: 'absent' }
      } catch (error) {
        if (isNotFound(error)) return { ...about, state: 'absent' }
        if (!isForbidden(error)) throw error
        unread.set(ref.kind.kind, problemOf(error, ref.kind.kind).sentence)
        return { ...about, state: 'unread' }
      }
    }),
  )
  const records = await recordsOf(api, canary, call).catch((error: unknown) => {
    if (!isForbidden(error)) throw error
    unread.set('ControllerRevision', problemOf(error, 'ControllerRevision').sentence)
    return []
  })
  return { items: [...known.filter(one => one !== null), ...records], unread: [...unread.values()] }
}

async function recordsOf(api: CallerApi, { metadata }: Canary, call: Call): Promise<ManagedObject[]> {
  const { items } = await api.list(
    kinds.ControllerRevision,
    {
      namespace: metadata.namespace ?? '',
      labelSelector: `${CANARY_LABEL}=${metadata.name}`,
      limit: 50,
      form: 'metadata',
    },
    call,
  )
  return items.map(item => ({
    apiVersion: apiVersionOf(kinds.ControllerRevision),
    kind: kinds.ControllerRevision.kind,
    name: item.metadata.name,
    role: 'keeps the template of a revision',
    state: 'present',
  }))
}
