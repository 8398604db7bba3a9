/** An alert in the words that all services share. */
import type { AlertMessage } from '../../core/model/alert.ts'

/** One body for one service; JSON. */
export type Body = Readonly<Record<string, unknown>>

/** What a message is made of beside the alert. */
export interface Style {
  /** Empty: what the service shows. */
  readonly channel: string
  readonly username: string
  readonly thread: string | null
  readonly id: string
}

export const titleOf = ({ namespace, canary, reason }: AlertMessage): string => `${namespace}/${canary}: ${reason}`

/** Names and values, in the order in which they are read; those that are not known are left out. */
export function factsOf({
  metric,
  weight,
  revision,
  image,
  promoted,
  next,
  traceId,
}: AlertMessage): [string, string][] {
  const facts: [string, string][] = [
    ['Metric', metric === undefined ? '' : `${metric.name}: ${metric.value}${limited(metric.limit)}`],
    ['Weight', `${weight} %`],
    ['Revision', image === '' || revision === '' ? revision : `${revision} (${image})`],
    ['Production', promoted],
    ['Next', next.replace(/^Next: /, '')],
    ['Trace', traceId],
  ]
  return facts.filter(([, value]) => value !== '')
}

/** Titles and URLs, in the order in which they are shown; none where nothing is known. */
export function linksOf({ link, traceLink }: AlertMessage): [string, string][] {
  const links: [string, string][] = [
    ['Open the dashboard', link],
    [TRACES, traceLink],
  ]
  return links.filter(([, url]) => url !== '')
}

export const TRACES = 'Open the traces'

const limited = (limit: string): string => (limit === '' ? '' : ` (limit ${limit})`)

/** `#rrggbb`. */
export const COLORS = { info: '#2e7d32', warn: '#ed8b00', error: '#c62828' } as const
