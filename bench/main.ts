/**
 * `npm run bench [-- --only idle|storm|latency|failover|transport|playground] [-- --canaries 200] [-- --profile <folder>]`: the figures of
 * docs/performance.md, on a real API server, etcd and Prometheus, in a network and process namespace of their own.
 * `--only idle --canaries 100,500,1000,2000` grows one fleet to each of these sizes: the sizing table of docs/operations.md.
 */
import { spawn } from 'node:child_process'
import { mkdir, mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join, resolve } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseArgs } from 'node:util'
import { findBinaries } from '../e2e/lab/binaries.ts'
import { failoverCanaries, measureFailover } from './failover.ts'
import { Fleet } from './fleet.ts'
import { measureIdle, measureTakeover, reportSizes } from './idle.ts'
import { latencyCanaries, measureLatency } from './latency.ts'
import { describeMachine } from './machine.ts'
import { readProfile } from './profile.ts'
import { Report, rounded } from './report.ts'
import { Room } from './room.ts'
import { measureStorm, type Stormed } from './storm.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Names the folder of the run, and says to this program that it is inside its namespaces already. */
const folderVariable = 'SLUICE_BENCH_DIR'
const parts = ['transport', 'playground', 'idle', 'storm', 'latency', 'failover'] as const
type Part = (typeof parts)[number]

/** A whole run with 200 canaries takes about ten minutes; one that takes twice as long, and 2 s more a canary, hangs. */
const deadlineFor = (canaries: number): number => 20 * 60_000 + canaries * 2000

interface Options {
  readonly wanted: ReadonlySet<Part>
  /** Sizes of the fleet, rising; several only for `idle`. */
  readonly sizes: readonly number[]
  readonly profile: string | null
}

/** @throws Error with one sentence about what cannot be read. */
function readOptions(args: readonly string[]): Options {
  const { values } = parseArgs({
    args: [...args],
    options: { only: { type: 'string', multiple: true }, canaries: { type: 'string' }, profile: { type: 'string' } },
  })
  const wanted = (values.only ?? parts).map(only => {
    const part = parts.find(one => one === only)
    if (part === undefined) throw new Error(`--only ${only}: it is one of ${parts.join(', ')}.`)
    return part
  })
  const sizes = (values.canaries ?? '200').split(',').map(Number)
  const rising = sizes.every((size, i) => Number.isInteger(size) && size > (sizes[i - 1] ?? 0) && size <= 9999)
  if (!rising) {
    throw new Error(`--canaries ${values.canaries}: it is a whole number from 1 to 9999, or a rising list of them.`)
  }
  if (sizes.length > 1 && (wanted.length > 1 || wanted[0] !== 'idle')) {
    throw new Error(`--canaries ${values.canaries}: a list of sizes is measured by --only idle.`)
  }
  return {
    wanted: new Set(wanted),
    sizes,
    profile: values.profile === undefined ? null : resolve(values.profile),
  }
}

async function exitCodeOf(command: string, args: readonly string[], env = process.env): Promise<number> {
  return new Promise(settle => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'))
    child.once('error', error => {
      console.error(`${command} cannot be run: ${error.message}`)
      settle(127)
    })
    child.once('exit', code => settle(code ?? 1))
  })
}

/** Outside: what needs the machine. Then the same program again, inside. */
async function outside(args: readonly string[]): Promise<number> {
  const { wanted } = readOptions(args)
  const self = [process.execPath, '--import', 'tsx']
  const alone = (['transport', 'playground'] as const).filter(part => wanted.has(part))
  for (const part of alone) {
    console.log(`\n## ${part === 'transport' ? 'Transport' : 'Playground'}\n`)
    const code = await exitCodeOf(self[0] ?? '', [...self.slice(1), join(root, 'bench', `${part}.ts`)])
    if (code !== 0) return code
  }
  if (wanted.size === alone.length) return 0
  findBinaries(process.env)
  const built = await exitCodeOf('npm', ['run', '--silent', 'build'])
  if (built !== 0) return built
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc']
  const folder = await mkdtemp(join(tmpdir(), 'sluice-bench-'))
  try {
    const command = [...user, ...namespaces, ...self, fileURLToPath(import.meta.url), ...args]
    return await exitCodeOf('unshare', command, { ...process.env, [folderVariable]: folder })
  } finally {
    if (process.env['KEEP'] === '1') console.log(`kept: ${folder}`)
    else await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function inside(args: readonly string[], folder: string): Promise<number> {
  const options = readOptions(args)
  const since = Date.now()
  const largest = options.sizes.at(-1) ?? 1
  const deadline = deadlineFor(largest)
  const report = new Report()
  const late = setTimeout(() => {
    console.error(`The bench did not end within ${Math.round(deadline / 60_000)} minutes; given up.`)
    process.exit(1)
  }, deadline)
  report.say(`\nMachine: ${describeMachine()}`)
  const room = await Room.boot(folder)
  if (options.wanted.has('latency')) await latency(room, report)
  if (options.wanted.has('failover')) await failover(room, report)
  if (options.wanted.has('storm')) {
    const alone = largest === 1 ? null : await load(room, report, 1, options, null)
    await load(room, report, largest, options, alone)
  } else if (options.wanted.has('idle')) await sizing(room, report, options.sizes)
  report.close()
  report.say(`The run took ${Math.round((Date.now() - since) / 1000)} s.`)
  await room.stop()
  clearTimeout(late)
  return 0
}

/** As the peers were measured: one process, which does not elect. */
const single = ['--leader-elect=false']

/** Idle and all at once, of a fleet of a size and a controller that has never had another. */
async function load(
  room: Room,
  report: Report,
  size: number,
  { wanted, profile }: Options,
  alone: Stormed | null,
): Promise<Stormed | null> {
  const profiled = profile !== null && wanted.has('storm') && (alone !== null || size > 1)
  if (profiled) await mkdir(profile, { recursive: true })
  const node = profiled ? ['--cpu-prof', '--cpu-prof-interval=500', `--cpu-prof-dir=${profile}`] : []
  const controller = await room.controller(single, node)
  const fleet = await Fleet.open(room, `bench-${size}`, size)
  if (wanted.has('idle')) await measureIdle(room, controller, fleet, report)
  const stormed = wanted.has('storm') ? await measureStorm(room, controller, fleet, report, alone) : null
  await controller.close()
  await fleet.close()
  if (profiled) await showProfile(profile, report)
  return stormed
}

/** One fleet that grows; at each size it rests, and a new process takes it over. */
async function sizing(room: Room, report: Report, sizes: readonly number[]): Promise<void> {
  let controller = await room.controller(single)
  const fleet = await Fleet.open(room, 'bench-sizes', 0, { hasCallers: false })
  const measured = []
  for (const size of sizes) {
    await fleet.grow(size)
    const idle = await measureIdle(room, controller, fleet, report)
    await controller.close()
    const from = Date.now()
    controller = await room.controller(single)
    measured.push({ idle, taken: await measureTakeover(controller, fleet, from) })
  }
  await controller.close()
  reportSizes(report, measured)
}

async function latency(room: Room, report: Report): Promise<void> {
  const controller = await room.controller(single)
  const fleet = await Fleet.open(room, 'latency', latencyCanaries, { threshold: 1 })
  await measureLatency(room, fleet, report)
  await controller.close()
  await fleet.close()
}

async function failover(room: Room, report: Report): Promise<void> {
  const replicas = [await room.controller([]), await room.controller([])] as const
  const fleet = await Fleet.open(room, 'failover', failoverCanaries)
  await measureFailover(room, replicas, fleet, report)
  await Promise.all(replicas.map(replica => replica.close()))
  await fleet.close()
}

/** The latest profile of the folder: what costs most by itself, and with what it calls. */
async function showProfile(folder: string, report: Report): Promise<void> {
  const files = (await readdir(folder)).filter(file => file.endsWith('.cpuprofile')).sort()
  const functions = readProfile(join(folder, files.at(-1) ?? ''))
  const all = functions.reduce((sum, { self }) => sum + self, 0)
  for (const kind of ['self', 'total'] as const) {
    report.heading(`Profile, ${kind} (of ${Math.round(all)} ms)`)
    report.table(
      ['function', 'ms', '%'],
      functions
        .toSorted((a, b) => b[kind] - a[kind])
        .slice(0, 45)
        .map(one => [one.name, rounded(one[kind]), rounded((100 * one[kind]) / all)]),
    )
  }
}

const args = process.argv.slice(2)
const folder = process.env[folderVariable]
try {
  process.exitCode = await (folder === undefined ? outside(args) : inside(args, folder))
} catch (error) {
  console.error(error instanceof Error ? (folder === undefined ? error.message : error.stack) : error)
  process.exitCode = 1
}
// Whatever of the lab still holds a socket is ended by the kernel, with our namespace.
if (folder !== undefined) process.exit()
