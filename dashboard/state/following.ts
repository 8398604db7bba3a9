/** What the one stream of this tab tells, as signals. */
import { batch, signal } from '@preact/signals'
import type { View } from '../../src/core/view/view.ts'
import type { CanaryDetail, CanaryRow, Problem, Rights, StreamLine } from '../../src/server/dashboard/protocol.ts'
import { type Connection, follow } from '../connection/follow.ts'
import type { Route } from '../route.ts'
import { type LogEntry, withView } from './check-log.ts'
import { WholeList } from './whole-list.ts'
import { serverTime, setClock } from './clock.ts'
import { type Findings, withGates } from './series.ts'
import { isRefusedToken, session, signOut } from './session.ts'

export const connection = signal<Connection>({ state: 'connecting' })
/** The API server is away; null: it is not. */
export const trouble = signal<Problem | null>(null)
/** When the last line with content came, by the clock of the server; null: none came. */
export const lastNews = signal<number | null>(null)

/** `namespace/name` → row; null: not listed yet. Replaced at every change, never changed. */
export const rows = signal<ReadonlyMap<string, CanaryRow> | null>(null)
/** How many canaries the server left out. */
export const more = signal(0)

/** undefined: not told yet. null: there is no such Canary. */
export const detail = signal<CanaryDetail | null | undefined>(undefined)
export const rights = signal<Rights | null>(null)
export const log = signal<readonly LogEntry[]>([])
export const findings = signal<Findings>(new Map())
/** Id of the run that the charts show; null: the present one, or the last. */
export const chartedRun = signal<string | null>(null)
/** What a screen reader is told, politely: the sentence of the canary when it changes. */
export const announcement = signal('')

let stop: () => void = () => {}
const list = new WholeList()

/** Follows what the route shows; what was followed before is forgotten. */
export function show(route: Route): void {
  stop()
  stop = () => {}
  batch(() => {
    connection.value = { state: 'connecting' }
    trouble.value = null
    lastNews.value = null
    rows.value = null
    more.value = 0
    detail.value = undefined
    rights.value = null
    log.value = []
    findings.value = new Map()
    chartedRun.value = null
    announcement.value = ''
  })
  const request = requestFor(route)
  if (request === null) return
  stop = follow(request, {
    lines: lines =>
      batch(() => {
        for (const line of lines) take(line)
      }),
    connection(state) {
      connection.value = state
      if (state.state === 'ended' && isRefusedToken(state.trouble)) signOut(state.trouble)
    },
  })
}

/** Follows nothing any more. */
export function hide(): void {
  stop()
  stop = () => {}
}

function requestFor(route: Route): Parameters<typeof follow>[0] | null {
  const { value } = session
  if (value.state !== 'open') return null
  if (route.kind === 'canary') return { canary: { namespace: route.namespace, name: route.name } }
  const { namespaces } = value.who
  if (namespaces.kind === 'unknown') return null
  return { namespaces: namespaces.kind === 'all' ? 'all' : namespaces.names }
}

function take(line: StreamLine): void {
  switch (line.kind) {
    case 'hello':
      list.restart()
      setClock(line.now)
      return
    case 'beat':
      setClock(line.now)
      return
    case 'list': {
      const whole = list.with(line)
      if (whole === null) return
      rows.value = new Map(whole.map(row => [keyOf(row), row]))
      more.value = line.more
      break
    }
    case 'changes': {
      const next = new Map(rows.value ?? [])
      for (const gone of line.gone) next.delete(keyOf(gone))
      for (const row of line.changed) next.set(keyOf(row), row)
      rows.value = next
      break
    }
    case 'canary':
      takeCanary(line.canary)
      break
    case 'rights':
      rights.value = line.rights
      return
    case 'trouble':
      trouble.value = line.problem
      return
    case 'end':
      return
  }
  lastNews.value = serverTime()
}

function takeCanary(canary: CanaryDetail | null): void {
  const before = detail.value ?? null
  detail.value = canary
  if (canary === null) return
  const isSame = before?.uid === canary.uid
  const known: View | null = isSame ? before.view : null
  const { view } = canary
  log.value = withView(isSame ? log.value : [], known, view, serverTime())
  const isSameRun = known?.run?.id === view.run?.id || view.run === null
  findings.value = withGates(isSameRun ? findings.value : new Map(), view.gates)
  if (known !== null && known.message !== view.message) announcement.value = `${view.name}: ${view.message}`
}

const keyOf = ({ namespace, name }: { readonly namespace: string; readonly name: string }): string =>
  `${namespace}/${name}`
