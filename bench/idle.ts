/** What canaries cost while nothing happens, and how soon a new process has taken them over. */
import type { Controller } from '../e2e/fixtures/controller.ts'
import { sleep, waitFor } from '../e2e/lab/wait.ts'
import { byVerb, counted } from './calls.ts'
import type { Fleet } from './fleet.ts'
import { goals } from './goals.ts'
import { memoryOf, watchMachine } from './machine.ts'
import { type Report, rounded } from './report.ts'
import type { Room } from './room.ts'

/** After the last canary was ready, and how long is looked at. Seconds. */
const SETTLE = 15
const WINDOW = 60

/** Of one size: seconds, and MiB of resident memory. */
export interface Sized {
  readonly canaries: number
  readonly initialized: number
  /** The latest event, against the time that it tells. */
  readonly events: number
  /** Of the process that initialized them: at rest, and the most there ever was. */
  readonly resident: { readonly now: number; readonly peak: number }
}

/** What a process that takes over needs. */
export interface TakenOver {
  readonly seconds: number
  readonly resident: { readonly now: number; readonly peak: number }
}

export async function measureIdle(room: Room, controller: Controller, fleet: Fleet, report: Report): Promise<Sized> {
  const size = fleet.names.length
  await sleep(SETTLE * 1000)
  const machine = watchMachine()
  const before = await room.counters(controller)
  await sleep(WINDOW * 1000)
  const after = await room.counters(controller)
  const saturation = machine.end()
  const calls = await room.calls(before.at, after.at)
  const { requests, watches } = counted(calls)
  const minutes = (after.at - before.at) / 60_000
  const memory = memoryOf(controller.program.pid)
  const perCanary = requests / size / minutes
  report.heading(`Idle, ${size} ${size === 1 ? 'canary' : 'canaries'}`)
  report.table(
    [
      'N',
      'apply → all Initialized s',
      'API requests /canary/min',
      'watches begun /min',
      'PromQL /min',
      'controller CPU-s/min',
      'apiserver CPU-s/min',
      'RSS MiB (peak)',
    ],
    [
      [
        size,
        fleet.seconds.toFixed(1),
        rounded(perCanary, 3),
        rounded(watches / minutes),
        rounded((after.promql - before.promql) / minutes),
        rounded((after.controller - before.controller) / minutes, 2),
        rounded((after.apiServer - before.apiServer) / minutes, 2),
        `${memory.now.toFixed(0)} (${memory.peak.toFixed(0)})`,
      ],
    ],
  )
  if (requests > 0) {
    report.say(
      `Requests: ${byVerb(calls)
        .map(([call, times]) => `${times} ${call}`)
        .join(', ')}\n`,
    )
  }
  report.say(`Machine: ${saturation}.`)
  report.goal(goals.idle, size, rounded(perCanary, 3), requests === 0)
  return { canaries: size, initialized: fleet.seconds, events: await fleet.latestEvent(), resident: memory }
}

/**
 * A process that has just been started: how long until it has listed everything, read again what the last leader may have
 * written, and made a pass over every canary, as its own metrics tell. Then it rests for a while.
 *
 * @param from when it was started.
 */
export async function measureTakeover(controller: Controller, fleet: Fleet, from: number): Promise<TakenOver> {
  const size = fleet.names.length
  await waitFor(`${controller.program.name} has looked at all ${size} canaries`, 120 + size / 5, async () => {
    const { body } = await controller.page('metrics')
    await sleep(1000)
    return (body.match(/^sluice_canary_status/gm) ?? []).length >= size
  })
  const seconds = (Date.now() - from) / 1000
  await sleep(SETTLE * 1000)
  return { seconds, resident: memoryOf(controller.program.pid) }
}

/** One line a size, for docs/operations.md. */
export function reportSizes(report: Report, sizes: readonly { idle: Sized; taken: TakenOver }[]): void {
  const memory = ({ now, peak }: Sized['resident']): string => `${now.toFixed(0)} (${peak.toFixed(0)})`
  report.heading('Sizing')
  report.table(
    [
      'canaries',
      'created → all Initialized s',
      'latest event s',
      'RSS after that, MiB (peak)',
      'taken over by a new process s',
      'its RSS at rest, MiB (peak)',
    ],
    sizes.map(({ idle, taken }) => [
      idle.canaries,
      idle.initialized.toFixed(0),
      idle.events.toFixed(0),
      memory(idle.resident),
      taken.seconds.toFixed(1),
      memory(taken.resident),
    ]),
  )
  const last = sizes.at(-1)
  if (last === undefined) return
  const most = Math.max(last.idle.resident.now, last.taken.resident.now)
  report.goal(goals.size, last.idle.canaries, `${most.toFixed(0)} MiB`, most <= 200)
  report.goal(goals.takeover, last.idle.canaries, `${last.taken.seconds.toFixed(1)} s`, last.taken.seconds < 30)
}
