/** What the machine does while something is measured: CPU of processes, memory, load, and how fast it is at this moment. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { cpus, loadavg, totalmem } from 'node:os'

/** Clock ticks a second in /proc: USER_HZ, which is 100 on every Linux that Node runs on. */
const TICKS = 100

/** CPU-seconds of a process so far, user and system; 0 when it is gone. */
export function cpuSeconds(pid: number | undefined): number {
  if (pid === undefined) return 0
  try {
    // The name in parentheses may hold spaces; utime and stime are the 12th and 13th fields after it.
    const fields = readFileSync(`/proc/${pid}/stat`, 'utf8')
      .replace(/^.*\) /s, '')
      .split(' ')
    return (Number(fields[11]) + Number(fields[12])) / TICKS
  } catch {
    return 0
  }
}

/** Resident memory in MiB: now, and the most there ever was. */
export function memoryOf(pid: number | undefined): { readonly now: number; readonly peak: number } {
  const status = readFileSync(`/proc/${pid}/status`, 'utf8')
  const mebibytes = (field: string): number =>
    Number(new RegExp(`^${field}:\\s+(\\d+) kB`, 'm').exec(status)?.[1]) / 1024
  return { now: mebibytes('VmRSS'), peak: mebibytes('VmHWM') }
}

/** CPU-seconds of every process in our PID namespace: the lab, the controllers and this program. */
function ours(): number {
  return readdirSync('/proc')
    .filter(name => /^\d+$/.test(name))
    .reduce((sum, pid) => sum + cpuSeconds(Number(pid)), 0)
}

interface Ticks {
  readonly busy: number
  readonly idle: number
}

/** CPU-seconds of the whole machine since it was started. */
function machine(): Ticks {
  const line = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0] ?? ''
  const [user = 0, nice = 0, system = 0, idle = 0, wait = 0, irq = 0, soft = 0, stolen = 0] = line
    .split(/\s+/)
    .slice(1)
    .map(ticks => Number(ticks) / TICKS)
  return { busy: user + nice + system + irq + soft + stolen, idle: idle + wait }
}

/**
 * CPU-milliseconds that a fixed piece of work takes: the median of 41. It says how much slower a busy machine makes the same
 * instructions, so that CPU figures of two runs can be compared.
 */
export function yardstick(): number {
  const document = Array.from({ length: 1200 }, (_, n) => ({ name: `web-${n}`, labels: { app: 'web', n: String(n) } }))
  const work = (): number => {
    const { user, system } = process.cpuUsage()
    createHash('sha256')
      .update(JSON.stringify(JSON.parse(JSON.stringify(document))))
      .digest('hex')
    const now = process.cpuUsage()
    return (now.user + now.system - user - system) / 1000
  }
  return median(Array.from({ length: 41 }, work))
}

/** How loaded the machine is from now until `end` is called. */
export function watchMachine(): { end(): string } {
  const from = { at: performance.now(), machine: machine(), ours: ours(), yardstick: yardstick() }
  return {
    end() {
      const to = machine()
      const seconds = (performance.now() - from.at) / 1000
      const busy = to.busy - from.machine.busy
      const idle = to.idle - from.machine.idle
      const mine = ours() - from.ours
      const others = Math.max(0, busy - mine) / seconds
      const share = Math.round((100 * idle) / (busy + idle))
      return (
        `load average ${loadavg()[0]?.toFixed(2)}, CPU idle ${share} %, ${(mine / seconds).toFixed(2)} cores by this bench and its lab, ` +
        `${others.toFixed(2)} by others; yardstick ${from.yardstick.toFixed(1)} ms before, ${yardstick().toFixed(1)} ms after`
      )
    },
  }
}

/** The machine in one line. */
export function describeMachine(): string {
  const kernel = readFileSync('/proc/sys/kernel/osrelease', 'utf8').trim()
  return `${cpus().length} x ${cpus()[0]?.model.trim() ?? 'unknown'}, ${Math.round(totalmem() / 2 ** 30)} GiB, Linux ${kernel}, Node ${process.version}`
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b)
  const middle = sorted.length >> 1
  return sorted.length % 2 === 1
    ? (sorted[middle] ?? Number.NaN)
    : ((sorted[middle - 1] ?? Number.NaN) + (sorted[middle] ?? Number.NaN)) / 2
}
