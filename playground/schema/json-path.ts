/** The part of JSONPath that columns and scale subresources are written in: `.status.conditions[?(@.type=="Ready")].status`. */
import { at, isRecord, listOf, recordOf } from '../json.ts'

type Step = (value: unknown) => readonly unknown[]

const STEP = /\.([\w-]+)|\["?'?([^\]"']+)'?"?\]|\[\?\(@\.([\w.-]+)\s*==\s*["']([^"']*)["']\)\]|\.?\[?(\*)\]?/y

/** Reads a path; what it cannot read finds nothing. */
export function jsonPath(path: string): (object: unknown) => unknown {
  const text = path.replace(/^\{(.*)\}$/, '$1').replaceAll('\\.', '\u0000')
  const steps: Step[] = []
  STEP.lastIndex = 0
  while (STEP.lastIndex < text.length) {
    const match = STEP.exec(text)
    if (match === null) return () => undefined
    steps.push(stepOf(match))
  }
  return object => {
    const found = steps.reduce<readonly unknown[]>((values, step) => values.flatMap(step), [object])
    return found.length > 1 ? found : found[0]
  }
}

function stepOf([, name, bracket, field, wanted]: RegExpExecArray): Step {
  if (field !== undefined) {
    const keys = field.split('.')
    return value => listOf(value).filter(item => String(at(item, ...keys)) === wanted)
  }
  const key = (name ?? bracket)?.replaceAll('\u0000', '.')
  if (key === undefined || key === '*') return value => (isRecord(value) ? Object.values(value) : listOf(value))
  return value => {
    const member = Array.isArray(value) ? value[Number(key)] : recordOf(value)[key]
    return member === undefined ? [] : [member]
  }
}
