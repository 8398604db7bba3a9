/**
 * Building blocks of the schemas. A schema here is at once a TypeScript type, a validator and a part of a CRD, and a rule
 * is written once for both sides: the CEL that the API server evaluates is written beside the predicate that we evaluate on
 * what was stored before the rule existed. The rows of `e2e/crd/cases.ts` hold the two to the same answer.
 */
import { z } from 'zod'
import { DURATION_LENGTH, DURATION_PATTERN, DURATION_SENTENCE, parseDuration } from './duration.ts'
import { shown } from './sentences.ts'

/** The part of a schema's metadata that rules add to; metadata goes into the CRD as it is. */
interface Extra {
  readonly 'x-kubernetes-validations'?: readonly { readonly rule: string; readonly message: string }[]
}

/** A rule on a value. `message` reads well after "spec.path.of.the.value: ". */
export interface Rule<T> {
  readonly message: string
  /**
   * https://kubernetes.io/docs/reference/using-api/cel/; must cost little: every list and text it walks is bounded. In the
   * CRD `has(self.field)` is false for an empty field too, and a rule on an empty field is not asked (empty.ts).
   */
  readonly cel: string
  /**
   * The same rule here. `unseen` where it compares with the previous version, which only the API server has, or where what was stored
   * before the rule must stay readable.
   */
  readonly holds: ((value: T) => boolean) | 'unseen'
}

/** The schema, with rules for both sides. Comes after everything else that changes the schema's type. */
export function ruled<S extends z.ZodType>(schema: S, ...rules: readonly Rule<z.output<S>>[]): S {
  const before = (schema.meta() ?? {}) as Extra
  let checked = schema
  for (const { holds, message } of rules) if (holds !== 'unseen') checked = checked.refine(holds, { message })
  return checked.meta({
    ...before,
    'x-kubernetes-validations': [
      ...(before['x-kubernetes-validations'] ?? []),
      ...rules.map(({ cel, message }) => ({ rule: cel, message })),
    ],
  })
}

/** A field whose empty value (`0`, `false`, `{}`) says something: it is read as it is written (empty.ts). */
export function emptyCounts<S extends z.ZodType>(schema: S): S {
  return schema.meta({ ...schema.meta(), emptyCounts: true })
}

const string = { type: 'string' } as const
const number = { type: 'number' } as const
const boolean = { type: 'boolean' } as const
const anything = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } as const
const list = { type: 'array', items: anything } as const
const strings = { type: 'array', items: string } as const
/** Fields are named so that a rule can tell whether one is set; unknown ones are kept, so that the program refuses them. */
const object = <const P extends object>(properties: P) => ({ ...anything, properties })
const reference = { apiVersion: string, kind: string, name: string }

/** JSON schema of each shape that a refused field has in Flagger; it is kept as written, for the rule to see it. */
const shapes = {
  boolean,
  number,
  string,
  strings,
  list,
  reference: object({ ...reference, namespace: string }),
  cookie: object({
    cookieName: string,
    primaryCookieName: string,
    maxAge: number,
    domain: string,
    httpOnly: boolean,
    partitioned: boolean,
    path: string,
    sameSite: string,
    secure: boolean,
  }),
  schedule: object({ timeZone: string, allow: list, deny: list }),
  headers: { type: 'object', additionalProperties: strings },
  analysis: object({
    interval: string,
    threshold: number,
    maxWeight: number,
    stepWeight: number,
    stepWeights: { type: 'array', items: number },
    stepWeightPromotion: number,
    iterations: number,
    mirror: boolean,
    mirrorWeight: number,
    primaryReadyThreshold: number,
    canaryReadyThreshold: number,
    match: list,
    metrics: list,
    webhooks: list,
    alerts: list,
  }),
} as const

/**
 * A field that cannot be used, with the sentence that says why and what to write. It is in the CRD, because a field
 * that is not there is pruned without a word, and a release that was to wait for a person would promote by itself.
 */
export function refused(shape: keyof typeof shapes, sentence: string): z.ZodOptional<z.ZodType<undefined>> {
  return z
    .custom<undefined>(() => false, { message: sentence })
    .meta({ ...shapes[shape], refused: sentence, 'x-kubernetes-validations': [{ rule: 'false', message: sentence }] })
    .optional()
}

const isDuration = `self.matches('${DURATION_PATTERN}')`

/** Go's notation, kept as text: for what is passed on as written. */
export function durationText() {
  const readable = ruled(z.string().max(DURATION_LENGTH), {
    message: DURATION_SENTENCE,
    cel: isDuration,
    holds: text => 'milliseconds' in parseDuration(text),
  })
  return readable
}

/** Go's notation on the wire, milliseconds in the program. */
export function duration() {
  const readable = durationText()
  return readable
    .transform(text => {
      const parsed = parseDuration(text)
      return 'milliseconds' in parsed ? parsed.milliseconds : Number.NaN
    })
    .meta({ ...readable.meta() })
}

/** A duration of a second or more: what is asked more often than that finds the same samples again. */
export function longDuration() {
  return ruled(duration(), {
    message: 'the shortest is 1s',
    cel: `!${isDuration} || duration(self) >= duration('1s')`,
    holds: milliseconds => milliseconds >= 1_000,
  })
}

/** The CEL for "this field is a readable duration", for rules of the object around it. */
export const readableDuration = (path: string): string => `(has(${path}) && ${path}.matches('${DURATION_PATTERN}'))`

/** A name of a Kubernetes object. */
export const objectName = () => z.string().min(1).max(253)

/** A name of a Service and what it may be at most, so that `-primary` still fits: 63 characters (RFC 1035). */
export const SERVICE_NAME_PATTERN = '^[a-z]([-a-z0-9]{0,53}[a-z0-9])?$'
export const SERVICE_NAME_SENTENCE =
  'the Service must have at most 55 lower-case letters, digits and dashes, starting with a letter, so that <name>-primary is a Service name too'

/** URL of a Prometheus. */
export const metricsServer = () =>
  ruled(z.string().max(2048), {
    message: 'write the URL of a Prometheus, such as http://prometheus.istio-system:9090',
    cel: `self.matches('^https?://[^/ ]+')`,
    holds: url => /^https?:\/\/[^/ ]+/.test(url),
  })

/**
 * Labels, annotations, headers, variables: text to text, under keys of the user's choice. Not zod's own record, which leaves
 * an entry named `__proto__` out without a word.
 *
 * @param most how many entries there may be, and how many characters in each.
 */
export function texts(most: { readonly entries?: number; readonly length?: number } = {}) {
  const { entries = Number.POSITIVE_INFINITY, length = Number.POSITIVE_INFINITY } = most
  return z
    .custom<Record<string, string>>(isObject, {
      error: ({ input }) => `must be an object of texts, not ${shown(input)}`,
    })
    .superRefine((given, context) => {
      const add = (message: string, ...path: string[]): void => context.addIssue({ code: 'custom', message, path })
      if (Object.keys(given).length > entries) add(`must have at most ${entries} entries`)
      for (const [key, text] of Object.entries<unknown>(given)) {
        if (typeof text !== 'string') add(`must be text, not ${shown(text)}`, key)
        else if (text.length > length) add(`must have at most ${length} characters`, key)
      }
    })
    .meta({
      type: 'object',
      ...(most.entries === undefined ? {} : { maxProperties: entries }),
      additionalProperties: { type: 'string', ...(most.length === undefined ? {} : { maxLength: length }) },
    })
}

const isObject = (value: unknown): boolean => typeof value === 'object' && value !== null && !Array.isArray(value)

/**
 * An object that is passed on as written, whatever newer versions of its owner put into it. Only as a whole can it be empty:
 * what a zero in it means is for its owner to say.
 *
 * @param fields those that have a type here, or that a rule has to see.
 */
export const passedOn = <F extends z.ZodRawShape>(fields: F) => z.looseObject(fields).meta({ passedOn: true })

/** Objects by names of any kind, passed on as they are written; a record of zod drops the name `__proto__`. */
export const passedOnByName = () =>
  z
    .custom<Record<string, Record<string, unknown>>>(isObject, {
      error: ({ input }) => `must be an object, not ${shown(input)}`,
    })
    .superRefine((given, context) => {
      for (const [key, value] of Object.entries(given)) {
        if (isObject(value)) continue
        context.addIssue({ code: 'custom', message: `must be an object, not ${shown(value)}`, path: [key] })
      }
    })
    .meta({ type: 'object', additionalProperties: { type: 'object', additionalProperties: {}, passedOn: true } })

/** Percent of something, whole. */
export const percent = (least: number) => z.int().min(least).max(100)

/**
 * Percent of requests, in steps of 0.1. The least is a rule, for the API server cuts a `minimum` of 0.1 to 0 where the value is whole
 * (k8s.io/kube-openapi/pkg/validation/validate `MinimumNativeType`).
 */
export const share = () =>
  ruled(z.number().min(0).max(100), {
    message: 'a weight is percent in steps of 0.1, from 0.1: write 0.5, or 33.3',
    cel: 'self >= 0.1 && double(int(self * 10.0)) == self * 10.0',
    holds: weight => weight >= 0.1 && Number.isInteger(weight * 10),
  })
