/** Versions against each other: of the API server, of the definitions, of the controller. Pure. */
import { crdOf, type Resource } from '../../api/crd.ts'
import type { KubeObject } from '../../api/object.ts'
import { at, isRecord, recordsOf, textOf, textsOf } from '../../core/json.ts'
import { failed, type Finding, listed, ok, unchecked, warning } from './finding.ts'

/** The oldest Kubernetes that Sluice supports: 1.29. */
const OLDEST = [1, 29] as const

/** @param version as the API server says it: `v1.36.2+k3s1`. */
export function apiVersionFinding(version: string): Finding {
  const [, major, minor] = /^v?(\d+)\.(\d+)/.exec(version) ?? []
  if (major === undefined || minor === undefined)
    return unchecked('api-version', `The API server does not say its version ("${version}"); 1.29 or newer is needed`)
  const isOld = Number(major) < OLDEST[0] || (Number(major) === OLDEST[0] && Number(minor) < OLDEST[1])
  return isOld
    ? failed('api-version', `Kubernetes ${version} is too old: Sluice needs ${OLDEST.join('.')} or newer`)
    : ok('api-version', `Kubernetes ${version}`)
}

/** Every field of a schema as a path: `spec.analysis.metrics[].name`. */
function fieldsOf(schema: unknown, path = ''): string[] {
  const fields = Object.entries(isRecord(at(schema, 'properties')) ? (at(schema, 'properties') as object) : {})
  const others = at(schema, 'additionalProperties')
  return [
    ...fields.flatMap(([name, one]) => {
      const field = path === '' ? name : `${path}.${name}`
      return [field, ...fieldsOf(one, field)]
    }),
    ...(at(schema, 'items') === undefined ? [] : fieldsOf(at(schema, 'items'), `${path}[]`)),
    ...(isRecord(others) ? fieldsOf(others, `${path}.*`) : []),
  ]
}

const schemaOf = (definition: unknown, version: string): unknown =>
  recordsOf(at(definition, 'spec', 'versions')).find(one => one['name'] === version)?.['schema']

/** A field within one that is missing says no more. */
const outermost = (fields: readonly string[]): string[] =>
  fields.filter(
    field => !fields.some(one => field !== one && /^[.[]/.test(field.slice(one.length)) && field.startsWith(one)),
  )

/** @param live the definition as the API server has it. @param program version of this program. */
export function definitionFinding(live: KubeObject, resource: Resource, program: string): Finding {
  const { version } = resource.kind
  const [theirs, ours] = [live, crdOf(resource)].map(one =>
    fieldsOf(at(schemaOf(one, version), 'openAPIV3Schema')).filter(field => /^(spec|status)\b/.test(field)),
  )
  const has = new Set(theirs)
  const knows = new Set(ours)
  const lacks = outermost((ours ?? []).filter(field => !has.has(field)))
  const more = outermost((theirs ?? []).filter(field => !knows.has(field)))
  const { name } = live.metadata
  if (lacks.length > 0)
    return failed(
      'crd-version',
      `CRD ${name} is older than this program (${program}): it lacks ${listed(lacks)}, and the API server would drop them without a message. Run: sluice install --crds-only | kubectl apply -f -`,
    )
  if (more.length > 0)
    return warning(
      'crd-version',
      `CRD ${name} is newer than this program (${program}), which does not know ${listed(more)}. Use the sluice of the version that is installed`,
    )
  return ok('crd-version', `CRD ${name} has the fields of this program`)
}

/** Negative: the first is older. @returns null where one is no version. */
function compared(one: string, other: string): number | null {
  const [a, b] = [one, other].map(text => /^v?(\d+)\.(\d+)\.(\d+)/.exec(text)?.slice(1).map(Number))
  if (a === undefined || b === undefined) return null
  const place = a.findIndex((number, i) => number !== b[i])
  return place < 0 ? 0 : (a[place] ?? 0) - (b[place] ?? 0)
}

export function controllerVersionFinding(controller: string, program: string): Finding {
  if (controller === program) return ok('controller-version', `The controller is ${controller}, as this program`)
  const order = compared(controller, program)
  const than = order === null || order === 0 ? 'not of the same build as' : order < 0 ? 'older than' : 'newer than'
  return warning(
    'controller-version',
    `The controller (${controller}) is ${than} this program (${program}): fields and commands may differ. ${order !== null && order < 0 ? 'Upgrade the controller, or use its version of this program' : 'Use the version of the controller'}`,
  )
}

/** Whose a definition is that is there before an installation. */
export function ownerFinding(name: string, live: KubeObject | null, resource: Resource): Finding {
  if (live === null) return ok('install-owner', `CRD ${name} is not there yet`)
  const kind = textOf(at(live.spec, 'names', 'kind'))
  if (kind !== resource.kind.kind)
    return failed(
      'install-owner',
      `CRD ${name} is there, and is of kind ${kind === '' ? 'unknown' : kind}: another program owns it. Save its objects, and remove it first`,
    )
  const { 'meta.helm.sh/release-name': release, 'meta.helm.sh/release-namespace': namespace = '' } = textsOf(
    live.metadata.annotations,
  )
  if (release !== undefined)
    return warning(
      'install-owner',
      `CRD ${name} belongs to Helm release ${namespace}/${release}: upgrade it with Helm, not with kubectl apply`,
    )
  const refused = recordsOf(at(live['status'], 'conditions')).find(
    one => one['type'] === 'NamesAccepted' && one['status'] === 'False',
  )
  if (refused !== undefined)
    return failed(
      'install-owner',
      `CRD ${name} is not served, because another one has its names: ${textOf(refused['message'])}`,
    )
  return ok('install-owner', `CRD ${name} is there already: kubectl apply upgrades it`)
}
