/** Binary operators: arithmetic, comparison, sets, and which series of two vectors belong together. */
import { drop, keep, keyOf, type Labels, NAME, shown, withLabels } from './labels.ts'
import { isComparison, type Of, QueryError } from './syntax.ts'
import { distinct, type Sample } from './values.ts'

type Binary = Of<'binary'>
type Kind = Pick<Binary, 'operator' | 'bool'>

const operators: Readonly<Record<string, (a: number, b: number) => number | boolean>> = {
  '+': (a, b) => a + b,
  '-': (a, b) => a - b,
  '*': (a, b) => a * b,
  '/': (a, b) => a / b,
  '%': (a, b) => a % b,
  // As in Go, and unlike in JavaScript, 1 to any power is 1, and so is -1 to an infinite one.
  '^': (a, b) => (a === 1 || (a === -1 && Math.abs(b) === Number.POSITIVE_INFINITY) ? 1 : a ** b),
  '==': (a, b) => a === b,
  '!=': (a, b) => a !== b,
  '>': (a, b) => a > b,
  '<': (a, b) => a < b,
  '>=': (a, b) => a >= b,
  '<=': (a, b) => a <= b,
}

/** @returns null when a comparison keeps nothing; `kept` is what it keeps. */
function result({ operator, bool }: Kind, a: number, b: number, kept = a): number | null {
  const value = operators[operator]?.(a, b) ?? Number.NaN
  if (typeof value === 'number') return value
  if (bool) return Number(value)
  return value ? kept : null
}

const changesName = ({ operator, bool }: Kind): boolean => bool || !isComparison(operator)

export function scalars(kind: Kind, a: number, b: number): number {
  return result(kind, a, b) ?? Number.NaN
}

/** Each sample with the scalar; `side` is where the scalar stands. A comparison keeps the sample's value, on either side. */
export function withScalar(kind: Kind, vector: readonly Sample[], scalar: number, side: 'left' | 'right'): Sample[] {
  const samples = vector.flatMap(({ labels, value }) => {
    const found = side === 'right' ? result(kind, value, scalar) : result(kind, scalar, value, value)
    return found === null ? [] : [{ labels: changesName(kind) ? drop(labels, [NAME]) : labels, value: found }]
  })
  return distinct(samples)
}

/** The labels by which samples find each other. */
const signatureOf =
  ({ matching }: Binary) =>
  ({ labels }: Sample): Labels =>
    matching.on ? keep(labels, matching.labels) : drop(labels, [...matching.labels, NAME])

export function sets(binary: Binary, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  const signature = (sample: Sample): string => keyOf(signatureOf(binary)(sample))
  const among = (side: readonly Sample[]): ((sample: Sample) => boolean) => {
    const present = new Set(side.map(signature))
    return sample => present.has(signature(sample))
  }
  const inLeft = among(left)
  const inRight = among(right)
  if (binary.operator === 'and') return left.filter(inRight)
  if (binary.operator === 'unless') return left.filter(sample => !inRight(sample))
  return distinct([...left, ...right.filter(sample => !inLeft(sample))])
}

/** @throws QueryError when a sample would match several that it may not. */
export function vectors(binary: Binary, left: readonly Sample[], right: readonly Sample[]): Sample[] {
  if (left.length === 0 || right.length === 0) return []
  const { matching } = binary
  const swapped = matching.many === 'right'
  const [manySide, oneSide] = swapped ? [right, left] : [left, right]
  const signature = signatureOf(binary)
  const ones = new Map<string, Sample>()
  for (const one of oneSide) {
    const key = keyOf(signature(one))
    const other = ones.get(key)
    if (other !== undefined) throw ambiguous(signature(one), swapped ? 'left' : 'right', one, other)
    ones.set(key, one)
  }
  const made = new Set<string>()
  const samples = manySide.flatMap((many): Sample[] => {
    const key = keyOf(signature(many))
    const one = ones.get(key)
    if (one === undefined) return []
    const labels = resultLabels(binary, many.labels, one.labels)
    const identity = matching.many === 'neither' ? key : `${key}\n${keyOf(labels)}`
    if (made.has(identity)) throw new QueryError('execution', repeated(matching.many))
    made.add(identity)
    const [a, b] = swapped ? [one, many] : [many, one]
    const value = result(binary, a.value, b.value)
    return value === null ? [] : [{ labels, value }]
  })
  return distinct(samples)
}

function resultLabels(binary: Binary, many: Labels, one: Labels): Labels {
  const { matching } = binary
  const named = changesName(binary) ? drop(many, [NAME]) : many
  if (matching.many === 'neither') return matching.on ? keep(named, matching.labels) : drop(named, matching.labels)
  return withLabels(named, Object.fromEntries(matching.include.map(label => [label, one[label] ?? ''])))
}

function repeated(many: Binary['matching']['many']): string {
  return many === 'neither'
    ? 'multiple matches for labels: many-to-one matching must be explicit (group_left/group_right)'
    : 'multiple matches for labels: grouping labels must ensure unique matches'
}

function ambiguous(group: Labels, side: string, one: Sample, other: Sample): QueryError {
  return new QueryError(
    'execution',
    `found duplicate series for the match group ${shown(group)} on the ${side} hand-side of the operation: ` +
      `[${shown(one.labels)}, ${shown(other.labels)}];many-to-many matching not allowed: matching labels must be unique on one side`,
  )
}
