/** The parameters of requests, checked as the API server checks them: CreateOptions, PatchOptions, ListOptions and so on. */
import type { Kind } from '../../src/api/object.ts'
import { badRequest, invalid } from '../answers.ts'
import { isRecord, type Json, listOf } from '../json.ts'
import type { Cause } from '../resource.ts'
import * as causes from '../schema/causes.ts'
import type { Listing } from '../server/reading.ts'
import type { Preconditions } from '../server/deletion.ts'

const meta = (kind: string): Kind => ({ group: 'meta.k8s.io', version: 'v1', kind, plural: '', namespaced: false })

/** @throws ApiError 422 with all that is wrong with the options of this name. */
function check(options: string, found: readonly (Cause | false)[]): void {
  const wrong = found.filter(one => one !== false)
  if (wrong.length > 0) throw invalid({ kind: meta(options), namespace: '', name: '' }, wrong)
}

export interface WriteOptions {
  readonly dryRun: boolean
  readonly fieldValidation: string
  /** Who writes: said, or the program that the User-Agent names. */
  readonly manager: string
  readonly force: boolean
}

/** @param apply whether this is a server-side apply; of other writes null. */
export function writeOptions(
  kind: 'CreateOptions' | 'UpdateOptions' | 'PatchOptions',
  query: URLSearchParams,
  agent: string,
  apply: boolean | null = null,
): WriteOptions {
  const fieldValidation = query.get('fieldValidation') ?? ''
  const manager = query.get('fieldManager') ?? ''
  const modes = ['', 'Ignore', 'Strict', 'Warn']
  check(kind, [
    ...dryRunCauses(query.getAll('dryRun')),
    apply === false && query.has('force') && causes.forbidden('force', 'may not be specified for non-apply patch'),
    apply === true && manager === '' && causes.required('fieldManager', 'is required for apply patch'),
    /\p{C}/u.test(manager) && unprintable(manager),
    manager.length > 128 && causes.tooLong('fieldManager', 128),
    !modes.includes(fieldValidation) && causes.notSupported('fieldValidation', fieldValidation, modes),
  ])
  return {
    dryRun: query.has('dryRun'),
    fieldValidation: fieldValidation === '' ? 'Warn' : fieldValidation,
    manager: manager === '' ? agentName(agent) : manager,
    force: query.get('force') === 'true',
  }
}

function unprintable(manager: string): Cause {
  const at = manager.search(/\p{C}/u)
  const code = manager.charCodeAt(at).toString(16)
  const shown = manager.replaceAll(/\p{C}/gu, one => `\\x${one.charCodeAt(0).toString(16).padStart(2, '0')}`)
  const because = `invalid character U+${code.toUpperCase().padStart(4, '0')} (at position ${at})`
  return { reason: 'FieldValueInvalid', message: `Invalid value: "${shown}": ${because}`, field: 'fieldManager' }
}

const agentName = (agent: string): string => (agent.split('/', 1)[0] ?? '').slice(0, 128) || 'unknown'

function dryRunCauses(dryRun: readonly unknown[]): (Cause | false)[] {
  return [dryRun.some(one => one !== 'All') && causes.notSupported('dryRun', dryRun, ['All'])]
}

/** @param body the DeleteOptions that were sent; without them the query says the same. */
export function deleteOptions(body: Json | null, query: URLSearchParams): Preconditions & { readonly dryRun: boolean } {
  const dryRun = body === null ? query.getAll('dryRun') : listOf(body['dryRun'])
  const policy = body?.['propagationPolicy'] ?? query.get('propagationPolicy') ?? undefined
  const orphan = body?.['orphanDependents'] ?? query.get('orphanDependents') ?? undefined
  const policies = ['Foreground', 'Background', 'Orphan']
  const both = 'orphanDependents and deletionPropagation cannot be both set'
  check('DeleteOptions', [
    ...dryRunCauses(dryRun),
    policy !== undefined && orphan !== undefined && causes.invalid('propagationPolicy', policy, both),
    policy !== undefined &&
      !policies.some(one => one === policy) &&
      causes.notSupported('propagationPolicy', policy, [...policies, 'nil']),
  ])
  const grace = body === null ? numberIn(query, 'gracePeriodSeconds') : body['gracePeriodSeconds']
  const { uid, resourceVersion } = isRecord(body?.['preconditions']) ? body['preconditions'] : {}
  const orphans = policy === undefined && (orphan === true || orphan === 'true')
  return {
    dryRun: dryRun.length > 0,
    ...(typeof grace === 'number' ? { gracePeriodSeconds: grace } : {}),
    ...(typeof uid === 'string' ? { uid } : {}),
    ...(typeof resourceVersion === 'string' ? { resourceVersion } : {}),
    ...(policy === undefined && !orphans ? {} : { propagation: orphans ? 'Orphan' : (policy as 'Background') }),
  }
}

/** What a list and a watch have in common. */
export function listOptions(namespace: string, query: URLSearchParams): Listing {
  const limit = numberIn(query, 'limit')
  return {
    namespace,
    labelSelector: query.get('labelSelector') ?? '',
    fieldSelector: query.get('fieldSelector') ?? '',
    resourceVersion: query.get('resourceVersion') ?? '',
    ...(query.get('resourceVersionMatch') ? { resourceVersionMatch: query.get('resourceVersionMatch') ?? '' } : {}),
    ...(limit === undefined ? {} : { limit }),
    ...(query.get('continue') ? { continue: query.get('continue') ?? '' } : {}),
  }
}

/** @throws ApiError 422 for what does not go together in a list. */
export function checkList(
  { resourceVersion = '', resourceVersionMatch: match, ...query }: Listing,
  initial: boolean,
): void {
  const field = 'resourceVersionMatch'
  const known = ['Exact', 'NotOlderThan', '']
  check('ListOptions', [
    initial && causes.forbidden('sendInitialEvents', 'sendInitialEvents is forbidden for list'),
    match !== undefined &&
      resourceVersion === '' &&
      causes.forbidden(field, `${field} is forbidden unless resourceVersion is provided`),
    match !== undefined &&
      query.continue !== undefined &&
      causes.forbidden(field, `${field} is forbidden when continue is provided`),
    match !== undefined && !known.includes(match) && causes.notSupported(field, match, known),
    match === 'Exact' &&
      resourceVersion === '0' &&
      causes.forbidden(field, `${field} "exact" is forbidden for resourceVersion "0"`),
  ])
}

/** @throws ApiError 422 for what does not go together in a watch. */
export function checkWatch({ resourceVersionMatch: match, continue: token }: Listing, initial: boolean): void {
  const field = 'resourceVersionMatch'
  check('ListOptions', [
    initial &&
      match !== 'NotOlderThan' &&
      causes.forbidden(field, `sendInitialEvents requires setting ${field} to NotOlderThan`),
    match !== undefined &&
      !initial &&
      causes.forbidden(field, `${field} is forbidden for watch unless sendInitialEvents is provided`),
    match !== undefined && match !== 'NotOlderThan' && causes.notSupported(field, match, ['NotOlderThan']),
    token !== undefined && causes.forbidden(field, `${field} is forbidden when continue is provided`),
  ])
}

/** @throws ApiError 400 for what is no number. */
export function numberIn(query: URLSearchParams, name: string): number | undefined {
  const text = query.get(name)
  if (text === null || text === '') return undefined
  if (/^[+-]?\d+$/.test(text)) return Number(text)
  throw badRequest(`strconv.ParseInt: parsing ${JSON.stringify(text)}: invalid syntax`)
}
