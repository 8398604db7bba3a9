/** `sluice events NAME`: what was told of a canary, the latest last. */
import type { Command } from 'commander'
import { type KubeObject, kinds } from '../../api/object.ts'
import { at, numberOf, textOf } from '../../core/json.ts'
import { ageOf } from '../../core/view/text.ts'
import { findCanary } from '../client/canaries.ts'
import { type ClientFlags, withClientFlags } from '../client/flags.ts'
import { follow } from '../client/follow.ts'
import { inSession, INTERRUPTED } from '../client/session.ts'
import { dataIn, dataOutput, type Output } from '../render/output.ts'
import { type Column, tableOf } from '../render/table.ts'
import type { Tools } from '../tools.ts'

interface EventFlags extends ClientFlags {
  readonly watch?: boolean
  readonly output?: Output
  readonly headers: boolean
}

/** Adds `events` to the program. */
export function eventsCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('events')
    .description('list the Events of a Canary, the latest last')
    .argument('<name>', 'of the Canary')
    .option('-w, --watch', 'go on with each Event')
    .addOption(dataOutput())
    .option('--no-headers', 'only the rows')
  return withClientFlags(command).action(async (name: string, flags: EventFlags) => {
    await inSession(tools, flags, async session => {
      const { metadata } = await findCanary(session, name)
      const { api, namespace } = session
      const { steady: clock, random, stop: signal } = tools
      const following = follow(
        { kind: kinds.Event, namespace },
        { api, clock, random, signal, deadline: flags.requestTimeout },
      )
      const shown = new Map<string, number>()
      let widths: readonly number[] = []
      let isFirst = true
      try {
        for await (const objects of following) {
          const events = [...objects.values()]
            .filter(event => isAbout(event, metadata))
            .toSorted((a, b) => timeOf(a) - timeOf(b))
          const news = events.filter(event => shown.get(event.metadata.name) !== timeOf(event))
          for (const event of news) shown.set(event.metadata.name, timeOf(event))
          const data = isFirst
            ? dataIn(flags.output, { apiVersion: 'v1', kind: 'EventList', items: news })
            : news.map(event => dataIn(flags.output, event) ?? '').join('') || null
          const layout = {
            hasHeaders: isFirst && flags.headers && news.length > 0,
            columns: tools.terminal.columns(),
            widths,
          }
          const table = tableOf(columnsAt(tools.clock.now()), news, layout)
          if (data === null) widths = table.widths
          await tools.stdout(data ?? table.lines.map(line => `${line}\n`).join(''))
          if (isFirst && news.length === 0 && flags.output === undefined)
            await tools.stderr(
              `There are no Events of Canary ${metadata.name}; the API server keeps them for an hour\n`,
            )
          isFirst = false
          if (flags.watch !== true) return 0
        }
      } finally {
        await following.return(undefined)
      }
      return INTERRUPTED
    })
  })
}

function isAbout(event: KubeObject, { name, uid }: KubeObject['metadata']): boolean {
  const about = event['involvedObject']
  return at(about, 'kind') === 'Canary' && at(about, 'name') === name && at(about, 'uid') === uid
}

/** When it was last told, as RFC 3339. */
const toldAt = (event: KubeObject): string =>
  textOf(at(event['series'], 'lastObservedTime')) ||
  textOf(event['lastTimestamp']) ||
  textOf(event['eventTime']) ||
  (event.metadata.creationTimestamp ?? '')

const timeOf = (event: KubeObject): number => Date.parse(toldAt(event))

const columnsAt = (now: number): Column<KubeObject>[] => [
  { header: 'LAST SEEN', of: event => ageOf(toldAt(event), now) },
  { header: 'TYPE', of: event => textOf(event['type']) },
  { header: 'REASON', of: event => textOf(event['reason']) },
  {
    header: 'MESSAGE',
    of: event => `${numberOf(event['count'], 1) > 1 ? `(x${String(event['count'])}) ` : ''}${textOf(event['message'])}`,
  },
]
