/**
 * The JSON that a generic server gets. Names between braces are replaced within its texts, after it was read as JSON: whatever an alert
 * says, it can neither end a text nor add a field. Nothing is run.
 */

/** What a name between the braces stands for, with the most characters that it has. */
const LONGEST_VALUES = {
  id: 16,
  namespace: 63,
  name: 63,
  severity: 5,
  reason: 32,
  message: 320,
  phase: 20,
  weight: 5,
  revision: 10,
  image: 120,
  promoted: 140,
  metric: 63,
  value: 40,
  limit: 80,
  next: 200,
  run: 20,
  time: 24,
  link: 512,
  traceId: 32,
  traceLink: 900,
} as const

export type AlertName = keyof typeof LONGEST_VALUES
export const ALERT_NAMES = Object.keys(LONGEST_VALUES) as AlertName[]

const isName = (text: string): text is AlertName => Object.hasOwn(LONGEST_VALUES, text)

/** Characters of what is sent: those of a message of Teams, the smallest of all services. */
const LONGEST_FILLED = 20_000

/** Levels of lists and objects; 8,000 of them, which a template has room for, would end the call stack, and with it the controller. */
const DEEPEST = 32

/** Characters of a name that is not known, as its sentence shows them. */
const LONGEST_SHOWN = 60

type Json = null | boolean | number | string | readonly Json[] | { readonly [name: string]: Json }

export type AlertTemplate = { readonly template: Json } | { readonly problem: string }

/** Reads a template, or says what is wrong with it, as a clause that follows its path. */
export function readAlertTemplate(text: string): AlertTemplate {
  let template: Json
  try {
    template = JSON.parse(text) as Json
  } catch (error) {
    return { problem: `is no JSON (${(error as Error).message}); write an object such as {"text": "{{ message }}"}` }
  }
  if (isDeeper(template, DEEPEST)) return { problem: `is nested deeper than ${DEEPEST} levels; write fewer` }
  let length = text.length
  let problem: string | null = null
  filledIn(template, braces => {
    const name = nameIn(braces)
    if (isName(name)) length += LONGEST_VALUES[name]
    else problem ??= `${cut(braces)} is not known; use one of: ${ALERT_NAMES.join(', ')}`
    return ''
  })
  if (problem !== null) return { problem }
  return length > LONGEST_FILLED
    ? {
        problem: `may be longer than ${LONGEST_FILLED} characters when it is filled in; name the longer ones less often`,
      }
    : { template }
}

/** What is sent. @param template that was read. */
export function filledTemplate(template: Json, values: Readonly<Record<AlertName, string>>): Json {
  return filledIn(template, braces => {
    const name = nameIn(braces)
    return isName(name) ? values[name] : ''
  })
}

const cut = (braces: string): string =>
  braces.length > LONGEST_SHOWN ? `${braces.slice(0, LONGEST_SHOWN)}...` : braces

const nameIn = (braces: string): string => braces.slice(2, -2).trim()

/** Whether a value has more levels of lists and objects than these; it is followed no further. */
function isDeeper(value: Json, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false
  return levels === 0 || Object.values(value).some((item: Json) => isDeeper(item, levels - 1))
}

function filledIn(value: Json, fill: (braces: string) => string): Json {
  if (typeof value === 'string') return value.replaceAll(/\{\{[^{}]*\}\}/g, fill)
  if (Array.isArray(value)) return value.map((item: Json) => filledIn(item, fill))
  if (typeof value !== 'object' || value === null) return value
  return Object.fromEntries(
    Object.entries(value as Record<string, Json>).map(([name, item]) => [name, filledIn(item, fill)]),
  )
}
