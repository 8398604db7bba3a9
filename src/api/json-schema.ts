/** The JSON schema of a zod schema: what the CRDs, the reference and the reading of empty values are derived from. */
import { z } from 'zod'

/** The keywords of JSON schema that our schemas use. */
export interface JsonSchema {
  type?: string
  format?: string
  description?: string
  default?: unknown
  enum?: unknown[]
  minimum?: number
  maximum?: number
  minLength?: number
  minItems?: number
  required?: string[]
  properties?: Record<string, JsonSchema>
  additionalProperties?: JsonSchema | boolean
  items?: JsonSchema
  anyOf?: JsonSchema[]
  /** Why the field cannot be used (`refused` of schema.ts). */
  refused?: string
  /** Its empty value says something (`emptyCounts` of schema.ts). */
  emptyCounts?: true
  /** Everything in it belongs to another project (`passedOn` of schema.ts). */
  passedOn?: true
  'x-kubernetes-validations'?: { rule: string; message: string }[]
  'x-kubernetes-int-or-string'?: boolean
  'x-kubernetes-preserve-unknown-fields'?: boolean
  [keyword: string]: unknown
}

/** The JSON schema of what a user writes, with everything that the reference needs. */
export function jsonSchemaOf(schema: z.ZodType): JsonSchema {
  return z.toJSONSchema(schema, {
    target: 'openapi-3.0',
    io: 'input',
    reused: 'inline',
    unrepresentable: 'any',
  }) as JsonSchema
}
