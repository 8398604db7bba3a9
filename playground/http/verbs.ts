/** What each verb does with a resource (https://kubernetes.io/docs/reference/using-api/api-concepts/). */
import { apiVersionOf, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { badRequest, untyped } from '../answers.ts'
import { type Json, recordOf, textOf } from '../json.ts'
import { versionOf } from '../server/reading.ts'
import type { Preconditions } from '../server/deletion.ts'
import { readYaml } from './body.ts'
import { type Answer, type Call, mustBeAt, mustBeIn, refOf } from './call.ts'
import { verbsOf } from './discovery.ts'
import { checkList, deleteOptions, listOptions, numberIn, type WriteOptions, writeOptions } from './options.ts'
import { patchOf } from './patches.ts'
import { scaleOf, type Wanted, wantedIn, withScale } from './scale.ts'
import { asObject, decoded, judged, isMisfit, notRegistered, sent, strictPatch } from './sent.ts'
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
  // Items of built-in kinds do not say what they are: the list does.
  const unsaid = resource.origin === 'custom' ? {} : { apiVersion: undefined, kind: undefined }
  const bare = items.map(item => ({ ...item, ...unsaid }))
  return { kind: `${kind.kind}List`, apiVersion: apiVersionOf(kind), metadata, items: bare }
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
    if (!(error instanceof ApiError) || error.code !== 400 || !isMisfit(error.message)) throw error
    throw strictPatch(error.message, shown(recordOf(change(call.server.get(ref, options))) as KubeObject))
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
