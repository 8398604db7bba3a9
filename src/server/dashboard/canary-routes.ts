/** The calls about one Canary. Each begins with a read of the Canary as the caller: who may not get it is told nothing else. */
import { kinds, type KubeObject, type Ref } from '../../api/object.ts'
import type { Canary } from '../../api/canary.ts'
import { parseCanary } from '../../api/parse-canary.ts'
import { DEFAULT_PROVIDER } from '../../api/providers.ts'
import { at, type Json, textOf } from '../../core/json.ts'
import type { Call, Sha256 } from '../../core/ports.ts'
import { isProvider } from '../../api/providers.ts'
import { readObserved } from '../../runtime/read-observed.ts'
import { chartsOf } from './charts.ts'
import { annotationFor, commandOf } from './commands.ts'
import { diffOf } from './diff.ts'
import { eventsOf } from './events.ts'
import { objectsOf } from './objects.ts'
import { podsOf } from './pods.ts'
import type { RangeSource } from './ports.ts'
import { problemOf, Refusal } from './problems.ts'
import type { CommandSent, Endpoints } from './protocol.ts'
import type { Viewer } from './viewers.ts'
import { oneOfMany } from './waits.ts'

export interface CanaryCall {
  readonly viewer: Viewer
  readonly ref: Pick<Ref, 'namespace' | 'name'>
  readonly query: URLSearchParams
  readonly body: Json
  readonly signal: AbortSignal
}

/** `GET pods` → its answer. */
export type CanaryRoutes = Readonly<Record<string, (call: CanaryCall) => Promise<unknown>>>

type Answer<E extends keyof Endpoints> = (call: CanaryCall) => Promise<Endpoints[E]['answer']>

export interface CanaryRouteOptions {
  readonly ranges: RangeSource
  readonly inlineQueries: boolean
  readonly readOnly: boolean
  readonly sha256: Sha256
  readonly now: () => number
}

export function canaryRoutes({ ranges, inlineQueries, readOnly, sha256, now }: CanaryRouteOptions): CanaryRoutes {
  const charts: Answer<'GET /api/canaries/{ns}/{name}/charts'> = async given => {
    const object = await read(given)
    const run = given.query.get('run')
    return about(given, chartsOf(object, run, now(), { api: given.viewer.api, ranges, inlineQueries }, callOf(given)))
  }
  const pods: Answer<'GET /api/canaries/{ns}/{name}/pods'> = async given => {
    const object = await read(given)
    return podsOf(
      await about(given, readObserved(object, { api: given.viewer.api, call: () => oneOfMany(callOf(given)) }, sha256)),
    )
  }
  const objects: Answer<'GET /api/canaries/{ns}/{name}/objects'> = async given => {
    const canary = parsed(await read(given))
    return about(given, objectsOf(given.viewer.api, canary, callOf(given)))
  }
  const diff: Answer<'GET /api/canaries/{ns}/{name}/diff'> = async given => {
    const canary = parsed(await read(given))
    return about(given, diffOf(given.viewer.api, canary, callOf(given), sha256))
  }
  const events: Answer<'GET /api/canaries/{ns}/{name}/events'> = async given => {
    const object = await read(given)
    return about(given, eventsOf(given.viewer.api, object, given.signal))
  }
  const send: Answer<'POST /api/canaries/{ns}/{name}/commands'> = async given => {
    if (readOnly) throw new Refusal('read-only', 'This server runs with --read-only: it gives no commands')
    return command(given)
  }
  return {
    'GET charts': charts,
    'GET pods': pods,
    'GET objects': objects,
    'GET diff': diff,
    'GET events': events,
    'POST commands': send,
  }
}

async function command({ viewer, ref, body, signal }: CanaryCall): Promise<CommandSent> {
  const request = commandOf(body)
  const { user } = await viewer.whoAmI()
  const { ref: canary, key, value, id } = annotationFor(request, ref, user)
  await viewer.api.annotate(canary, key, value, signal).catch((error: unknown) => {
    const problem = problemOf(error, `Command ${request.command} for Canary ${ref.namespace}/${ref.name}`)
    throw new Refusal(problem.code, problem.sentence)
  })
  return { id }
}

/** The Canary as the caller may see it. @throws Refusal. */
async function read(given: CanaryCall): Promise<KubeObject> {
  const { viewer, ref } = given
  const found = await about(given, viewer.api.get({ ...ref, kind: kinds.Canary }, callOf(given)))
  if (found === null) throw new Refusal('not-found', `There is no Canary ${ref.name} in namespace ${ref.namespace}`)
  return found
}

/** @throws Refusal where the spec is refused. */
function parsed(object: KubeObject): Canary {
  const recorded = textOf(at(object, 'status', 'provider'))
  const result = parseCanary(object, DEFAULT_PROVIDER, isProvider(recorded) ? recorded : null)
  if ('canary' in result) return result.canary
  throw new Refusal('invalid', `The spec of the Canary is refused: ${result.problems[0] ?? ''}`)
}

const callOf = ({ signal }: CanaryCall): Call => ({ lane: 'normal', signal })

/** What a call throws, as a problem that names the Canary. */
async function about<T>({ ref }: CanaryCall, asked: Promise<T>): Promise<T> {
  try {
    return await asked
  } catch (error) {
    const problem = problemOf(error, `Canary ${ref.namespace}/${ref.name}`)
    throw new Refusal(problem.code, problem.sentence)
  }
}
