/** What becomes of each field of Flagger's Canary: from the schema, and from the table of differences. */
import { CanarySpecSchema } from '../../api/canary.ts'
import { type JsonSchema, jsonSchemaOf } from '../../api/json-schema.ts'
import { differences, FLAGGER_FIELDS } from './fields.ts'

export interface ParityRow {
  /** Path in the spec, such as `analysis.metrics[].name`. */
  readonly path: string
  readonly becomes: 'works' | 'means something else' | 'refused'
  /** What it means, or what to write; empty where it works. */
  readonly sentence: string
}

/** The schema at a path, or that of the field before which the way is refused. */
function schemaAt(schema: JsonSchema, path: string): { readonly path: string; readonly schema: JsonSchema } | null {
  let here = schema
  let walked = ''
  for (const part of path.split('.')) {
    const name = part.replace('[]', '')
    const next = here.properties?.[name]
    // What is passed on as written has everything that its owner has.
    if (next === undefined) return here.passedOn === true ? { path, schema: here } : null
    walked = walked === '' ? name : `${walked}.${name}`
    if (next.refused !== undefined) return { path: walked, schema: next }
    here = part.endsWith('[]') ? (next.items ?? {}) : next
    if (part.endsWith('[]')) walked += '[]'
  }
  return { path, schema: here }
}

/**
 * One row for each field, in Flagger's order; the fields within a refused one are refused with it, and have no row.
 *
 * @throws Error when a field of Flagger's is not in the schema: the API server would drop it without a word.
 */
export function parityRows(): ParityRow[] {
  const spec = jsonSchemaOf(CanarySpecSchema)
  return FLAGGER_FIELDS.flatMap((path): ParityRow[] => {
    const found = schemaAt(spec, path)
    if (found === null) throw new Error(`spec.${path} is not in the schema of the Canary`)
    const { refused } = found.schema
    if (refused !== undefined) return found.path === path ? [{ path, becomes: 'refused', sentence: refused }] : []
    const difference = differences.find(one => one.path === path)
    return [
      difference === undefined
        ? { path, becomes: 'works', sentence: '' }
        : { path, becomes: 'means something else', sentence: difference.means },
    ]
  })
}
