/** What canaries cost while nothing happens. */
import type { Controller } from '../e2e/fixtures/controller.ts'
import { sleep } from '../e2e/lab/wait.ts'
import { byVerb, counted } from './calls.ts'
import type { Fleet } from './fleet.ts'
import { goals } from './goals.ts'
import { memoryOf, watchMachine } from './machine.ts'
import { type Report, rounded } from './report.ts'
import type { Room } from './room.ts'

/** After the last canary was ready, and how long is looked at. Seconds. */
const SETTLE = 15
const WINDOW = 60

export async function measureIdle(room: Room, controller: Controller, fleet: Fleet, report: Report): Promise<void> {
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
}
