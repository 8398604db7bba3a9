/** Patches by their content type: each becomes a change of the object as it is. */
import type { KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { badRequest, Refusal } from '../answers.ts'
import { isRecord, type Json, mergePatch, withSortedKeys } from '../json.ts'
import { jsonPatch, type Operation } from '../server/json-patch.ts'
import { strategicMerge } from '../server/strategic.ts'
import { type Decoded, readJson } from './body.ts'
import type { Call } from './call.ts'

/** A patch that was understood. */
export interface Patch {
  readonly change: (value: unknown) => unknown
  /** What is said of keys that stand twice. */
  readonly duplicates: readonly string[]
  /** What an error shows: what came of it, or the patch itself. */
  readonly shown: (object: KubeObject) => string
}

const DECODING = 'error decoding patch: '

/**
 * What a patch asks for.
 *
 * @throws ApiError 400 for a body that is no patch, 415 for a content type that the kind does not take.
 */
export function patchOf(call: Call): Patch {
  const { schema, origin } = call.resource
  switch (call.contentType) {
    case 'application/json-patch+json': {
      const { value: operations, duplicates } = decoded(call)
      if (operations !== null && !Array.isArray(operations))
        throw cannot(DECODING, operations, '[]handlers.jsonPatchOp')
      return { change: value => jsonPatch(value, (operations ?? []) as Operation[]), duplicates, shown: inOrder }
    }
    case 'application/merge-patch+json': {
      const { patch, duplicates } = recordIn(call, DECODING)
      return { change: value => mergePatch(value, patch), duplicates, shown: inOrder }
    }
    case 'application/strategic-merge-patch+json': {
      if (origin === 'custom') break
      const { patch, duplicates } = recordIn(call, '')
      return { change: value => strategicMerge(schema, value, patch), duplicates, shown: () => JSON.stringify(patch) }
    }
    default:
  }
  const status = { code: 415, reason: 'UnsupportedMediaType' }
  if (origin === 'built-in') throw new Refusal({ ...status, message: '415: Unsupported Media Type' })
  const taken = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml'
  const message = `the body of the request was in an unknown format - accepted media types include: ${taken}`
  throw new ApiError({ ...status, message })
}

function decoded(call: Call): Decoded {
  try {
    return readJson(call.body)
  } catch (error) {
    throw badRequest(`${DECODING}${(error as Error).message}`)
  }
}

function recordIn(call: Call, words: string): { readonly patch: Json; readonly duplicates: readonly string[] } {
  const { value: patch, duplicates } = decoded(call)
  if (isRecord(patch)) return { patch, duplicates }
  throw cannot(words, patch, 'map[string]interface {}')
}

function cannot(words: string, value: unknown, type: string): ApiError {
  const what = Array.isArray(value) ? 'array' : typeof value
  return badRequest(`${words}json: cannot unmarshal ${what} into Go value of type ${type}`)
}

const inOrder = (object: KubeObject): string => JSON.stringify(withSortedKeys(object))
