/**
 * The search for the traces of the requests that a release served, by the template of `--trace-link`. It is a link and no lookup: with
 * the labels of `keep` both sides are one service in Jaeger, so what tells them apart is a tag of pods or of the cluster, which the template
 * names (docs/traces.md).
 */
import { ANNOTATION_PREFIX } from '../model/command.ts'
import type { Memory } from '../model/memory.ts'
import type { Observation } from '../model/observation.ts'
import { runOf, short } from '../model/selectors.ts'
import type { Revision, State } from '../model/state.ts'
import type { Instant } from '../time.ts'

/** What a name between the braces stands for, with the most characters that it has. */
const LONGEST_VALUES = {
  namespace: 63,
  name: 253,
  service: 63,
  target: 253,
  revision: 10,
  start: 13,
  end: 13,
  traceId: 32,
} as const

type LinkName = keyof typeof LONGEST_VALUES
const LINK_NAMES = Object.keys(LONGEST_VALUES) as LinkName[]

/** Characters of a link, which is in the status, in Events and in alerts: a field of Discord has 1,024. */
export const LONGEST_LINK = 900

/** The end of a run that is under way: Jaeger and Tempo take a time that is yet to come, and a link that moves would be written at each pass. */
const DAY = 86_400_000

/** On an Event: the id of the trace of the run that it is about. */
const TRACE_ANNOTATION = `${ANNOTATION_PREFIX}trace-id`
/** On an Event: the search for the traces of its requests. */
const LINK_ANNOTATION = `${ANNOTATION_PREFIX}trace-link`

const isName = (text: string): text is LinkName => Object.hasOwn(LONGEST_VALUES, text)

const filledIn = (template: string, fill: (name: string) => string): string =>
  template.replaceAll(/\{([^{}]*)\}/g, (_, name: string) => fill(name))

/** Why a text is no template of a link, as a sentence; null: nothing is wrong. */
export function problemOfTraceLink(template: string): string | null {
  const names = [...template.matchAll(/\{([^{}]*)\}/g)].map(([, name = '']) => name)
  const unknown = names.find(name => !isName(name))
  if (unknown !== undefined) {
    return `{${unknown.slice(0, 60)}} is not known. Use one of: ${LINK_NAMES.map(name => `{${name}}`).join(', ')}; write a brace that is meant as %7B or %7D.`
  }
  const longest = filledIn(template, name => (isName(name) ? 'a'.repeat(LONGEST_VALUES[name]) : ''))
  if (/[{}\s|<>"'`\\]/.test(longest) || !/^https?:\/\//.test(longest) || !URL.canParse(longest)) {
    return 'Write a URL such as https://jaeger.example.com/search?service={service}&start={start}000&end={end}000, with %20, %22, %7B, %7C and %7D for a space, a quote, {, | and }.'
  }
  return longest.length > LONGEST_LINK
    ? `The link may have ${longest.length} characters when it is filled in, and ${LONGEST_LINK} are the most. Write a shorter one.`
    : null
}

/** What a link needs of a run. */
interface LinkedRun {
  readonly id: string
  readonly revision: Revision
  readonly startedAt: Instant
  readonly endedAt: Instant
}

type After = Readonly<{ state: State; memory: Pick<Memory, 'history' | 'traces'> }>
type About = Pick<Observation, 'canary' | 'names' | 'settings'>

/** The present run, or else the last one; null: there was none. */
function presentOrLast({ state, memory: { history } }: After): LinkedRun | null {
  const run = runOf(state)
  if (run === null) return history[0] ?? null
  const { id, candidate: revision, startedAt } = run
  return { id, revision, startedAt, endedAt: startedAt + DAY }
}

/**
 * The link of one run; '' where there is none.
 *
 * @param id names the run; '' or one that is forgotten: there is no link.
 * @param traceId of its trace; '': it is not traced.
 */
export function traceLinkOf(o: About, after: After, id: string, traceId: string): string {
  const run = [presentOrLast(after), ...after.memory.history].find(one => one?.id === id) ?? null
  return run === null ? '' : filledLink(o, run, traceId)
}

/** The trace of the present or the last run, and its link; '' where there is none. */
export function traceOfPresentOrLast(o: About, after: After): { readonly traceId: string; readonly traceLink: string } {
  const id = presentOrLast(after)?.id ?? ''
  const traceId = after.memory.traces.find(trace => trace.run === id)?.id ?? ''
  return { traceId, traceLink: traceLinkOf(o, after, id, traceId) }
}

function filledLink({ canary, names, settings }: About, run: LinkedRun, traceId: string): string {
  const { traceLink: template } = settings
  // A search for no id would find all traces, or none.
  if (template.includes('{traceId}') && traceId === '') return ''
  const values: Readonly<Record<LinkName, string>> = {
    namespace: names.namespace,
    name: names.canary,
    service: names.apexService.name,
    target: canary.spec.targetRef.name,
    revision: short(run.revision),
    start: String(Math.floor(run.startedAt)),
    end: String(Math.ceil(run.endedAt)),
    traceId,
  }
  return filledIn(template, name => (isName(name) ? encodeURIComponent(values[name]) : ''))
}

/** What the Events of a move have about the run that it is a part of, its end among them; nothing where it is a part of none. */
export function traceAnnotations(o: Observation, after: After): Readonly<Record<string, string>> {
  const isOfRun = runOf(o.state) !== null || runOf(after.state) !== null || o.state.phase === 'Finalising'
  if (!isOfRun) return {}
  const { traceId, traceLink: link } = traceOfPresentOrLast(o, after)
  return {
    ...(traceId === '' ? {} : { [TRACE_ANNOTATION]: traceId }),
    ...(link === '' ? {} : { [LINK_ANNOTATION]: link }),
  }
}
