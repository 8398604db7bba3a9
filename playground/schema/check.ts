/** What the checks of several types look at: numbers, ports, names. */
import { at, type Json } from '../json.ts'
import type { Cause } from '../resource.ts'
import { duplicate, invalid } from './causes.ts'
import { causesOf, percent, portName } from './metadata.ts'

/** Checks one value of a type, which stands at `path`; `before` is what stood there. */
export type Check = (value: Json, path: string, before: unknown) => readonly Cause[]

export const ZERO = 'must be greater than or equal to 0'
export const PORT = 'must be between 1 and 65535, inclusive'
export const isPort = (value: unknown): boolean => typeof value === 'number' && value >= 1 && value <= 65_535

export function notBelow(least: number, path: string, value: unknown, why = ZERO): Cause[] {
  return typeof value === 'number' && value < least ? [invalid(path, value, why)] : []
}

/** A number, or a share such as `25%`. */
export function share(path: string, value: unknown): Cause[] {
  return typeof value === 'string' ? causesOf(path, value, percent) : notBelow(0, path, value)
}

/** The number or name of a port. */
export function port(path: string, value: unknown): Cause[] {
  if (typeof value === 'string') return causesOf(path, value, portName)
  return isPort(value) ? [] : [invalid(path, value, PORT)]
}

/** Entries that bear a name which an earlier one has. */
export function twice(path: string, entries: readonly unknown[], key = 'name'): Cause[] {
  const names = entries.map(entry => at(entry, key))
  return names.flatMap((name, i) =>
    name !== undefined && names.indexOf(name) < i ? [duplicate(`${path}[${i}].${key}`, name)] : [],
  )
}
