/** Label selectors, as the API's query parameter spells them and as objects carry them. */
import { ApiError } from '../core/errors.ts'
import { at, listOf, recordOf } from './json.ts'

type Labels = Readonly<Record<string, string>>
type Selector = (labels: Labels | undefined) => boolean

const NAME = '[A-Za-z0-9./_-]+'
const requirements: readonly (readonly [RegExp, (key: string, values: string) => (labels: Labels) => boolean])[] = [
  [new RegExp(`^(${NAME})\\s*==?\\s*([\\w.-]*)$`), (key, value) => labels => labels[key] === value],
  [new RegExp(`^(${NAME})\\s*!=\\s*([\\w.-]*)$`), (key, value) => labels => labels[key] !== value],
  [new RegExp(`^(${NAME})\\s+in\\s+\\(([^)]*)\\)$`), (key, values) => labels => isOneOf(labels[key], values)],
  [new RegExp(`^(${NAME})\\s+notin\\s+\\(([^)]*)\\)$`), (key, values) => labels => !isOneOf(labels[key], values)],
  [new RegExp(`^(${NAME})()$`), key => labels => labels[key] !== undefined],
  [new RegExp(`^!\\s*(${NAME})()$`), key => labels => labels[key] === undefined],
]

function isOneOf(label: string | undefined, values: string): boolean {
  return label !== undefined && values.split(',').some(value => value.trim() === label)
}

/**
 * Reads `app=web,tier in (a,b),!old`.
 *
 * @throws ApiError 400 for what is no selector, as the API server does.
 */
export function parseSelector(text: string | undefined): Selector {
  if (text === undefined || text.trim() === '') return () => true
  const tests = text.split(/,(?![^(]*\))/).map(part => {
    for (const [form, test] of requirements) {
      const match = form.exec(part.trim())
      if (match) return test(match[1] ?? '', match[2] ?? '')
    }
    const message = `unable to parse requirement: found '${part.trim()}', expected: a label selector`
    throw new ApiError({ code: 400, reason: 'BadRequest', message })
  })
  return labels => tests.every(test => test(labels ?? {}))
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
