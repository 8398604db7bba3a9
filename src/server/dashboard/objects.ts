/** The objects that Sluice makes, adopts or writes into for a Canary, and whether they are there. */
import { apiVersionOf, type Kind, kindKey, kinds, type KubeObject, type Ref, refKey, refOf } from '../../api/object.ts'
import type { Canary } from '../../api/canary.ts'
import { isForbidden, isNotFound } from '../../core/errors.ts'
import { CANARY_LABEL, namesOf } from '../../core/model/names.ts'
import type { Call } from '../../core/ports.ts'
import { routingOf } from '../../core/routers/index.ts'
import type { Find } from '../../core/routers/provider.ts'
import { getServed, listServed } from '../../runtime/read-served.ts'
import type { CallerApi } from './ports.ts'
import { problemOf } from './problems.ts'
import type { ManagedObject, ManagedObjects } from './protocol.ts'
import { oneOfMany } from './waits.ts'

interface Expected {
  readonly ref: Ref
  readonly role: string
  readonly isOptional?: boolean
}

/** Routes of one kind in which those with the labels of an entry are looked for. */
const MOST_ROUTES = 500

type Reads = Pick<CallerApi, 'get' | 'list'>

/** Objects of a namespace, by kind: those from which a Canary chooses by labels. */
type Choice = ReadonlyMap<Kind, readonly KubeObject[]>

/** Every object of a Canary, each once. */
function expectedObjects(canary: Canary, choice: Choice): Expected[] {
  const names = namesOf(canary)
  const provider = routingOf({ canary })
  const live = Object.fromEntries(
    [...choice].flatMap(([kind, objects]) => objects.map(object => [refKey(refOf(kind, object)), object] as const)),
  )
  // Of ours there are none where they have nothing to say, or where routes of the user's have the split.
  const ours = [names.apexService, names.primaryService, names.canaryService].map(({ name }) => name)
  const routes = new Set(provider.routes({ canary, names, live }).map(refKey))
  const expected: Expected[] = [
    { ref: names.target, role: 'runs the candidate' },
    { ref: names.primary, role: 'runs the promoted revision' },
    { ref: names.apexService, role: 'what callers use' },
    { ref: names.primaryService, role: 'leads to the primary' },
    { ref: names.canaryService, role: 'leads to the canary' },
    ...(names.scaler === null ? [] : [{ ref: names.scaler, role: 'autoscaler of the target' }]),
    ...(names.primaryScaler === null ? [] : [{ ref: names.primaryScaler, role: 'autoscaler of the primary' }]),
    ...provider
      .refs({ canary, names }, findIn(canary, choice))
      .filter(({ namespace }) => namespace === names.namespace)
      .map(ref => ({
        ref,
        isOptional: ours.includes(ref.name) && !routes.has(refKey(ref)),
        role: routes.has(refKey(ref)) ? 'splits the traffic' : 'settings of the traffic',
      })),
  ]
  const seen = new Set<string>()
  return expected.filter(({ ref }) => !seen.has(refKey(ref)) && seen.add(refKey(ref)))
}

/** Finds among what was listed, by the indexes of the provider. */
function findIn(canary: Canary, choice: Choice): Find {
  const { kinds: own, neighbours } = routingOf({ canary })
  const watched = [...own, ...neighbours]
  return (kind, index, key) => {
    const keysOf = watched.find(one => kindKey(one.kind) === kindKey(kind))?.indexes[index]
    return (choice.get(kind) ?? []).filter(object => keysOf?.(object).includes(key))
  }
}

/** @param unread receives what the caller may not list, by kind. */
async function choiceOf(api: Reads, canary: Canary, call: Call, unread: Map<string, string>): Promise<Choice> {
  const names = namesOf(canary)
  const asked = new Set<Kind>()
  routingOf({ canary }).refs({ canary, names }, kind => {
    asked.add(kind)
    return []
  })
  const query = { namespace: names.namespace, limit: MOST_ROUTES }
  const lists = [...asked].map(async (kind): Promise<[Kind, readonly KubeObject[]]> => {
    try {
      return [kind, (await listServed(api, kind, query, oneOfMany(call))).items]
    } catch (error) {
      if (isForbidden(error)) unread.set(kind.kind, problemOf(error, kind.kind).sentence)
      else if (!isNotFound(error)) throw error
      return [kind, []]
    }
  })
  return new Map(await Promise.all(lists))
}

/** @throws what the API server or the network answered, except that a kind or a right is missing. */
export async function objectsOf(api: Reads, canary: Canary, call: Call): Promise<ManagedObjects> {
  const unread = new Map<string, string>()
  const choice = await choiceOf(api, canary, call, unread)
  const known = await Promise.all(
    expectedObjects(canary, choice).map(async ({ ref, role, isOptional }): Promise<ManagedObject | null> => {
      const about = { apiVersion: apiVersionOf(ref.kind), kind: ref.kind.kind, name: ref.name, role }
      try {
        const found = await getServed(api, ref, oneOfMany(call))
        if (found !== null) return { ...about, apiVersion: found.apiVersion, state: 'present' }
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

async function recordsOf(api: Reads, { metadata }: Canary, call: Call): Promise<ManagedObject[]> {
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
