/** Objects as clients send them: read, told apart from other kinds, and judged field by field. */
import { apiVersionOf, type KubeObject, type ObjectMeta } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { badRequest, invalid } from '../answers.ts'
import { isRecord, type Json, recordOf } from '../json.ts'
import * as causes from '../schema/causes.ts'
import type { Requester } from '../server/request.ts'
import { type Decoded, readJson, readYaml } from './body.ts'
import type { Call } from './call.ts'
import type { WriteOptions } from './options.ts'

const YAML_ERRORS = 'yaml: unmarshal errors:\n  '

/** The object that a client sent to create or update, as one of the kind of the path, and who sent it. */
export function sent(call: Call, options: WriteOptions): { readonly object: KubeObject; readonly by: Requester } {
  const { value, duplicates } = decoded(call)
  const isYaml = call.contentType === 'application/yaml'
  const twice = isYaml && duplicates.length > 0 ? [`${YAML_ERRORS}${duplicates.join('\n  ')}`] : duplicates
  if (!isRecord(value)) {
    throw unrecognized(call, 'it is not an object')
  }
  const object = asObject(call, value)
  const all = (unknown: readonly string[]): string[] => (isYaml ? [...twice, ...unknown] : [...unknown, ...twice])
  const strict = (words: string): ApiError => badRequest(`${misfit(object, call)}: ${words}`)
  return { object, by: judged(call, options, all, strict) }
}

/** Says of itself what it is; of built-in kinds that may be nothing. @throws ApiError for another kind or version. */
export function asObject(call: Call, value: Json): KubeObject {
  const { kind, resource } = call
  const metadata = recordOf(value['metadata']) as Partial<ObjectMeta>
  const wanted = { apiVersion: apiVersionOf(kind), kind: kind.kind }
  if (resource.origin === 'custom' && value['kind'] === undefined) {
    throw unrecognized(call, 'it does not say its kind')
  }
  const object: KubeObject = { ...wanted, ...value, metadata: { name: '', ...metadata } }
  if (object.apiVersion !== wanted.apiVersion && resource.origin === 'custom') {
    const expected = `does not match the expected API version (${wanted.apiVersion})`
    throw badRequest(`the API version in the data (${object.apiVersion}) ${expected}`)
  }
  const given = value['metadata'] ?? metadata
  if (!isRecord(given)) {
    throw badRequest(`${misfit(object, call)}: metadata is not an object`)
  }
  if (object.kind === kind.kind && object.apiVersion === wanted.apiVersion) return object
  if (resource.origin === 'custom') {
    const ref = { kind: { ...kind, kind: object.kind }, namespace: '', name: object.metadata.name }
    throw invalid(ref, [causes.invalid('kind', object.kind, `must be ${kind.kind}`)])
  }
  throw badRequest(misfit(object, call))
}

export const notRegistered = (apiVersion: string, kind: string): string =>
  `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`

const misfit = ({ apiVersion, kind }: KubeObject, call: Call): string =>
  `${kind} in version ${JSON.stringify(apiVersion.split('/').at(-1))} cannot be handled as a ${call.kind.kind}`

/** Whether that is what an error says. */
export const isMisfit = (message: string): boolean => / cannot be handled as an? /.test(message)

function unrecognized({ kind }: Call, because: string): ApiError {
  return badRequest(`the object provided is unrecognized (must be of type ${kind.kind}): ${because}`)
}

/** @throws ApiError 400 for a body that cannot be read, 415 for one of an unknown type. */
export function decoded(
  call: Call,
  words: 'with what was sent' | 'without what was sent' = 'with what was sent',
): Decoded {
  try {
    if (call.contentType === 'application/json' || call.contentType === '') return readJson(call.body)
    if (call.contentType === 'application/yaml') return readYaml(call.body)
  } catch (error) {
    const { message } = error as Error
    if (words === 'with what was sent') throw unrecognized(call, message)
    throw badRequest(`couldn't get version/kind; json parse error: ${message}`)
  }
  const accepted =
    'accepted media types include: application/json, application/yaml, application/vnd.kubernetes.protobuf'
  const message = `the body of the request was in an unknown format - ${accepted}`
  throw new ApiError({ code: 415, reason: 'UnsupportedMediaType', message })
}

/**
 * Who writes, and what becomes of fields that no schema knows or that stand twice: an error, a warning each, or nothing.
 *
 * @param all joins what is said of unknown fields to what is said of the rest.
 */
export function judged(
  call: Call,
  options: WriteOptions,
  all: (unknown: readonly string[]) => readonly string[],
  strict: (words: string, object: KubeObject) => ApiError,
): Requester {
  const unknown = (paths: readonly string[], object: KubeObject): void => {
    const words = all(paths.map(path => `unknown field ${JSON.stringify(path)}`))
    if (words.length === 0 || options.fieldValidation === 'Ignore') return
    if (options.fieldValidation === 'Strict') throw strict(`strict decoding error: ${words.join(', ')}`, object)
    // A warning is one line each.
    call.warnings.push(...words.flatMap(one => one.replace(YAML_ERRORS, '').split('\n  ')))
  }
  return { ...options, unknown }
}

/** Of patches: what is wrong is the patch as a whole, and it is shown. */
export function strictPatch(words: string, shown: string): ApiError {
  const kind = { group: '', version: '', kind: '', plural: '', namespaced: false }
  return invalid({ kind, namespace: '', name: '' }, [causes.invalid('patch', shown, words)])
}
