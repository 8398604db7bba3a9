/** Custom objects in the form of their schema: what it does not know goes, what it fills in comes. */
import { isRecord, type Json, withoutUndefined } from '../json.ts'
import { join } from './decode.ts'
import type { Node } from './node.ts'

const EMBEDDED = new Set(['apiVersion', 'kind', 'metadata'])

/** One object being read. */
export class Pruner {
  /** Paths of what the schema does not know. */
  readonly unknown: string[] = []

  /** A copy of a value with defaults, without what is unknown and without nulls that nobody asked for. */
  read(node: Node, value: unknown, path: string): unknown {
    if (Array.isArray(value)) {
      const { items } = node
      return items === null ? withoutUndefined(value) : value.map((item, i) => this.read(items, item, `${path}[${i}]`))
    }
    if (!isRecord(value)) return value
    const { schema, values, fields } = node
    const keepsUnknown = schema['x-kubernetes-preserve-unknown-fields'] === true
    const embeds = schema['x-kubernetes-embedded-resource'] === true
    const result: Json = {}
    for (const [key, member] of Object.entries(value)) {
      const child = fields.get(key) ?? values
      if (member === undefined) continue
      if (child === null) {
        if (keepsUnknown || (embeds && EMBEDDED.has(key))) result[key] = withoutUndefined(member)
        else this.unknown.push(join(path, key))
      } else if (member !== null || child.schema.nullable === true) {
        result[key] = this.read(child, member, join(path, key))
      }
    }
    for (const [key, child] of node.usual) {
      if (!(key in result)) result[key] = this.read(child, child.schema.default, join(path, key))
    }
    return result
  }
}
