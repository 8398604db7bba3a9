/** What the value of each flag may be: each function here reads one, or throws InvalidArgumentError with what to write. */
import { InvalidArgumentError } from 'commander'
import { parseDuration } from '../api/duration.ts'
import { isProvider, type Provider, PROVIDER_SENTENCE } from '../api/providers.ts'
import type { Allowance } from '../core/model/observation.ts'
import { problemOfTraceLink } from '../core/signals/trace-link.ts'
import type { Milliseconds } from '../core/time.ts'

/** A repeatable flag replaces its default, and joins what was given before. */
const joined = (before: readonly string[] | undefined, more: readonly string[]): string[] => [
  ...(before ?? []),
  ...more,
]

/** What is between commas. @throws InvalidArgumentError when that is nothing: a flag that restricts would then restrict nothing. */
function split(text: string): string[] {
  const parts = text
    .split(',')
    .map(one => one.trim())
    .filter(one => one !== '')
  if (parts.length === 0) throw new InvalidArgumentError('It names nothing. Name something, or leave the flag out.')
  return parts
}

/** Namespaces with commas. @throws InvalidArgumentError with a sentence. */
export function namespaces(text: string, before?: readonly string[]): string[] {
  return joined(before, split(text).map(namespace))
}

/** The name of a namespace. @throws InvalidArgumentError with a sentence. */
export function namespace(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/.test(text)) {
    throw new InvalidArgumentError(`"${text}" is not the name of a namespace.`)
  }
  return text
}

/** The chart's schema has it, too. */
export const CLUSTER_NAME_PATTERN = '^[A-Za-z0-9._-]{1,63}$'

/** Part of the context of a commit status. @throws InvalidArgumentError with a sentence. */
export function clusterName(text: string): string {
  if (!new RegExp(CLUSTER_NAME_PATTERN).test(text)) {
    throw new InvalidArgumentError(`Write 1 to 63 letters, digits, dots, dashes or underscores, such as eu-1.`)
  }
  return text
}

/** Names of labels, with commas. @throws InvalidArgumentError with what to write. */
export function labels(text: string): string[] {
  const names = text.split(',').map(one => one.trim())
  if (names.includes('')) throw new InvalidArgumentError('Write names of labels such as app,name.')
  return names
}

/** A DNS name, as the part of a label or an annotation before the slash is. */
export function prefix(text: string): string {
  if (!/^[a-z0-9]([-a-z0-9]*[a-z0-9])?(\.[a-z0-9]([-a-z0-9]*[a-z0-9])?)*$/.test(text)) {
    throw new InvalidArgumentError('Write what comes before the slash, such as nginx.ingress.kubernetes.io.')
  }
  return text
}

/** Names of classes of Ingresses, with commas. @throws InvalidArgumentError with what to write. */
export function classes(text: string): string[] {
  const names = text.split(',').map(one => one.trim())
  if (names.includes('')) throw new InvalidArgumentError('Write names of classes such as nginx,internal-nginx.')
  return names
}

export function provider(text: string): Provider {
  if (!isProvider(text))
    throw new InvalidArgumentError(`${PROVIDER_SENTENCE[0]?.toUpperCase()}${PROVIDER_SENTENCE.slice(1)}.`)
  return text
}

/** A URL of http or https. @throws InvalidArgumentError with what to write. */
export function url(text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text)) {
    throw new InvalidArgumentError('Write a URL such as http://prometheus.istio-system:9090.')
  }
  return text
}

/** A URL of a page, to which a fragment is added. */
export function pageUrl(text: string): string {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text) || /[?#]/.test(text) || text.length > 256) {
    throw new InvalidArgumentError(
      'Write a URL such as https://sluice.example.com, without a query, of 256 characters at most.',
    )
  }
  return text
}

/** A template of a search for traces. @throws InvalidArgumentError with what is wrong with it. */
export function traceLink(text: string): string {
  const problem = problemOfTraceLink(text)
  if (problem !== null) throw new InvalidArgumentError(problem)
  return text
}

export function urls(text: string, before?: readonly string[]): string[] {
  return joined(
    before,
    text.split(',').map(one => url(one.trim())),
  )
}

/** Hosts or gateways, with commas, each for all namespaces or for one. @throws InvalidArgumentError with what to write. */
export function allowances(text: string, before?: readonly Allowance[]): Allowance[] {
  return [...(before ?? []), ...split(text).map(allowance)]
}

/** A host or `namespace/name`; an asterisk stands for the beginning of a host, or for every name. */
const PATTERN = /^(\*|\.|\*?[-.a-z0-9]*[a-z0-9])(\/(\*|[-.a-z0-9]*[a-z0-9]))?$/i

function allowance(text: string): Allowance {
  const [before = '', after, ...more] = text.split('=')
  const pattern = after ?? before
  if (more.length > 0 || !PATTERN.test(pattern)) {
    throw new InvalidArgumentError(
      `"${text}" is not a pattern. Write one such as *.example.com or istio-system/public, for one namespace with team-a= before it.`,
    )
  }
  return { namespace: after === undefined ? null : namespace(before), pattern: pattern.toLowerCase() }
}

/** A host, with `*.` for what is below it, or a range of addresses. */
const TARGET = /^(\*\.)?[a-z0-9]([-.a-z0-9]*[a-z0-9])?$|^[0-9a-f.:]+(\/\d{1,3})?$/i

/** Hosts and ranges of addresses, with commas. @throws InvalidArgumentError with what to write. */
export function targets(text: string, before?: readonly string[]): string[] {
  const more = split(text)
  const wrong = more.find(one => !TARGET.test(one))
  if (wrong !== undefined) {
    throw new InvalidArgumentError(`"${wrong}" is neither a host such as *.example.com nor a range such as 10.0.0.0/8.`)
  }
  return joined(before, more)
}

export function duration(text: string): Milliseconds {
  const parsed = parseDuration(text)
  if ('problem' in parsed) throw new InvalidArgumentError(`${parsed.problem}.`)
  return parsed.milliseconds
}

/** A port, or 0 for any free one. @throws InvalidArgumentError with what to write. */
export function port(text: string): number {
  const number = Number(text)
  if (!/^\d+$/.test(text) || number > 65_535) {
    throw new InvalidArgumentError('Write a port from 0 (any free one) to 65535.')
  }
  return number
}

export function positive(text: string): number {
  const number = Number(text)
  if (!(number > 0 && number < Infinity)) throw new InvalidArgumentError('Write a number above 0.')
  return number
}

/** A burst below one request would let nothing through. */
export function fromOne(text: string): number {
  const number = Number(text)
  if (!(number >= 1 && number < Infinity)) throw new InvalidArgumentError('Write a number from 1.')
  return number
}
