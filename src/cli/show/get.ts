/** `sluice get [NAME]`: a list of Canaries, or one as a tree. */
import type { Command } from 'commander'
import { type KubeObject, kinds } from '../../api/object.ts'
import { describe } from '../../core/view/describe.ts'
import { NOTHING_OBSERVED } from '../../core/view/observed.ts'
import { ageOf, shortImage } from '../../core/view/text.ts'
import { type View, VIEW_VERSION } from '../../core/view/view.ts'
import { readObserved } from '../../runtime/read-observed.ts'
import { findCanary, nameIn, orUnserved } from '../client/canaries.ts'
import { type ScopeFlags, withScopeFlags } from '../client/flags.ts'
import { follow, type Scope } from '../client/follow.ts'
import { inSession, INTERRUPTED, type Session } from '../client/session.ts'
import { dataIn, listOutput, type Output } from '../render/output.ts'
import { painter } from '../render/paint.ts'
import { type Column, tableOf } from '../render/table.ts'
import { treeOf } from '../render/tree.ts'
import { StartupError } from '../startup-error.ts'
import type { Tools } from '../tools.ts'
import { localZone, watchTree } from './watch.ts'

interface GetFlags extends ScopeFlags {
  readonly watch?: boolean
  readonly output?: Output
  readonly headers: boolean
}

/** Adds `get` to the program. */
export function getCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('get')
    .description('list Canaries, or show one with its steps, gates and pods')
    .argument('[name]', 'of the Canary; without it all are listed')
    .option('-w, --watch', 'go on with each change')
    .addOption(listOutput())
    .option('--no-headers', 'of lists: only the rows')
  return withScopeFlags(command).action(async (name: string | undefined, flags: GetFlags) => {
    await inSession(tools, flags, session =>
      name === undefined ? showList(tools, session, flags) : show(tools, session, name, flags),
    )
  })
}

async function show(tools: Tools, session: Session, name: string, flags: GetFlags): Promise<number> {
  const { output, watch, allNamespaces, selector } = flags
  if (allNamespaces === true || selector !== undefined)
    throw new StartupError('A name is of one Canary: leave it out with -A or -l, or name its namespace with -n')
  const canary = await findCanary(session, name)
  if (watch === true)
    return output === undefined ? watchTree(tools, session, canary) : showList(tools, session, flags, name)
  const now = tools.clock.now()
  const view = describe(canary, await readObserved(canary, session, tools.sha256), now)
  const data = dataIn(output, view)
  if (data !== null) await tools.stdout(data)
  else if (output?.format === 'name') await tools.stdout(`${nameOf(view)}\n`)
  else {
    const { columns, hasColors } = tools.terminal
    const drawing = { paint: painter(hasColors), columns: columns(), timeZone: localZone() }
    await tools.stdout(`${treeOf(view, now, drawing).join('\n')}\n`)
  }
  return 0
}

const nameOf = ({ name }: View): string => `canary.sluice.dev/${name}`

/** @param name of the one Canary that is followed. */
async function showList(tools: Tools, session: Session, flags: GetFlags, name?: string): Promise<number> {
  const scope: Scope = {
    kind: kinds.Canary,
    namespace: flags.allNamespaces === true ? '' : session.namespace,
    ...(name === undefined ? {} : { name: nameIn(name) }),
    ...(flags.selector === undefined ? {} : { labelSelector: flags.selector }),
  }
  const rows = new Rows(tools, flags)
  const following = follow(scope, {
    api: session.api,
    clock: tools.steady,
    random: tools.random,
    signal: tools.stop,
    deadline: flags.requestTimeout,
  })
  try {
    const first = await orUnserved(session, following.next())
    const found = first.done === true ? [] : sorted([...first.value.values()])
    // One that is followed is printed as one that is not: itself, and no list.
    await (name === undefined ? rows.first(found) : rows.changed(found))
    if (found.length === 0 && flags.output === undefined)
      await tools.stderr(
        scope.namespace === '' ? 'No Canaries found\n' : `No Canaries found in namespace ${scope.namespace}\n`,
      )
    if (flags.watch !== true) return 0
    for await (const objects of following) await rows.changed(sorted([...objects.values()]))
    return INTERRUPTED
  } finally {
    await following.return(undefined)
  }
}

const sorted = (canaries: readonly KubeObject[]): KubeObject[] =>
  canaries.toSorted((a, b) => keyOf(a).localeCompare(keyOf(b)))
const keyOf = ({ metadata }: KubeObject): string => `${metadata.namespace ?? ''}/${metadata.name}`

/** The rows of a list, and those that follow when Canaries change. */
class Rows {
  readonly #tools: Tools
  readonly #flags: GetFlags
  readonly #shown = new Map<string, string>()
  #widths: readonly number[] = []

  constructor(tools: Tools, flags: GetFlags) {
    this.#tools = tools
    this.#flags = flags
  }

  async first(canaries: readonly KubeObject[]): Promise<void> {
    const views = canaries.map(one => this.#view(one))
    const { output } = this.#flags
    const data = dataIn(output, { apiVersion: VIEW_VERSION, kind: 'CanaryViewList', items: views })
    for (const one of canaries) this.#shown.set(keyOf(one), one.metadata.resourceVersion ?? '')
    if (data !== null) await this.#tools.stdout(data)
    else await this.#print(views, this.#flags.headers && output?.format !== 'name' && views.length > 0)
  }

  async changed(canaries: readonly KubeObject[]): Promise<void> {
    const changed = canaries.filter(one => this.#shown.get(keyOf(one)) !== (one.metadata.resourceVersion ?? ''))
    for (const one of changed) this.#shown.set(keyOf(one), one.metadata.resourceVersion ?? '')
    for (const view of changed.map(one => this.#view(one))) {
      const data = dataIn(this.#flags.output, view)
      if (data === null) await this.#print([view], false)
      else await this.#tools.stdout(data)
    }
  }

  #view(canary: KubeObject): View {
    return describe(canary, NOTHING_OBSERVED, this.#tools.clock.now())
  }

  async #print(views: readonly View[], hasHeaders: boolean): Promise<void> {
    if (this.#flags.output?.format === 'name') {
      await this.#tools.stdout(views.map(view => `${nameOf(view)}\n`).join(''))
      return
    }
    const columns = columnsOf(this.#flags, this.#tools.clock.now())
    const layout = { hasHeaders, columns: this.#tools.terminal.columns(), widths: this.#widths }
    const { lines, widths } = tableOf(columns, views, layout)
    this.#widths = widths
    await this.#tools.stdout(lines.map(line => `${line}\n`).join(''))
  }
}

function columnsOf({ allNamespaces, output }: GetFlags, now: number): Column<View>[] {
  const isWide = output?.format === 'wide'
  return [
    ...(allNamespaces === true ? [{ header: 'NAMESPACE', of: ({ namespace }: View) => namespace }] : []),
    { header: 'NAME', of: ({ name }) => name },
    { header: 'STATUS', of: ({ phase }) => phase ?? '' },
    { header: 'WEIGHT', of: ({ traffic }) => String(traffic.requested) },
    { header: 'STEP', of: ({ step }) => step },
    ...(isWide
      ? [
          { header: 'FAILED', of: ({ failures }: View) => `${failures.counted}/${failures.threshold ?? '?'}` },
          { header: 'PRIMARY', of: ({ sides }: View) => sides.primary.images.map(shortImage).join(',') },
          { header: 'CANARY', of: ({ sides }: View) => sides.canary.images.map(shortImage).join(',') },
        ]
      : []),
    { header: 'MESSAGE', of: ({ message }) => message },
    { header: 'AGE', of: ({ createdAt }) => (createdAt === null ? '' : ageOf(createdAt, now)) },
  ]
}
