/**
 * What every trouble must end in, whatever it is: it is said in status, conditions and an event, with the same sentence;
 * callers hear nobody whom they did not hear before; and the controller rests instead of spinning.
 */
import { expect } from 'chai'
import { kindKey, kinds, type KubeObject } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { policyKinds } from '../../src/core/policies/index.ts'
import { routing } from '../../src/core/routers/index.ts'
import type { Reason } from '../../src/core/status/reasons.ts'
import type { Instant } from '../../src/core/time.ts'
import type { Process, World } from './world.ts'

/** A reason, and the whole sentence beside it. */
export interface Says {
  readonly reason: Reason
  readonly sentence: string | RegExp
}

export const minute = 60_000

/** A new revision of a Canary that was at rest, at this weight for two seconds. */
export async function midRun(world: World, spec: Record<string, unknown> = {}, weight = 25): Promise<void> {
  await world.initialized(spec)
  world.setImage('demo/web:1.1.0')
  await world.until(`Progressing ${weight}`)
  await world.clock.advance(2000)
}

/** Events with that reason, as `Reason: message`. */
export const eventsOf = (world: World, reason: Reason): string[] =>
  world.events().filter(event => event.startsWith(`${reason}: `))

/**
 * Kinds that may be absent for ever: whether they are installed by now is asked every ten minutes, for all Canaries at once. Ingresses
 * are asked for more often, but only the playground lacks them.
 */
const lookedForRarely = new Set(
  [...Object.values(routing).flatMap(({ neighbours }) => neighbours), ...policyKinds, ...routing.nginx.kinds].map(
    ({ kind }) => kindKey(kind),
  ),
)

/** While pods are waited for, they are listed every 10 s at most, to say why they are not ready. */
export const LISTS_OF_PODS = 6

/**
 * Requests that a controller makes, beside the watches that are renewed for ever and the search for kinds that may be absent;
 * counted before anything refuses them.
 */
export function requestsOf(controller: Process): { count: number } {
  const requests = { count: 0 }
  controller.api.faults.add({
    before: ({ verb, kind }) => {
      if (verb !== 'watch' && !(verb === 'list' && lookedForRarely.has(kindKey(kind)))) requests.count += 1
    },
  })
  return requests
}

/** Lets some minutes pass in trouble: at most so many requests a minute. */
export async function expectRest(
  world: World,
  requests: { count: number },
  perMinute = 2,
  minutes = 10,
): Promise<void> {
  const before = requests.count
  await world.clock.advance(minutes * minute)
  expect(requests.count - before, `requests in ${minutes} minutes of trouble`).to.be.at.most(minutes * perMinute)
}

function expectSentence(said: unknown, sentence: string | RegExp, where: string): void {
  if (typeof sentence === 'string') expect(said, where).to.equal(sentence)
  else expect(said, where).to.match(sentence)
}

/** The status says it, `Stalled` says it, and one event does. */
export function expectStalled(world: World, says: Says, canary = 'web'): void {
  expectConditions(world, says, 'Stalled', canary)
  expectEvent(world, says, canary)
}

/** The status says it, and so do the conditions: `Stalled`, or `Reconciling` where it is waited for. */
export function expectConditions(
  world: World,
  { reason, sentence }: Says,
  is: 'Stalled' | 'Reconciling',
  canary = 'web',
): void {
  const object = world.object(kinds.Canary, canary)
  const status: CanaryStatus = object?.['status'] ?? {}
  expectSentence(status.message, sentence, 'status.message')
  const conditions = status.conditions?.filter(({ type }) => type !== 'Promoted')
  expect([status.reason, ...(conditions ?? []).map(one => [one.type, one.status, one.reason])]).to.deep.equal([
    reason,
    ['Ready', 'False', reason],
    ['Reconciling', is === 'Reconciling' ? 'True' : 'False', reason],
    ['Stalled', is === 'Stalled' ? 'True' : 'False', reason],
  ])
  // The API has room for long sentences; a condition holds the beginning.
  const beginning = (status.message ?? '').slice(0, 512)
  for (const { type, message } of conditions ?? []) expect(message, `message of ${type}`).to.equal(beginning)
  expect(object?.metadata.generation, 'status.observedGeneration').to.equal(status.observedGeneration)
}

/** The Warnings about a canary with this reason: one, with the sentence. */
export function expectEvent(world: World, { reason, sentence }: Says, canary = 'web'): void {
  const about = (event: KubeObject): boolean =>
    (event['involvedObject'] as { name?: string }).name === canary && event['type'] === 'Warning'
  const said = world.user
    .list(kinds.Event, 'shop')
    .filter(event => about(event) && event['reason'] === reason)
    .map(event => event['message'])
  expect(said, `events with reason ${reason}`).to.have.lengthOf(1)
  expectSentence(said[0], sentence, `event ${reason}`)
}

/** Whom callers have heard since then: `web 25`, `web-primary 75`, or the flag of a proxy that answered itself. */
export function heard(world: World, from: Instant): string[] {
  const said = world.mesh.stretches(from).flatMap(({ flows }) => {
    const total = flows.reduce((sum, flow) => sum + flow.perSecond, 0)
    const shares = new Map<string, number>()
    for (const { workload, flag, code, perSecond } of flows) {
      const who = flag !== '' ? flag : code >= 500 ? `${workload} errs` : workload
      shares.set(who, (shares.get(who) ?? 0) + (100 * perSecond) / total)
    }
    return [
      [...shares]
        .map(([who, share]) => `${who} ${Math.round(share)}`)
        .sort()
        .join(', '),
    ]
  })
  return [...new Set(said)]
}

/** The weights at which metrics were checked: ids of questions are `<run>/<weight>/<check>/<what>`. */
export const weightsChecked = (world: World): number[] => [
  ...new Set(world.metrics.asked.map(id => Number(id.split('/')[1])).filter(weight => weight > 0)),
]

/** The image of the primary. */
export const primaryImage = (world: World): string =>
  /"image":"([^"]*)"/.exec(JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec))?.[1] ?? ''
