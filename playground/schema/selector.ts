/** Label selectors, as the API's query parameter spells them (https://kubernetes.io/docs/concepts/overview/working-with-objects/labels/). */
import { badRequest } from '../answers.ts'
import { at, listOf, recordOf } from '../json.ts'
import { labelValue, qualifiedName } from './metadata.ts'

type Labels = Readonly<Record<string, string>>
export type Selector = (labels: Labels | undefined) => boolean

const wrong = (because: string): Error => badRequest(`unable to parse requirement: ${because}`)
const found = (token: string, expected: string): Error => wrong(`found '${token}', expected: ${expected}`)
/** Between requirements, where none is being read. */
const between = (token: string, expected: string): Error => badRequest(`found '${token}', expected: ${expected}`)

/** Reads tokens one after the other; the end is an empty one. */
class Tokens {
  readonly #left: string[]

  constructor(text: string) {
    this.#left = text.match(/[!=]=|[=!(),<>]|[^\s=!(),<>]+/g) ?? []
  }

  get next(): string {
    return this.#left[0] ?? ''
  }

  take(): string {
    return this.#left.shift() ?? ''
  }
}

const isWord = (token: string): boolean => /^[^=!(),<>]/.test(token)

/**
 * Reads `app=web,tier in (a,b),!old,size>3`.
 *
 * @throws ApiError 400 for what is no selector, in the API server's words.
 */
export function parseSelector(text: string | undefined): Selector {
  const tokens = new Tokens(text ?? '')
  const tests: ((labels: Labels) => boolean)[] = []
  if (tokens.next !== '' && tokens.next !== '!' && !isWord(tokens.next)) {
    throw between(tokens.next, "!, identifier, or 'end of string'")
  }
  while (tokens.next !== '') {
    tests.push(requirement(tokens))
    const next = tokens.take()
    if (next === '') break
    if (next !== ',') throw between(next, "',' or 'end of string'")
    if (tokens.next !== '!' && !isWord(tokens.next)) throw between(tokens.next, "identifier after ','")
  }
  return labels => tests.every(test => test(labels ?? {}))
}

function requirement(tokens: Tokens): (labels: Labels) => boolean {
  const absent = tokens.next === '!' ? tokens.take() : ''
  const key = tokens.take()
  if (!isWord(key)) throw found(key, 'identifier')
  const [because] = qualifiedName(key)
  if (because !== undefined) throw wrong(`<nil>: Invalid value: ${JSON.stringify(key)}: ${because}`)
  if (absent !== '') return labels => labels[key] === undefined
  if (tokens.next === '' || tokens.next === ',') return labels => labels[key] !== undefined
  const operator = tokens.take()
  switch (operator) {
    case '=':
    case '==':
    case '!=': {
      const value = oneValue(tokens, key)
      return labels => (labels[key] === value) === (operator !== '!=')
    }
    case 'in':
    case 'notin': {
      const values = manyValues(tokens, key)
      return labels => values.includes(labels[key]) === (operator === 'in')
    }
    case '<':
    case '>': {
      const limit = oneValue(tokens, key)
      if (!/^-?\d+$/.test(limit)) {
        throw wrong(`values[0]: Invalid value: "${limit}": for 'Gt', 'Lt' operators, the value must be an integer`)
      }
      return labels => {
        const value = labels[key] ?? ''
        return (
          /^-?\d+$/.test(value) && (operator === '<' ? Number(value) < Number(limit) : Number(value) > Number(limit))
        )
      }
    }
    default:
      throw found(operator, 'in, notin, =, ==, !=, gt, lt')
  }
}

function oneValue(tokens: Tokens, key: string): string {
  if (tokens.next === '' || tokens.next === ',') return ''
  if (!isWord(tokens.next)) throw found(tokens.next, 'identifier')
  return checked(tokens.take(), key, 0)
}

function manyValues(tokens: Tokens, key: string): readonly (string | undefined)[] {
  const open = tokens.take()
  if (open !== '(') throw wrong(`found '${open}' expected: '('`)
  const values: string[] = []
  while (tokens.next !== ')') {
    if (isWord(tokens.next)) values.push(checked(tokens.take(), key, values.length))
    if (tokens.next === ',') tokens.take()
    else if (tokens.next !== ')') throw found(tokens.next, values.length > 0 ? "',' or ')'" : "',', ')' or identifier")
  }
  tokens.take()
  return values.length > 0 ? values : ['']
}

function checked(value: string, key: string, index: number): string {
  const [because] = labelValue(value)
  if (because === undefined) return value
  throw wrong(`values[${index}][${key}]: Invalid value: ${JSON.stringify(value)}: ${because}`)
}

/** Whether labels carry all of `wanted`. No wish at all matches nothing, as with a Service without a selector. */
export function carries(labels: Labels | undefined, wanted: Readonly<Record<string, unknown>>): boolean {
  const entries = Object.entries(wanted)
  return entries.length > 0 && entries.every(([key, value]) => labels?.[key] === value)
}

/** Whether a LabelSelector picks these labels; none at all picks nothing, an empty one everything. */
export function selectsLabels(selector: unknown, labels: Readonly<Record<string, unknown>>): boolean {
  if (selector === undefined) return false
  const wanted = Object.entries(recordOf(at(selector, 'matchLabels')))
  return (
    wanted.every(([key, value]) => labels[key] === value) &&
    listOf(at(selector, 'matchExpressions')).every(expression => {
      const { key = '', operator, values } = recordOf(expression)
      const label = labels[String(key)]
      const isListed = listOf(values).includes(label)
      if (operator === 'In') return isListed
      if (operator === 'NotIn') return !isListed
      return (label !== undefined) === (operator === 'Exists')
    })
  )
}
