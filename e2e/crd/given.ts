/** What the rows of `cases.ts` are made of: the shape of a row, the plainest objects, and ways to differ from them. */
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'

export interface Case {
  readonly name: string
  readonly object: KubeObject
  /** A part of what is said; null where the object is accepted. */
  readonly sentence: string | null
  /** Path of the field that it is said of, or its beginning. */
  readonly at?: string
  /** What the API server says, where the finding is its own and the words are too. */
  readonly server?: string
  /** The object as it was, for rules about changes; only the API server knows it. */
  readonly before?: KubeObject
  /** Stored by an earlier version it stays readable, and a problem of the Canary says the sentence. */
  readonly stored?: true
  /** Only the controller can see this. */
  readonly unseenByServer?: true
}

export type Json = Record<string, unknown>

const isObject = (value: unknown): value is Json => typeof value === 'object' && value !== null && !Array.isArray(value)

/** RFC 7396, so that a row shows only what differs: null removes. */
function merged(base: Json, patch: Json): Json {
  const result: Json = { ...base }
  for (const [key, value] of Object.entries(patch)) {
    const present = result[key]
    if (value === null) delete result[key]
    else result[key] = isObject(value) ? merged(isObject(present) ? present : {}, value) : value
  }
  return result
}

const plain: Json = {
  targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  service: { port: 80 },
  analysis: {},
}

/** A Canary that differs from the plainest one by `patch`. */
export const canary = (patch: Json = {}): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'Canary',
  metadata: { name: 'web', namespace: 'default' },
  spec: merged(plain, patch),
})

/** A MetricTemplate that differs from the plainest one by `patch`. */
export const metricTemplate = (patch: Json = {}): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'errors', namespace: 'default' },
  spec: merged(
    { provider: { type: 'prometheus' }, query: 'sum(rate(errors{app="{{ target }}"}[{{ interval }}]))' },
    patch,
  ),
})

/** An AlertProvider that differs from the plainest one by `patch`. */
export const alertProvider = (patch: Json = {}): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'AlertProvider',
  metadata: { name: 'chat', namespace: 'default' },
  spec: merged({ type: 'slack', address: 'https://chat.example.com/hooks/1' }, patch),
})

/** The kind of an object of ours. */
export const ourKindOf = ({ kind }: KubeObject): Kind =>
  kind === 'MetricTemplate' ? kinds.MetricTemplate : kind === 'AlertProvider' ? kinds.AlertProvider : kinds.Canary

export const good = (name: string, patch: Json): Case => ({ name, object: canary(patch), sentence: null })
export const bad = (name: string, patch: Json, sentence: string, at = 'spec'): Case => ({
  name,
  object: canary(patch),
  sentence,
  at,
})
/** Refused by the schema itself: the API server has words of its own. */
export const malformed = (name: string, patch: Json, sentence: string, server: string, at = 'spec'): Case => ({
  ...bad(name, patch, sentence, at),
  server,
})
export const changed = (name: string, from: Json, to: Json, sentence: string | null): Case => ({
  name,
  object: canary(to),
  before: canary(from),
  sentence,
})
export const template = (name: string, patch: Json, sentence: string | null): Case => ({
  name,
  object: metricTemplate(patch),
  sentence,
})

export const metric = (patch: Json): Json => ({ analysis: { metrics: [patch] } })
export const inline = { name: 'errors', query: 'sum(rate(errors[1m]))', thresholdRange: { max: 1 } }
/** Subsets of a DestinationRule of the user's. */
export const subsets = { name: 'web', primarySubset: 'v1', canarySubset: 'v2' }
