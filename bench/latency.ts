/**
 * How quickly it reacts: ten canaries, each with rounds of its own at random moments of the interval. A round: a new image; at
 * its first weight, after a random while, all requests fail; back to weight 0, and its pods go.
 */
import { waitFor, sleep } from '../e2e/lab/wait.ts'
import type { Fleet, Seen } from './fleet.ts'
import { goals } from './goals.ts'
import { median, watchMachine } from './machine.ts'
import { type Report, spread } from './report.ts'
import type { Room } from './room.ts'

export const latencyCanaries = 10
const ROUNDS = 3
const INTERVAL = 10_000

/** Times of one round, in ms. */
interface Round {
  readonly patched: number
  /** The status says Progressing. */
  readonly seen: number
  /** The target is to have pods, and they are Ready. */
  readonly scaled: number
  readonly ready: number
  readonly firstWeight: number
  readonly failing: number
  /** The place on the grid of the look that rolled back. */
  readonly fatalLook: number
  readonly back: number
}

export async function measureLatency(room: Room, fleet: Fleet, report: Report): Promise<void> {
  const machine = watchMachine()
  const rounds = (await Promise.all(fleet.names.map(name => roundsOf(room, fleet, name)))).flat()
  const saturation = machine.end()
  const of = (length: (round: Round) => number): number[] => rounds.map(length)
  const toFirst = of(round => round.firstWeight - round.patched)
  const own = of(round => round.firstWeight - round.patched - (round.ready - round.scaled))
  const toZero = of(round => round.back - round.fatalLook)
  report.heading(`Latency, ${fleet.names.length} canaries, ${rounds.length} rounds, threshold 1, interval 10 s`)
  report.table(
    ['from → to', 'min / median / max s'],
    [
      ['patch → Progressing', spread(of(round => round.seen - round.patched))],
      ['patch → first weight', spread(toFirst)],
      ['of it: the target is scaled → its pod is Ready', spread(of(round => round.ready - round.scaled))],
      ['of it: pod Ready → first weight', spread(of(round => round.firstWeight - round.ready))],
      ['patch → first weight without readiness', spread(own)],
      ['100 % errors → weight 0', spread(of(round => round.back - round.failing))],
      ['time of the fatal look → weight 0', spread(toZero)],
    ],
  )
  report.say(`Machine: ${saturation}.`)
  const worst = (values: readonly number[]): number => Math.max(...values)
  const measured = (values: readonly number[]): string =>
    `${(median(values) / 1000).toFixed(2)} / ${(worst(values) / 1000).toFixed(2)} s`
  report.goal(goals.firstWeight, fleet.names.length, measured(own), median(own) < 400 && worst(own) < 1000)
  report.goal(goals.weightZero, fleet.names.length, measured(toZero), median(toZero) < 300 && worst(toZero) < 1000)
}

async function roundsOf(room: Room, fleet: Fleet, name: string): Promise<Round[]> {
  const rounds: Round[] = []
  while (rounds.length < ROUNDS) rounds.push(await oneRound(room, fleet, name))
  return rounds
}

async function oneRound(room: Room, fleet: Fleet, name: string): Promise<Round> {
  const { exporter, kubelet } = room
  const { namespace } = fleet
  const track = fleet.track(name)
  await sleep(Math.random() * INTERVAL)
  const patched = Date.now()
  const first = <T>(seen: readonly Seen<T>[], is: (value: T) => boolean, since = patched): Seen<T> | undefined =>
    seen.find(({ at, value }) => at >= since && is(value))
  await fleet.release([name])
  const raised = await waitFor(`${name} has a first weight`, 30, () => first(track.weights, weight => weight > 0))
  await sleep(Math.random() * INTERVAL)
  exporter.setFailing(namespace, name, true)
  const failing = Date.now()
  const back = await waitFor(`${name} is back at weight 0`, 40, () => {
    return first(track.weights, weight => weight === 0, failing)
  })
  exporter.setFailing(namespace, name, false)
  const failed = await waitFor(`${name} is Failed`, 10, () => first(track.phases, ({ phase }) => phase === 'Failed'))
  await waitFor(`the pods of ${name} go`, 40, () => first(track.replicas, replicas => replicas === 0, failing))
  const isOurs = new RegExp(`^${namespace}/${name}-[a-z0-9]+-[a-z0-9]+$`)
  const ready = [...kubelet.readyAt].filter(
    ([pod, at]) => isOurs.test(pod) && !pod.includes('-primary-') && at >= patched,
  )
  return {
    patched,
    seen: first(track.phases, ({ phase }) => phase === 'Progressing')?.at ?? Number.NaN,
    scaled: first(track.replicas, replicas => replicas > 0)?.at ?? Number.NaN,
    ready: Math.min(...ready.map(([, at]) => at)),
    firstWeight: raised.at,
    failing,
    fatalLook: Math.max(...(failed.value.checks ?? []).map(({ at }) => Date.parse(at))),
    back: back.at,
  }
}
