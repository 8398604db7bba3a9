/** Patches by their content type: each becomes a change of the object as it is. */
import type { KubeObject } from '../../api/object.ts'
import { ApiError } from '../../core/errors.ts'
import type { PatchOperation } from '../../core/write.ts'
import { badRequest, Refusal } from '../answers.ts'
import { isRecord, jsonPatch, mergePatch, type Json } from '../json.ts'
import { strategicMerge } from '../strategic.ts'
import { goText } from '../go.ts'
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

/** JSON with sorted keys. */
function inOrder(object: KubeObject): string {
  return JSON.stringify(object, (_, value: unknown) =>
    isRecord(value) ? Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1))) : value,
  )
}

const isCustom = ({ kind }: Call): boolean => kind.group.includes('.') && !kind.group.endsWith('.k8s.io')

/**
 * What a patch asks for.
 *
 * @throws ApiError 400 for a body that is no patch, 415 for a content type that the kind does not take.
 */
export function patchOf(call: Call): Patch {
  switch (call.contentType) {
    case 'application/json-patch+json': {
      const { value: operations, duplicates } = bodyOf(call)
      if (!Array.isArray(operations)) throw cannot('object', '[]handlers.jsonPatchOp')
      return { change: value => jsonPatch(value, operations as PatchOperation[]), duplicates, shown: inOrder }
    }
    case 'application/merge-patch+json': {
      const { patch, duplicates } = recordOf(call)
      return { change: value => mergePatch(value, patch), duplicates, shown: inOrder }
    }
    case 'application/strategic-merge-patch+json': {
      if (isCustom(call)) break
      const { patch, duplicates } = recordOf(call)
      return {
        change: value => strategicMerge(call.resource.schema, value, patch),
        duplicates,
        shown: () => goText(patch),
      }
    }
    default:
  }
  const taken = 'application/json-patch+json, application/merge-patch+json, application/apply-patch+yaml'
  const status = { code: 415, reason: 'UnsupportedMediaType' }
  if (!isCustom(call)) throw new Refusal({ ...status, message: '415: Unsupported Media Type' })
  const message = `the body of the request was in an unknown format - accepted media types include: ${taken}`
  throw new ApiError({ ...status, message })
}

function bodyOf(call: Call): Decoded {
  try {
    return readJson(call.body)
  } catch (error) {
    throw badRequest(`error decoding patch: ${(error as Error).message}`)
  }
}

function recordOf(call: Call): { readonly patch: Json; readonly duplicates: readonly string[] } {
  const { value: patch, duplicates } = bodyOf(call)
  if (isRecord(patch)) return { patch, duplicates }
  throw cannot(Array.isArray(patch) ? 'array' : typeof patch, 'map[string]interface {}')
}

const cannot = (what: string, type: string): ApiError =>
  badRequest(`error decoding patch: json: cannot unmarshal ${what} into Go value of type ${type}`)
