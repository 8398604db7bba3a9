/** The types of a query, checked as Prometheus checks them and refused in its words. */
import { parseError } from './complaint.ts'
import { functions } from './functions.ts'
import { type Aggregation, type Binary, type Call, type Expr, isComparison, isSet, type ValueType } from './syntax.ts'

const isOperand = ({ type }: Expr): boolean => type === 'scalar' || type === 'instant vector'

function mustBe(query: string, expr: Expr, wanted: ValueType, where: string): void {
  if (expr.type === wanted) return
  throw parseError(query, expr.position, `expected type ${wanted} in ${where}, got ${expr.type}`)
}

/** @throws QueryError */
export function checkedNegation(query: string, position: number, of: Expr): Expr {
  if (isOperand(of)) return { kind: 'negation', type: of.type, position, of }
  const allowed = 'unary expression only allowed on expressions of type scalar or instant vector'
  throw parseError(query, position, `${allowed}, got ${JSON.stringify(of.type)}`)
}

type UntypedBinary = Omit<Binary, 'type'> & { readonly operatorPosition: number; readonly explicit: boolean }

/** @throws QueryError */
export function checkedBinary(query: string, { operatorPosition, explicit, ...binary }: UntypedBinary): Expr {
  const { operator, bool, left, right, matching, position } = binary
  const scalars = [left, right].filter(({ type }) => type === 'scalar').length
  const refuse = (message: string, at = position): never => {
    throw parseError(query, at, message)
  }
  if (bool && !isComparison(operator))
    refuse('bool modifier can only be used on comparison operators', operatorPosition)
  if (isComparison(operator) && !bool && scalars === 2) {
    refuse('comparisons between scalars must use BOOL modifier', operatorPosition)
  }
  const twice = matching.on ? matching.labels.find(label => matching.include.includes(label)) : undefined
  if (twice !== undefined) {
    refuse(`label ${JSON.stringify(twice)} must not occur in ON and GROUP clause at once`, operatorPosition)
  }
  for (const side of [left, right]) {
    if (!isOperand(side)) refuse('binary expression must contain only scalar and instant vector types', side.position)
  }
  if (scalars > 0 && explicit && matching.labels.length > 0)
    refuse('vector matching only allowed between instant vectors')
  if (isSet(operator)) {
    if (scalars > 0) refuse(`set operator ${JSON.stringify(operator)} not allowed in binary scalar expression`)
    if (matching.many !== undefined) refuse(`no grouping allowed for ${JSON.stringify(operator)} operation`)
  }
  return { ...binary, type: scalars === 2 ? 'scalar' : 'instant vector' }
}

/** @throws QueryError also for a function of Prometheus that is not played here. */
export function checkedCall(query: string, call: Omit<Call, 'type'>): Expr {
  const { name, args, position } = call
  const known = functions[name]
  if (known === undefined) {
    throw parseError(query, position, `function ${JSON.stringify(name)} is not supported by this in-memory Prometheus`)
  }
  const { takes, optional = 0 } = known
  const least = takes.length - (optional > 0 ? 1 : 0)
  const count = optional === 0 ? `${least}` : args.length < least ? `at least ${least}` : `at most ${least + optional}`
  if (args.length < least || args.length > least + optional) {
    throw parseError(query, position, `expected ${count} argument(s) in call to "${name}", got ${args.length}`)
  }
  for (const [index, arg] of args.entries()) {
    mustBe(query, arg, takes[Math.min(index, takes.length - 1)] ?? 'scalar', `call to function "${name}"`)
  }
  return { ...call, kind: 'call', type: known.gives }
}

type UntypedAggregation = Pick<Aggregation, 'position' | 'operator' | 'grouping'> & { readonly args: readonly Expr[] }

/** @throws QueryError */
export function checkedAggregation(query: string, { args, ...aggregation }: UntypedAggregation): Expr {
  const { operator, position } = aggregation
  const parametric = ['topk', 'bottomk', 'quantile'].includes(operator)
  if (!parametric && !['sum', 'avg', 'min', 'max', 'count', 'group', 'stddev', 'stdvar'].includes(operator)) {
    throw parseError(query, position, `aggregation ${operator} is not supported by this in-memory Prometheus`)
  }
  const of = args.at(-1)
  if (of === undefined) throw parseError(query, position, 'no arguments for aggregate expression provided')
  const wanted = parametric ? 2 : 1
  if (args.length !== wanted) {
    const count = `expected ${wanted}, got ${args.length}`
    throw parseError(query, position, `wrong number of arguments for aggregate expression provided, ${count}`)
  }
  mustBe(query, of, 'instant vector', 'aggregation expression')
  const [parameter] = args
  if (!parametric || parameter === undefined) return { kind: 'aggregation', type: 'instant vector', ...aggregation, of }
  mustBe(query, parameter, 'scalar', 'aggregation parameter')
  return { kind: 'aggregation', type: 'instant vector', ...aggregation, of, parameter }
}
