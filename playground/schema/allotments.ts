/** What an API server allots to an object rather than defaults: nobody owns it. */
import { type Kind, kindKey, kinds, type KubeObject } from '../../src/api/object.ts'
import { Pod } from '../kinds.ts'
import { type Json, listOf, recordOf, textOf } from '../json.ts'

/** Where allotments come from. */
export interface Allotter {
  /** An address that no Service has. */
  address(): string
  /** Now, in RFC 3339 to the second. */
  time(): string
}

/** The object with what it is allotted; `before` keeps what it was allotted already. */
export function withAllotments(kind: Kind, object: KubeObject, before: KubeObject | null, by: Allotter): KubeObject {
  switch (kindKey(kind)) {
    case kindKey(kinds.Service):
      return withAddress(object, before, by)
    case kindKey(kinds.Namespace):
      return { ...object, spec: { finalizers: ['kubernetes'], ...recordOf(object['spec']) } }
    case kindKey(Pod):
      return before === null ? { ...object, spec: { ...admitted, ...recordOf(object['spec']) } } : object
    case kindKey(kinds.CustomResourceDefinition):
      return withNamesAccepted(object, by)
    default:
      return object
  }
}

/** What admission plugins put into a new pod. */
const admitted = {
  preemptionPolicy: 'PreemptLowerPriority',
  priority: 0,
  tolerations: ['not-ready', 'unreachable'].map(trouble => {
    const key = `node.kubernetes.io/${trouble}`
    return { key, operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 300 }
  }),
}

function withAddress(object: KubeObject, before: KubeObject | null, by: Allotter): KubeObject {
  const spec = recordOf(object['spec'])
  if (spec['type'] === 'ExternalName') return object
  const ip = spec['clusterIP'] ?? recordOf(before?.['spec'])['clusterIP'] ?? by.address()
  const single = { ipFamilies: ['IPv4'], ipFamilyPolicy: 'SingleStack' }
  const dual = { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack' }
  const families = ip === 'None' && spec['selector'] === undefined ? dual : single
  return { ...object, spec: { clusterIP: ip, clusterIPs: [ip], ...families, ...spec } }
}

/** A definition is served at once: there is nobody else who could have its names. */
function withNamesAccepted(object: KubeObject, by: Allotter): KubeObject {
  const spec = recordOf(object['spec'])
  const status = recordOf(object['status'])
  const had = listOf(status['conditions']).map(recordOf)
  const condition = (type: string, reason: string, message: string): Json =>
    had.find(one => one['type'] === type) ?? { type, status: 'True', lastTransitionTime: by.time(), reason, message }
  const stored = listOf(spec['versions'])
    .map(recordOf)
    .filter(version => version['storage'] === true)
  const versions = [...listOf(status['storedVersions']), ...stored.map(version => textOf(version['name']))]
  const conditions = [
    condition('NamesAccepted', 'NoConflicts', 'no conflicts found'),
    condition('Established', 'InitialNamesAccepted', 'the initial names have been accepted'),
  ]
  const others = had.filter(({ type }) => !conditions.some(one => one['type'] === type))
  const accepted = {
    conditions: [...conditions, ...others],
    acceptedNames: spec['names'],
    storedVersions: [...new Set(versions)],
  }
  return { ...object, status: { ...status, ...accepted } }
}
