/** What each verb does with a resource (https://kubernetes.io/docs/reference/using-api/api-concepts/). */
import { apiVersionOf, type KubeObject, type ObjectMeta } from '../../api/object.ts'
import { ApiError } from '../../core/errors.ts'
import { badRequest, invalid, untyped } from '../answers.ts'
import { isRecord, type Json, recordOf, textOf } from '../json.ts'
import { versionOf } from '../reading.ts'
import type { Preconditions, Requester } from '../server.ts'
import * as causes from '../schema/causes.ts'
import { type Decoded, readJson, readYaml } from './body.ts'
import { type Answer, type Call, mustBeAt, mustBeIn, refOf } from './call.ts'
import { verbsOf } from './discovery.ts'
import { checkList, deleteOptions, listOptions, numberIn, type WriteOptions, writeOptions } from './options.ts'
import { patchOf } from './patches.ts'
import { scaleOf, type Wanted, wantedIn, withScale } from './scale.ts'
import { metadataOf, rowObjectOf, tableOf } from './table.ts'

export const verbs = { get, list, create, update, patch, delete: remove, deletecollection } as const
export type HttpVerb = keyof typeof verbs | 'watch'

/** The verb of a method on a collection or an object; null where there is none. */
export function verbOf(method: string, { name, namespace, subresource, kind, query, resource }: Call): HttpVerb | null {
  if (name === '') {
    if (method === 'GET') return isTrue(query.get('watch')) ? 'watch' : 'list'
    // What is namespaced is made in a namespace; the collection of all of them is only read.
    if (kind.namespaced && namespace === '') return null
    const verb = ({ POST: 'create', DELETE: 'deletecollection' } as const)[method] ?? null
    return verb !== null && verbsOf(resource).includes(verb) ? verb : null
  }
  if (subresource !== '' && method === 'DELETE') return null
  return ({ GET: 'get', PUT: 'update', PATCH: 'patch', DELETE: 'delete' } as const)[method] ?? null
}

const isTrue = (text: string | null): boolean => text !== null && text !== 'false' && text !== '0'

function get(call: Call): Answer {
  const version = call.query.get('resourceVersion') ?? ''
  if (version !== '' && version !== '0') versionOf(call.server.store, version)
  return told(call, 200, call.server.get(refOf(call), { manager: call.agent }))
}

function list(call: Call): Answer {
  const query = listOptions(call.namespace, call.query)
  numberIn(call.query, 'timeoutSeconds')
  checkList(query, call.query.has('sendInitialEvents'))
  const { items, resourceVersion, remaining, ...page } = call.server.list(call.kind, query, { manager: call.agent })
  const isSaid = page.continue !== undefined || (call.resource.origin === 'custom' && call.form.as === 'object')
  const more = isSaid ? { continue: page.continue ?? '' } : {}
  const metadata = { resourceVersion, ...more, ...(remaining === undefined ? {} : { remainingItemCount: remaining }) }
  return { code: 200, body: listBody(call, metadata, items) }
}

function listBody(call: Call, metadata: Json, items: readonly KubeObject[]): Json {
  const { form, resource, kind } = call
  if (form.as === 'Table') {
    const rows = rowObjectOf(call.query.get('includeObject') ?? '')
    return tableOf(resource, items, metadata, rows, call.server.clock.now())
  }
  if (form.as === 'PartialObjectMetadata') {
    const head = { kind: 'PartialObjectMetadataList', apiVersion: 'meta.k8s.io/v1' }
    return { ...head, metadata, items: items.map(metadataOf) }
  }
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items }
}

/** An object, in the form that was asked for. */
function told(call: Call, code: number, object: KubeObject): Answer {
  if (call.subresource === 'scale') return { code, body: scaleOf(call.resource, object) }
  if (call.form.as === 'PartialObjectMetadata') return { code, body: metadataOf(object) }
  if (call.form.as === 'object') return { code, body: object }
  const metadata = { resourceVersion: object.metadata.resourceVersion }
  const rows = rowObjectOf(call.query.get('includeObject') ?? '')
  return { code, body: tableOf(call.resource, [object], metadata, rows, call.server.clock.now()) }
}

function create(call: Call): Answer {
  const options = writeOptions('CreateOptions', call.query, call.agent)
  const { object, by } = sent(call, options)
  mustBeIn(call.namespace, object)
  return told(call, 201, call.server.create({ ...refOf(call), name: object.metadata.name }, object, by))
}

function update(call: Call): Answer {
  const options = writeOptions('UpdateOptions', call.query, call.agent)
  const ref = refOf(call)
  if (call.subresource === 'scale') {
    const wanted = wantedIn(recordOf(decoded(call).value))
    return told(
      call,
      200,
      call.server.patch(ref, now => withScale(call.resource, now, wanted), options, 'scale'),
    )
  }
  const { object, by } = sent(call, options)
  mustBeAt(ref, object)
  const existed = call.server.store.get(ref.kind, ref.namespace, ref.name) !== null
  return told(call, existed ? 200 : 201, call.server.update(ref, object, by, call.subresource))
}

function patch(call: Call): Answer {
  const isApply = call.contentType === 'application/apply-patch+yaml'
  const options = writeOptions('PatchOptions', call.query, call.agent, isApply)
  if (isApply) return apply(call, options)
  const { resource } = call
  const ref = refOf(call)
  const { change, duplicates, shown } = patchOf(call)
  if (call.subresource === 'scale') {
    const scaled = (now: KubeObject): Wanted => wantedIn(recordOf(change(scaleOf(resource, now))))
    return told(
      call,
      200,
      call.server.patch(ref, now => withScale(resource, now, scaled(now)), options, 'scale'),
    )
  }
  const strict = (words: string, object: KubeObject): ApiError => strictPatch(words, shown(object))
  const by = judged(call, options, unknown => [...unknown, ...duplicates], strict)
  const changed = (now: KubeObject): KubeObject => {
    const object = asObject(call, recordOf(change(now)))
    mustBeAt(ref, object)
    return object
  }
  try {
    return told(call, 200, call.server.patch(ref, changed, by, call.subresource))
  } catch (error) {
    // What came of the patch cannot be read as the kind: that is the patch's fault.
    const [, words] = /^\S+ in version "\S+" cannot be handled as an? \S+: (.*)$/s.exec((error as Error).message) ?? []
    if (words === undefined || !(error instanceof ApiError) || error.code !== 400) throw error
    throw strictPatch(words, shown(recordOf(change(call.server.get(ref, options))) as KubeObject))
  }
}

function apply(call: Call, options: WriteOptions): Answer {
  const { value, duplicates } = decodedApply(call.body)
  const { kind: asked } = call
  const { apiVersion = '', kind = '' } = value
  if (apiVersion !== apiVersionOf(asked) || kind !== asked.kind) {
    const [version = '', group = ''] = textOf(apiVersion).split('/').toReversed()
    throw badRequest(`invalid object type: ${group}/${version}, Kind=${textOf(kind)}`)
  }
  const ref = refOf(call)
  const object = asObject(call, value)
  mustBeAt(ref, object)
  if (options.fieldValidation === 'Strict' && duplicates.length > 0) {
    throw badRequest(`error strict decoding YAML: error converting YAML to JSON: ${duplicates.join(', ')}`)
  }
  if (options.fieldValidation === 'Warn') call.warnings.push(...duplicates)
  const existed = call.server.store.get(call.kind, call.namespace, call.name) !== null
  const by = { ...options, unknown: (paths: readonly string[]) => mustBeDeclared(call, object, paths) }
  const onConflict = options.force ? 'force' : 'fail'
  const applied = call.server.apply(ref, object, by, onConflict, call.subresource)
  return told(call, existed ? 200 : 201, applied)
}

/** What nobody declared cannot be owned, whatever fieldValidation says. */
function mustBeDeclared(call: Call, object: KubeObject, paths: readonly string[]): void {
  if (paths.length === 0) return
  const words = paths.map(path => `.${path}: field not declared in schema`)
  const all = words.length === 1 ? words.join() : `errors:\n  ${words.join('\n  ')}`
  throw untyped(refOf(call), object, all)
}

function decodedApply(text: string): { readonly value: Json; readonly duplicates: readonly string[] } {
  try {
    const { value, duplicates } = readYaml(text)
    return { value: recordOf(value), duplicates }
  } catch (error) {
    throw badRequest(`error decoding YAML: error converting YAML to JSON: ${(error as Error).message}`)
  }
}

function remove(call: Call): Answer {
  const { dryRun, ...how } = deleteOptionsOf(call)
  const by = { manager: call.agent, dryRun }
  const { uid } = call.server.get(refOf(call), by).metadata
  const left = call.server.delete(refOf(call), how, by)
  if (left !== null) return told(call, 200, left)
  const { group, plural: kind } = call.kind
  const details = { name: call.name, ...(group === '' ? {} : { group }), kind, uid }
  return { code: 200, body: { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Success', details } }
}

function deletecollection(call: Call): Answer {
  const { dryRun, ...how } = deleteOptionsOf(call)
  const by = { manager: call.agent, dryRun }
  const { items, resourceVersion } = call.server.list(call.kind, listOptions(call.namespace, call.query), by)
  for (const { metadata } of items) {
    call.server.delete({ kind: call.kind, namespace: metadata.namespace ?? '', name: metadata.name }, how, by)
  }
  return { code: 200, body: listBody(call, { resourceVersion }, items) }
}

function deleteOptionsOf(call: Call): Preconditions & { readonly dryRun: boolean } {
  if (call.body.trim() === '') return deleteOptions(null, call.query)
  const body = recordOf(decoded(call, 'without what was sent').value)
  const { kind = 'DeleteOptions', apiVersion = 'v1' } = body
  if (kind === 'DeleteOptions') return deleteOptions(body, call.query)
  throw badRequest(notRegistered(textOf(apiVersion), textOf(kind)))
}

/** The object that a client sent to create or update, as one of the kind of the path, and who sent it. */
function sent(call: Call, options: WriteOptions): { readonly object: KubeObject; readonly by: Requester } {
  const { value, duplicates } = decoded(call)
  const isYaml = call.contentType === 'application/yaml'
  const twice = isYaml && duplicates.length > 0 ? [`yaml: unmarshal errors:\n  ${duplicates.join('\n  ')}`] : duplicates
  if (!isRecord(value)) {
    throw unrecognized(call, `json: cannot unmarshal ${jsonType(value)} into Go value of type ${GO_HEAD}`)
  }
  const object = asObject(call, value)
  const all = (unknown: readonly string[]): string[] => (isYaml ? [...twice, ...unknown] : [...unknown, ...twice])
  const strict = (words: string): ApiError => badRequest(`${misfit(object, call)}: ${words}`)
  return { object, by: judged(call, options, all, strict) }
}

/** Says of itself what it is; of built-in kinds that may be nothing. @throws ApiError for another kind or version. */
function asObject(call: Call, value: Json): KubeObject {
  const { kind, resource, body } = call
  const metadata = recordOf(value['metadata']) as Partial<ObjectMeta>
  const wanted = { apiVersion: apiVersionOf(kind), kind: kind.kind }
  if (resource.origin === 'custom' && value['kind'] === undefined) {
    throw unrecognized(call, `Object 'Kind' is missing in '${body}'`, '')
  }
  const object: KubeObject = { ...wanted, ...value, metadata: { name: '', ...metadata } }
  if (object.apiVersion !== wanted.apiVersion && resource.origin === 'custom') {
    const expected = `does not match the expected API version (${wanted.apiVersion})`
    throw badRequest(`the API version in the data (${object.apiVersion}) ${expected}`)
  }
  if (object.kind === kind.kind && object.apiVersion === wanted.apiVersion) return object
  if (resource.origin === 'custom') {
    const ref = { kind: { ...kind, kind: object.kind }, namespace: '', name: object.metadata.name }
    throw invalid(ref, [causes.invalid('kind', object.kind, `must be ${kind.kind}`)])
  }
  throw badRequest(`${misfit(object, call)}: ${otherKind(object, call)}`)
}

/** Kinds that are known cannot be converted, all others are not known. */
function otherKind({ apiVersion, kind }: KubeObject, call: Call): string {
  const [version = '', group = ''] = apiVersion.split('/').toReversed()
  const known = call.server.resources.ofObjects(group, kind)
  if (known?.origin !== 'built-in' || !known.versions.includes(version)) return notRegistered(apiVersion, kind)
  return `converting (${version}.${kind}) to (${call.kind.group === '' ? 'core' : call.kind.group}.${call.kind.kind}): unknown conversion`
}

const notRegistered = (apiVersion: string, kind: string): string =>
  `no kind "${kind}" is registered for version "${apiVersion}" in scheme "pkg/runtime/scheme.go:111"`

const misfit = ({ apiVersion, kind }: KubeObject, call: Call): string =>
  `${kind} in version ${JSON.stringify(apiVersion.split('/').at(-1))} cannot be handled as a ${call.kind.kind}`

/** The Go type that a body is first read into. */
const GO_HEAD = String.raw`struct { APIVersion string "json:\"apiVersion,omitempty\""; Kind string "json:\"kind,omitempty\"" }`
const jsonType = (value: unknown): string => (Array.isArray(value) ? 'array' : value === null ? 'null' : typeof value)

const JSON_PARSER = "couldn't get version/kind; json parse error: "
const PARSER: Readonly<Record<string, string>> = { 'application/yaml': '' }
/** As much of a body as an error shows: text of objects, bytes of the rest. */
const SHOWN = 30

function unrecognized(
  { kind, body, contentType }: Call,
  because: string,
  parser = PARSER[contentType] ?? JSON_PARSER,
): ApiError {
  const bytes = Buffer.from(body)
  const isObject = body.startsWith('{')
  const start = isObject ? bytes.subarray(0, SHOWN).toString() : bytes.subarray(0, SHOWN).toString('hex')
  const shown = body === '' ? '<empty>' : `${start}${bytes.length > SHOWN ? ' ...' : ''}`
  return badRequest(
    `the object provided is unrecognized (must be of type ${kind.kind}): ${parser}${because} (${shown})`,
  )
}

/** @throws ApiError 400 for a body that cannot be read, 415 for one of an unknown type. */
function decoded(call: Call, words: 'with what was sent' | 'without what was sent' = 'with what was sent'): Decoded {
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
function judged(
  call: Call,
  options: WriteOptions,
  all: (unknown: readonly string[]) => readonly string[],
  strict: (words: string, object: KubeObject) => ApiError,
): Requester {
  const unknown = (paths: readonly string[], object: KubeObject): void => {
    const words = all(paths.map(path => `unknown field ${JSON.stringify(path)}`))
    if (words.length === 0 || options.fieldValidation === 'Ignore') return
    if (options.fieldValidation === 'Strict') throw strict(`strict decoding error: ${words.join(', ')}`, object)
    call.warnings.push(...words)
  }
  return { ...options, unknown }
}

/** Of patches: what is wrong is the patch as a whole, and it is shown. */
function strictPatch(words: string, shown: string): ApiError {
  const kind = { group: '', version: '', kind: '', plural: '', namespaced: false }
  return invalid({ kind, namespace: '', name: '' }, [causes.invalid('patch', shown, words)])
}
