/** Paths of a jsonpath template: `.a.b`, `..a`, `[0]`, `[-1]`, `[1:3]`, `[*]`, `['a.b']`, `[?(@.a=="b")]`. */

export type Step =
  | { readonly from: 'root' }
  | { readonly names: readonly string[] }
  | { readonly indexes: readonly number[] }
  | { readonly slice: readonly [start: number | null, end: number | null, step: number] }
  | { readonly all: true }
  /** Of the value and of all within it; null: everything. */
  | { readonly within: string | null }
  | { readonly left: Operand; readonly operator: Operator | null; readonly right: Operand }

type Operand = { readonly literal: unknown } | { readonly path: readonly Step[] }
type Operator = '==' | '!=' | '<=' | '>=' | '<' | '>'

/** Reads a text from its beginning, a token after the other. */
export class Reader {
  readonly #text: string
  #place = 0

  constructor(text: string) {
    this.#text = text
  }

  get rest(): string {
    return this.#text.slice(this.#place)
  }

  get isAtEnd(): boolean {
    return this.#place >= this.#text.length
  }

  /** What the pattern, which is sticky, finds here; null: nothing. */
  eat(pattern: RegExp): string | null {
    pattern.lastIndex = this.#place
    const [found = null] = pattern.exec(this.#text) ?? []
    if (found !== null) this.#place += found.length
    return found
  }

  /** An error that says where, and what is understood. */
  trouble(why: string): Error {
    const where = this.isAtEnd ? 'at its end' : `at "${this.rest.slice(0, 20)}"`
    return new Error(
      `jsonpath "${this.#text}" is not understood ${where}: ${why}. Write paths such as {.phase}, {.items[*].name}, {.items[?(@.phase=="Failed")].name} or {range .items[*]}{.name}{"\\n"}{end}; for more: -o json | jq`,
    )
  }
}

/** @throws Error with a sentence. */
export function pathIn(reader: Reader): Step[] {
  const steps: Step[] = []
  const start = reader.eat(/[$@]/y)
  if (start === '$') steps.push({ from: 'root' })
  let isEmpty = start === null
  for (;;) {
    const step = stepIn(reader)
    if (step === null) break
    isEmpty = false
    if (step !== 'itself') steps.push(step)
  }
  if (isEmpty) throw reader.trouble('a path begins with a dot')
  return steps
}

/** In a name a dot is written `\.`, as in `.labels.app\.kubernetes\.io/name`. */
const NAME = /(?:\\.|[^\s.[\]{}()'"$@,:|=<>!*\\])+/y

function stepIn(reader: Reader): Step | 'itself' | null {
  if (reader.eat(/\.\./y) !== null) {
    if (reader.eat(/\*/y) !== null) return { within: null }
    const name = reader.eat(NAME)
    if (name === null) throw reader.trouble('a name is missing behind ..')
    return { within: unescaped(name) }
  }
  if (reader.eat(/\.\*|\[\*\]|\.\[\*\]/y) !== null) return { all: true }
  if (reader.eat(/\[\?\(\s*/y) !== null) return filterIn(reader)
  const bracket = reader.eat(/\[[^\]]*\]/y)
  if (bracket !== null) return bracketed(bracket.slice(1, -1).trim(), reader)
  if (reader.eat(/\./y) === null) return null
  const name = reader.eat(NAME)
  return name === null ? 'itself' : { names: [unescaped(name)] }
}

const unescaped = (name: string): string => name.replaceAll(/\\(.)/g, '$1')

function bracketed(text: string, reader: Reader): Step {
  if (/^(?:'[^']*'|"[^"]*")(?:\s*,\s*(?:'[^']*'|"[^"]*"))*$/.test(text))
    return { names: [...text.matchAll(/'([^']*)'|"([^"]*)"/g)].map(([, one, other]) => one ?? other ?? '') }
  if (/^-?\d+(?:\s*,\s*-?\d+)*$/.test(text)) return { indexes: text.split(',').map(Number) }
  const slice = /^(-?\d+)?:(-?\d+)?(?::(\d+))?$/.exec(text)
  if (slice === null || Number(slice[3] ?? 1) < 1)
    throw reader.trouble(`[${text}] is neither an index, a slice, a name in quotes, * nor a filter ?(…)`)
  const [, start, end, step] = slice
  return {
    slice: [start === undefined ? null : Number(start), end === undefined ? null : Number(end), Number(step ?? 1)],
  }
}

function filterIn(reader: Reader): Step {
  const left = operandIn(reader)
  const operator = reader.eat(/\s*(?:==|!=|<=|>=|<|>)\s*/y)?.trim() as Operator | undefined
  const right = operator === undefined ? left : operandIn(reader)
  if (reader.eat(/\s*\)\]/y) === null) throw reader.trouble('a filter is ?(@.field), or ?(@.field=="value")')
  return { left, operator: operator ?? null, right }
}

function operandIn(reader: Reader): Operand {
  const quoted = reader.eat(/"[^"]*"|'[^']*'/y)
  if (quoted !== null) return { literal: quoted.slice(1, -1) }
  const plain = reader.eat(/-?\d+(?:\.\d+)?(?![\w.])|true\b|false\b|null\b/y)
  return plain === null ? { path: pathIn(reader) } : { literal: JSON.parse(plain) as unknown }
}

/** What the steps lead to, in order; nothing where they lead nowhere. */
export function select(steps: readonly Step[], root: unknown, current: unknown): unknown[] {
  return steps.reduce<unknown[]>((values, step) => values.flatMap(one => next(step, root, one)), [current])
}

function next(step: Step, root: unknown, value: unknown): unknown[] {
  if ('from' in step) return [root]
  if ('within' in step)
    return everythingIn(value).flatMap(one => (step.within === null ? [one] : member(one, step.within)))
  if ('names' in step) return step.names.flatMap(name => member(value, name))
  if ('all' in step) return membersOf(value)
  if (!Array.isArray(value)) return []
  if ('indexes' in step) return step.indexes.flatMap(index => value.slice(index, index === -1 ? undefined : index + 1))
  if ('slice' in step) {
    const [start, end, by] = step.slice
    return value.slice(start ?? 0, end ?? undefined).filter((_, i) => i % by === 0)
  }
  return value.filter(one => holds(step, root, one))
}

const membersOf = (value: unknown): unknown[] =>
  value === null || typeof value !== 'object' ? [] : Object.values(value)

const member = (value: unknown, name: string): unknown[] =>
  value !== null && typeof value === 'object' && !Array.isArray(value) && Object.hasOwn(value, name)
    ? [(value as Record<string, unknown>)[name]]
    : []

const everythingIn = (value: unknown): unknown[] => [value, ...membersOf(value).flatMap(everythingIn)]

function holds({ left, operator, right }: Extract<Step, { left: Operand }>, root: unknown, current: unknown): boolean {
  const valuesOf = (operand: Operand): unknown[] =>
    'literal' in operand ? [operand.literal] : select(operand.path, root, current)
  const [a, b] = [valuesOf(left), valuesOf(right)]
  if (operator === null) return a.length > 0
  return a.some(one => b.some(other => compares(one, operator, other)))
}

function compares(a: unknown, operator: Operator, b: unknown): boolean {
  if (operator === '==') return a === b
  if (operator === '!=') return a !== b
  const isOrdered = (typeof a === 'number' && typeof b === 'number') || (typeof a === 'string' && typeof b === 'string')
  if (!isOrdered) return false
  if (operator === '<') return a < b
  if (operator === '>') return a > b
  return operator === '<=' ? a <= b : a >= b
}
