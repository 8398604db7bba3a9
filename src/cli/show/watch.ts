/** `sluice watch NAME`: the tree as it changes on a terminal; one line per change elsewhere. */
import type { Command } from 'commander'
import { type KubeObject, kinds } from '../../api/object.ts'
import type { Milliseconds } from '../../core/time.ts'
import { describe } from '../../core/view/describe.ts'
import type { Observed } from '../../core/view/observed.ts'
import { clockTime } from '../../core/view/text.ts'
import type { View } from '../../core/view/view.ts'
import { readObserved } from '../../runtime/read-observed.ts'
import { findCanary } from '../client/canaries.ts'
import { Changes } from '../client/changes.ts'
import { type ClientFlags, withClientFlags } from '../client/flags.ts'
import { inSession, INTERRUPTED, type Session } from '../client/session.ts'
import { painter, printable } from '../render/paint.ts'
import { treeOf } from '../render/tree.ts'
import type { Tools } from '../tools.ts'

/** On a terminal times go on although nothing changes, and pods are read again. */
const REDRAW: Milliseconds = 1000
const READ_PODS: Milliseconds = 3000
const FOREVER: Milliseconds = 60_000
/** Of one list. */
const DEADLINE: Milliseconds = 15_000

export const localZone = (): string => Intl.DateTimeFormat().resolvedOptions().timeZone

/** Adds `watch` to the program. */
export function watchCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('watch')
    .description('show a Canary as it changes: a tree on a terminal, else a line per change; until Ctrl-C')
    .argument('<name>', 'of the Canary')
  return withClientFlags(command).action(async (name: string, flags: ClientFlags) => {
    await inSession(tools, flags, async session => watchTree(tools, session, await findCanary(session, name)))
  })
}

/** @returns the exit code: 1 when the Canary was deleted, else that of Ctrl-C. */
export async function watchTree(tools: Tools, session: Session, first: KubeObject): Promise<number> {
  const { steady, random, stop, sha256, clock, terminal } = tools
  const { namespace = '', name } = first.metadata
  const changes = new Changes(
    { kind: kinds.Canary, namespace, name },
    { api: session.api, clock: steady, random, signal: stop, deadline: DEADLINE },
  )
  const screen = terminal.isInteractive ? new Screen(tools) : new Lines(tools)
  let canary = first
  let view: View | null = null
  let observed: Observed = await readObserved(canary, session, sha256)
  let readAt = steady.now()
  try {
    while (!stop.aborted) {
      view = describe(canary, observed, clock.now())
      await screen.show(view)
      const next = await changes.next(terminal.isInteractive ? REDRAW : FOREVER)
      if (stop.aborted) break
      if (next === 'gone') {
        await tools.stderr(`Canary ${name} was deleted\n`)
        return 1
      }
      if (next !== 'nothing') canary = next
      if (next !== 'nothing' || (view.run !== null && steady.now() - readAt >= READ_PODS)) {
        // What cannot be read for a moment is shown as it was.
        observed = await readObserved(canary, session, sha256).catch(() => observed)
        readAt = steady.now()
      }
    }
  } finally {
    changes.close()
  }
  await tools.stderr(`${goodbyeOf(view, name, namespace)}\n`)
  return INTERRUPTED
}

/** What Ctrl-C leaves behind. */
export function goodbyeOf(view: View | null, name: string, namespace: string): string {
  return view === null || view.run === null
    ? 'Stopped watching'
    : `Stopped watching; the release goes on. To stop it: sluice -n ${namespace} abort ${name}`
}

/** A tree that is drawn over the one before. */
class Screen {
  readonly #tools: Tools
  #height = 0

  constructor(tools: Tools) {
    this.#tools = tools
  }

  async show(view: View): Promise<void> {
    const { terminal, clock, stdout } = this.#tools
    const drawing = { paint: painter(terminal.hasColors), columns: terminal.columns(), timeZone: localZone() }
    const all = treeOf(view, clock.now(), drawing)
    // A line below the last of the screen could not be drawn over.
    const most = Math.max(1, terminal.rows() - 1)
    const lines = all.length <= most ? all : [...all.slice(0, most - 1), '…']
    const back = this.#height === 0 ? '' : `\u001B[${this.#height}A`
    await stdout(`${back}${lines.map(line => `\u001B[2K${line}\n`).join('')}\u001B[0J`)
    this.#height = lines.length
  }
}

/** A line for what has changed. */
class Lines {
  readonly #tools: Tools
  #last = ''

  constructor(tools: Tools) {
    this.#tools = tools
  }

  async show({ phase, step, traffic, message }: View): Promise<void> {
    const said = [phase ?? 'no status', step, `weight ${traffic.requested}`, message]
      .filter(Boolean)
      .map(printable)
      .join('  ')
    if (said === this.#last) return
    this.#last = said
    const now = new Date(this.#tools.clock.now()).toISOString()
    await this.#tools.stdout(`${clockTime(now, localZone())}  ${said}\n`)
  }
}
