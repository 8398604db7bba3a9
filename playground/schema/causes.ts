/** Why a field is refused, in the API server's words and reasons. */
import type { Cause } from '../resource.ts'

/** A value as a sentence shows it: JSON, and nothing where there is none to show. */
const shown = (value: unknown): string => JSON.stringify(value) ?? 'null'
const detail = (text: string): string => (text === '' ? '' : `: ${text}`)
const quoted = (values: readonly string[]): string => values.map(value => JSON.stringify(value)).join(', ')

export const required = (field: string, why = ''): Cause => ({
  reason: 'FieldValueRequired',
  message: `Required value${detail(why)}`,
  field,
})
export const invalid = (field: string, value: unknown, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value: ${shown(value)}${detail(why)}`,
  field,
})
/** Of a value that is too large to show. */
export const invalidWhole = (field: string, why: string): Cause => ({
  reason: 'FieldValueInvalid',
  message: `Invalid value${detail(why)}`,
  field,
})
export const wrongType = (field: string, value: unknown, why: string): Cause => ({
  ...invalid(field, value, why),
  reason: 'FieldValueTypeInvalid',
})
export const forbidden = (field: string, why: string): Cause => ({
  reason: 'FieldValueForbidden',
  message: `Forbidden${detail(why)}`,
  field,
})
export const duplicate = (field: string, value?: unknown): Cause => ({
  reason: 'FieldValueDuplicate',
  message: value === undefined ? 'Duplicate value' : `Duplicate value: ${shown(value)}`,
  field,
})
export const notSupported = (field: string, value: unknown, supported: readonly unknown[]): Cause => {
  const all = supported.map(one => (typeof one === 'string' ? one : shown(one)))
  return {
    reason: 'FieldValueNotSupported',
    message: `Unsupported value: ${shown(value)}: supported values: ${quoted(all)}`,
    field,
  }
}
export const notFound = (field: string, value: unknown): Cause => ({
  reason: 'FieldValueNotFound',
  message: `Not found: ${shown(value)}`,
  field,
})
export const tooLong = (field: string, bytes: number): Cause => ({
  reason: 'FieldValueTooLong',
  message: `Too long: may not be more than ${bytes} bytes`,
  field,
})
export const tooMany = (field: string, actual: number, most: number): Cause => ({
  reason: 'FieldValueTooMany',
  message: `Too many: ${actual}: must have at most ${most} items`,
  field,
})
