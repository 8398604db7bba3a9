/** Two replicas, and the leader ends: how long until the other acts. */
import type { Controller } from '../e2e/fixtures/controller.ts'
import { sleep, waitFor } from '../e2e/lab/wait.ts'
import type { Fleet, Seen } from './fleet.ts'
import { goals } from './goals.ts'
import { watchMachine } from './machine.ts'
import { type Report, spread } from './report.ts'
import type { Room } from './room.ts'

const SIGNALS = ['SIGTERM', 'SIGTERM', 'SIGTERM', 'SIGKILL', 'SIGKILL', 'SIGKILL'] as const
/** Each signal has a canary of its own, which is released at that moment. */
export const failoverCanaries = SIGNALS.length

interface Failover {
  readonly signal: NodeJS.Signals
  /** Milliseconds from the signal until the Lease names the other, and until the release of that moment is Progressing. */
  readonly lease: number
  readonly acts: number
}

/** @param replicas two that run, with leader election. */
export async function measureFailover(
  room: Room,
  replicas: readonly [Controller, Controller],
  fleet: Fleet,
  report: Report,
): Promise<void> {
  const machine = watchMachine()
  const holders: Seen<string>[] = []
  const end = new AbortController()
  const following = room.followLease(holder => {
    if (holder !== holders.at(-1)?.value) holders.push({ at: Date.now(), value: holder })
  }, end.signal)
  const failovers: Failover[] = []
  for (const [index, signal] of SIGNALS.entries()) {
    const name = fleet.names[index] ?? ''
    failovers.push(await failOver(replicas, fleet, holders, name, signal))
  }
  end.abort()
  await following
  report.heading('Failover, two replicas')
  const rows = (['SIGTERM', 'SIGKILL'] as const).map(signal => {
    const some = failovers.filter(one => one.signal === signal)
    const goal = { SIGTERM: 2000, SIGKILL: 15_000 }[signal]
    const worst = Math.max(...some.map(({ acts }) => acts))
    const measured = `${(worst / 1000).toFixed(2)} s, the longest of ${some.length}`
    report.goal(goals[signal], fleet.names.length, measured, worst < goal)
    return [signal, some.length, spread(some.map(({ lease }) => lease)), spread(some.map(({ acts }) => acts))]
  })
  report.table(
    [
      'signal',
      'times',
      'signal → the Lease names the other',
      'signal → its first write about a canary, min / median / max s',
    ],
    rows,
  )
  report.say(`Machine: ${machine.end()}.`)
}

async function failOver(
  replicas: readonly [Controller, Controller],
  fleet: Fleet,
  holders: readonly Seen<string>[],
  name: string,
  signal: 'SIGTERM' | 'SIGKILL',
): Promise<Failover> {
  const leader = await waitFor('one of the two leads', 30, () =>
    replicas.find(replica => replica.identity === holders.at(-1)?.value),
  )
  const other = replicas.find(replica => replica !== leader) ?? leader
  const heir = other.identity
  const at = Date.now()
  leader.program.signal(signal)
  await sleep(20) // A release that the old leader has not seen.
  await fleet.release([name])
  const { phases } = fleet.track(name)
  const acts = await waitFor(`the other acts after ${signal}`, 60, () =>
    phases.find(phase => phase.at >= at && phase.value.phase === 'Progressing'),
  )
  const lease = holders.find(holder => holder.at >= at && holder.value === heir)
  if (lease === undefined || lease.at > acts.at)
    throw new Error(`After ${signal} the old leader took up one more release.`)
  await leader.program.exit
  await leader.start()
  await sleep(3000) // Its caches are warm, and it watches the Lease.
  return { signal, lease: lease.at - at, acts: acts.at - at }
}
