/**
 * The rules in CEL of CustomResourceDefinitions (`x-kubernetes-validations`,
 * https://kubernetes.io/docs/tasks/extend-kubernetes/custom-resources/custom-resource-definitions/#validation-rules). The
 * language is a library's; here are the values that rules see, the functions that Kubernetes adds and our kinds use, and the
 * server's words.
 */
import { isIP } from 'node:net'
import { Environment, Optional, type ParseResult } from '@marcbachmann/cel-js'
import { isRecord, type Json, sameJson, textOf } from '../json.ts'
import type { Cause } from '../resource.ts'
import { duplicate, forbidden, invalid, invalidWhole, required } from './causes.ts'
import { join } from './decode.ts'
import type { JsonSchema, Node, Rule } from './node.ts'
import { earlierEntries, expression, NOWHERE } from './validate.ts'

/** An URL, as `url()` makes it. */
class Url {
  readonly scheme: string

  constructor(text: string) {
    this.scheme = schemeOf(text) ?? ''
  }
}

/** The scheme of an absolute URL, empty for an absolute path; null for what is neither. */
function schemeOf(text: string): string | null {
  if (text.startsWith('/')) return ''
  return URL.canParse(text) && /^[a-z][a-z0-9+.-]*:/i.test(text) ? text.slice(0, text.indexOf(':')) : null
}

function isSorted(list: readonly (bigint | number | string)[]): boolean {
  return list.every((one, i) => i === 0 || (list[i - 1] ?? one) <= one)
}

const base = new Environment({ enableOptionalTypes: true, homogeneousAggregateLiterals: false })
  .registerFunction('string.matchesRe2(string): bool', (text: string, pattern: string) =>
    expression(pattern).test(text),
  )
  .registerFunction('list.isSorted(): bool', isSorted)
  .registerType('URL', Url)
  .registerFunction('isURL(string): bool', (text: string) => schemeOf(text) !== null)
  .registerFunction('url(string): URL', (text: string) => new Url(text))
  .registerFunction('URL.getScheme(): string', (url: Url) => url.scheme)
  .registerFunction('isIP(string): bool', (text: string) => isIP(text) !== 0)
const seeing = (self: 'dyn' | 'string' | 'bool' | 'int', oldSelf: 'dyn' | 'optional' = 'dyn'): Environment =>
  base.clone().registerVariable('self', self).registerVariable('oldSelf', oldSelf)
const changes = seeing('dyn')
const optionalChanges = seeing('dyn', 'optional')
const plain: Readonly<Record<string, Environment>> = {
  string: seeing('string'),
  boolean: seeing('bool'),
  integer: seeing('int'),
}

interface Program {
  readonly ofChanges: boolean
  readonly holds: ParseResult
  readonly message: (context: Json) => unknown
}
const programs = new WeakMap<Rule, Program>()

/** Kubernetes speaks RE2, the library the expressions of JavaScript; and its `has` does not look into lists. */
function forLibrary(text: string): string {
  return text
    .replaceAll('.matches(', '.matchesRe2(')
    .replaceAll(/\bhas\(([^()]*\][^()]*)\.(\w+)\)/g, '$1.?$2.hasValue()')
}

/** @throws Error when the rule is no CEL. */
export function compile(rule: Rule): Program {
  const known = programs.get(rule)
  if (known !== undefined) return known
  const ofChanges = /\boldSelf\b/.test(rule.rule)
  const environment = rule.optionalOldSelf === true ? optionalChanges : changes
  const parse = (text: string): ParseResult => environment.parse(forLibrary(text))
  const [holds, says] = [parse(rule.rule), rule.messageExpression]
  const message: Program['message'] = says === undefined ? () => undefined : parse(says)
  const made = { ofChanges, holds, message }
  programs.set(rule, made)
  return made
}

/**
 * What a rule gives, as far as that can be told without an object: of objects and lists nothing is known.
 *
 * @throws Error when it cannot be asked of such a value.
 */
export function typeOfRule(rule: Rule, { type = '', format, nullable }: JsonSchema): string {
  const environment =
    format === undefined && nullable !== true && rule.optionalOldSelf !== true ? plain[type] : undefined
  const { holds } = compile(rule)
  if (environment === undefined) return holds.check().type ?? 'dyn'
  const { error, type: given = 'dyn' } = environment.check(forLibrary(rule.rule))
  if (error !== undefined) throw error
  return given
}

const rules = new WeakMap<Node, boolean>()
/** Whether a schema has a rule anywhere. */
function hasRules(node: Node): boolean {
  const known = rules.get(node)
  if (known !== undefined) return known
  const below = [...node.fields.values(), node.items, node.values]
  const found =
    node.schema['x-kubernetes-validations'] !== undefined || below.some(one => one !== null && hasRules(one))
  rules.set(node, found)
  return found
}

/** One object under its rules. */
export class RuleCheck {
  /** What rules see of parts of the object: each part is made once. */
  readonly #seen = new WeakMap<object, unknown>()

  /** `before` is undefined where nothing stood there, or nobody can say what. */
  causes(node: Node, value: unknown, path: string, before: unknown): Cause[] {
    if (value === null || !hasRules(node)) return []
    const own = (node.schema['x-kubernetes-validations'] ?? []).flatMap(rule =>
      this.#apply(rule, node, value, path, before),
    )
    return [...own, ...this.#below(node, value, path, before)]
  }

  #below(node: Node, value: unknown, path: string, before: unknown): Cause[] {
    const { items } = node
    if (Array.isArray(value)) {
      if (items === null) return []
      const was = earlierEntries(node, value, before)
      return value.flatMap((item, i) => this.causes(items, item, `${path}[${i}]`, was(item)))
    }
    if (!isRecord(value)) return []
    const was: Json = isRecord(before) ? before : {}
    return Object.entries(value).flatMap(([key, member]) => {
      const child = node.field(key)
      return child === null ? [] : this.causes(child, member, join(path, key), was[key])
    })
  }

  #apply(rule: Rule, node: Node, value: unknown, path: string, before: unknown): Cause[] {
    const { ofChanges, holds, message } = compile(rule)
    const optional = rule.optionalOldSelf === true
    const isNew = before === undefined || before === null
    // What did not change is not looked at again; a rule about changes has nothing to say of what is new.
    if (ofChanges ? isNew && !optional : !isNew && sameJson(before, value)) return []
    const oldSelf = isNew ? Optional.none() : this.#see(node, before)
    const context: Json = { self: this.#see(node, value), oldSelf: optional && !isNew ? Optional.of(oldSelf) : oldSelf }
    try {
      if (holds(context) === true) return []
      return [refusal(rule, textOf(message(context), rule.message ?? `failed rule: ${rule.rule}`), value, path)]
    } catch (error) {
      const [why = ''] = (error instanceof Error ? error.message : String(error)).split('\n')
      const words = why.replace(/^No such key: index out of bounds, index (\d+).*/i, 'Index out of bounds: $1')
      const sentence = `${words.charAt(0).toLowerCase()}${words.slice(1)} evaluating rule: ${rule.message ?? rule.rule}`
      return [invalid(path === '' ? NOWHERE : path, node.schema.type ?? 'object', sentence)]
    }
  }

  /** A value as CEL has it: integers apart from other numbers, and only what the schema knows. */
  #see(node: Node, value: unknown): unknown {
    if (typeof value === 'number') return isWhole(node) ? BigInt(value) : value
    if (typeof value === 'string') return node.schema.format === 'date-time' ? new Date(value) : value
    if (typeof value !== 'object' || value === null) return value
    const known = this.#seen.get(value)
    if (known !== undefined) return known
    const made = Array.isArray(value)
      ? value.map(item => this.#member(node.items, item))
      : this.#record(node, value as Json)
    this.#seen.set(value, made)
    return made
  }

  #record(node: Node, value: Json): Json {
    const isMap = node.values !== null
    const members = Object.entries(value).flatMap(([key, member]): [string, unknown][] => {
      const child = node.field(key)
      return child === null ? [] : [[isMap ? key : escaped(key), this.#member(child, member)]]
    })
    return Object.fromEntries(members)
  }

  #member(node: Node | null, value: unknown): unknown {
    return node === null ? value : this.#see(node, value)
  }
}

const isWhole = ({ schema }: Node): boolean =>
  schema.type === 'integer' || schema['x-kubernetes-int-or-string'] === true

const RESERVED = new Set(
  [
    'true',
    'false',
    'null',
    'in',
    'as',
    'break',
    'const',
    'continue',
    'else',
    'for',
    'function',
    'if',
    'import',
    'let',
  ].concat(['loop', 'package', 'namespace', 'return', 'var', 'void', 'while']),
)
/** The name of a field in CEL (https://kubernetes.io/docs/reference/using-api/cel/#escaping). */
function escaped(name: string): string {
  if (RESERVED.has(name)) return `__${name}__`
  const signs = { __: '__underscores__', '.': '__dot__', '-': '__dash__', '/': '__slash__' }
  return name.replaceAll(/__|[.\-/]/g, sign => signs[sign as keyof typeof signs])
}

function refusal(rule: Rule, message: string, value: unknown, at: string): Cause {
  const whole = `${at}${rule.fieldPath ?? ''}`.replace(/^[.]/, '')
  const path = whole === '' ? NOWHERE : whole
  const isLarge = typeof value === 'object' && value !== null
  switch (rule.reason ?? 'FieldValueInvalid') {
    case 'FieldValueRequired':
      return required(path, message)
    case 'FieldValueForbidden':
      return forbidden(path, message)
    case 'FieldValueDuplicate':
      return duplicate(path, isLarge ? undefined : value)
    default:
      return isLarge ? invalidWhole(path, message) : invalid(path, value, message)
  }
}
