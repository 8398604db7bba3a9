/** All canaries of a fleet released at once. */
import { type KubeObject, kinds } from '../src/api/object.ts'
import type { Controller } from '../e2e/fixtures/controller.ts'
import { sleep } from '../e2e/lab/wait.ts'
import { byVerb, counted } from './calls.ts'
import type { Fleet } from './fleet.ts'
import { goals } from './goals.ts'
import { median, memoryOf, watchMachine } from './machine.ts'
import { type Report, rounded, spread } from './report.ts'
import type { Room } from './room.ts'

/** One promotion alone takes about a minute. */
const DEADLINE = 240 // s
/** What follows the last Succeeded is counted too: events on their way, say. */
const AFTERMATH = 15 // s

export interface Stormed {
  /** From the first patch to the last canary Succeeded, in seconds. */
  readonly seconds: number
}

/** @param alone the same with one canary, for comparison. */
export async function measureStorm(
  room: Room,
  controller: Controller,
  fleet: Fleet,
  report: Report,
  alone: Stormed | null,
): Promise<Stormed> {
  const size = fleet.names.length
  const machine = watchMachine()
  const before = await room.counters(controller)
  const from = await fleet.release()
  const patched = Date.now()
  const last = await fleet.untilSucceeded(from, DEADLINE)
  await sleep(AFTERMATH * 1000)
  const after = await room.counters(controller)
  const saturation = machine.end()
  const memory = memoryOf(controller.program.pid)
  const calls = await room.calls(before.at, after.at)
  const { requests, writes, watches, refused } = counted(calls)
  const events = await eventsOf(room, fleet, from)
  const dropped = controller.logs().filter(({ message }) => message === 'an event was dropped').length
  const seconds = (last - from) / 1000
  const each = (count: number, decimals = 1): string => rounded(count / size, decimals)
  const firstWeight = fleet.names.map(name => {
    return (fleet.track(name).weights.find(({ at, value }) => at >= from && value > 0)?.at ?? Number.NaN) - from
  })
  const cpu = (1000 * (after.controller - before.controller)) / size
  report.heading(`All at once, ${size} ${size === 1 ? 'canary' : 'canaries'}`)
  report.table(
    ['figure', 'value'],
    [
      ['all templates patched within, s', ((patched - from) / 1000).toFixed(1)],
      ['first patch → last Succeeded, s', seconds.toFixed(1)],
      ['first patch → first weight, min / median / max s', spread(firstWeight)],
      ['API requests (writes) a promotion', `${each(requests)} (${each(writes)})`],
      ['of them answered with an error, watches begun', `${refused}, ${watches} in all`],
      [
        'events a promotion, min / median / max',
        `${Math.min(...events)} / ${median(events)} / ${Math.max(...events)}, ${dropped} dropped`,
      ],
      ['PromQL requests a promotion', each(after.promql - before.promql, 2)],
      ['etcd puts a promotion (of everybody)', each(after.etcdPuts - before.etcdPuts)],
      ['controller CPU a promotion, ms', rounded(cpu)],
      ['apiserver CPU a promotion, ms', each(1000 * (after.apiServer - before.apiServer))],
      ['RSS now, peak, MiB', `${memory.now.toFixed(0)}, ${memory.peak.toFixed(0)}`],
    ],
  )
  report.table(
    ['API request', 'a promotion'],
    byVerb(calls).map(([call, times]) => [call, each(times, 2)]),
  )
  report.say(`Machine: ${saturation}.`)
  if (size > 1) {
    if (alone !== null) {
      const ratio = seconds / alone.seconds
      const times = `${ratio.toFixed(2)}x (${seconds.toFixed(1)} s, ${alone.seconds.toFixed(1)} s)`
      report.goal(goals.together, size, times, ratio <= 1.2)
    }
    const few = requests / size <= 40 && writes / size <= 24
    report.goal(goals.requests, size, `${each(requests)} (${each(writes)})`, few)
    const all = dropped === 0 && Math.min(...events) === Math.max(...events)
    const told = `${dropped} dropped; ${Math.min(...events)} to ${Math.max(...events)} a promotion`
    report.goal(goals.events, size, told, all)
    const promql = (after.promql - before.promql) / size
    report.goal(goals.promql, size, rounded(promql, 2), promql <= 2)
    report.goal(goals.cpu, size, `${rounded(cpu)} ms`, cpu <= 16)
    report.goal(goals.memory, size, `${memory.peak.toFixed(0)} MiB`, memory.peak <= 90)
  }
  return { seconds }
}

/** How many events each canary has since then. */
async function eventsOf(room: Room, fleet: Fleet, from: number): Promise<number[]> {
  const counts = new Map(fleet.names.map(name => [name, 0]))
  for (const event of await room.api.list(kinds.Event, fleet.namespace)) {
    const { involvedObject, firstTimestamp } = event as KubeObject & {
      involvedObject: { kind: string; name: string }
      firstTimestamp?: string
    }
    // Times of events have whole seconds.
    if (involvedObject.kind !== 'Canary' || Date.parse(firstTimestamp ?? '') < from - 1000) continue
    counts.set(involvedObject.name, (counts.get(involvedObject.name) ?? 0) + 1)
  }
  return [...counts.values()]
}
