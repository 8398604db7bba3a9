/** The types of a query, checked as Prometheus checks them and refused in its words. */
import { aggregations } from './aggregate.ts'
import { functions } from './functions.ts'
import { type Expr, isComparison, isSet, type Of, type QueryError, type ValueType } from './syntax.ts'

/** The error of a place. */
export type Fail = (position: number, message: string) => QueryError

const isOperand = ({ type }: Expr): boolean => type === 'scalar' || type === 'instant vector'

function mustBe(fail: Fail, expr: Expr, wanted: ValueType, where: string): void {
  if (expr.type !== wanted) throw fail(expr.position, `expected type ${wanted} in ${where}, got ${expr.type}`)
}

/** @throws QueryError */
export function negation(fail: Fail, position: number, of: Expr): Expr {
  const allowed = 'unary expression only allowed on expressions of type scalar or instant vector'
  if (!isOperand(of)) throw fail(position, `${allowed}, got "${of.type}"`)
  return { kind: 'negation', type: of.type, position, of }
}

/** @throws QueryError */
export function binary(fail: Fail, at: number, untyped: Omit<Of<'binary'>, 'type'>): Expr {
  const { operator, bool, left, right, matching, position } = untyped
  const scalars = [left, right].filter(({ type }) => type === 'scalar').length
  const twice = matching.on ? matching.labels.find(label => matching.include.includes(label)) : undefined
  const operands = 'binary expression must contain only scalar and instant vector types'
  const rules: [broken: boolean, position: number, message: string][] = [
    [bool && !isComparison(operator), at, 'bool modifier can only be used on comparison operators'],
    [isComparison(operator) && !bool && scalars === 2, at, 'comparisons between scalars must use BOOL modifier'],
    [twice !== undefined, at, `label "${twice}" must not occur in ON and GROUP clause at once`],
    [!isOperand(left), left.position, operands],
    [!isOperand(right), right.position, operands],
    [scalars > 0 && matching.labels.length > 0, position, 'vector matching only allowed between instant vectors'],
    [isSet(operator) && scalars > 0, position, `set operator "${operator}" not allowed in binary scalar expression`],
    [isSet(operator) && matching.many !== 'neither', position, `no grouping allowed for "${operator}" operation`],
  ]
  for (const [broken, place, message] of rules) if (broken) throw fail(place, message)
  return { ...untyped, type: scalars === 2 ? 'scalar' : 'instant vector' }
}

/** @throws QueryError also for a function of Prometheus that is not played here. */
export function call(fail: Fail, position: number, name: string, args: readonly Expr[]): Expr {
  const known = functions[name]
  if (known === undefined) throw fail(position, `function "${name}" is not supported by this in-memory Prometheus`)
  const { takes, optional = 0 } = known
  const least = takes.length - (optional > 0 ? 1 : 0)
  const count = optional === 0 ? `${least}` : args.length < least ? `at least ${least}` : `at most ${least + optional}`
  if (args.length < least || args.length > least + optional) {
    throw fail(position, `expected ${count} argument(s) in call to "${name}", got ${args.length}`)
  }
  for (const [index, arg] of args.entries()) {
    mustBe(fail, arg, takes[Math.min(index, takes.length - 1)] ?? 'scalar', `call to function "${name}"`)
  }
  return { kind: 'call', type: known.gives, position, name, args }
}

/** @throws QueryError also for an aggregation that is not played here. */
export function aggregation(fail: Fail, untyped: Omit<Of<'aggregation'>, 'type'>): Expr {
  const { operator, position, args } = untyped
  const known = aggregations[operator]
  if (known === undefined) throw fail(position, `aggregation ${operator} is not supported by this in-memory Prometheus`)
  const [wanted, of] = [known.takesParameter ? 2 : 1, args.at(-1)]
  if (of === undefined) throw fail(position, 'no arguments for aggregate expression provided')
  if (args.length !== wanted) {
    const count = `expected ${wanted}, got ${args.length}`
    throw fail(position, `wrong number of arguments for aggregate expression provided, ${count}`)
  }
  mustBe(fail, of, 'instant vector', 'aggregation expression')
  if (known.takesParameter) mustBe(fail, args[0] ?? of, 'scalar', 'aggregation parameter')
  return { ...untyped, type: 'instant vector' }
}
