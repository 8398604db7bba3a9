/**
 * What `kubectl get` shows of the built-in kinds: the printers of a real API server, which no OpenAPI tells of. A column is a
 * line: its name, what stands in it, and where it is not a text that is always shown, its type and `wide`.
 */
import type { KubeObject } from '../../src/api/object.ts'
import type { Instant } from '../../src/core/time.ts'
import { ageOf } from './age.ts'
import { at, listOf, recordOf, textOf } from '../json.ts'
import type { Column } from '../resource.ts'

type Cell = Column['cell']
const NONE = '<none>'
const UNSET = '<unset>'

function column(name: string, cell: Cell, type = 'string', format = ''): Column {
  return { name, type, format, description: '', priority: 0, cell }
}
const wide = (name: string, cell: Cell): Column => ({ ...column(name, cell), priority: 1 })
/** A number or a text. */
const words = (value: unknown, nothing = ''): string =>
  typeof value === 'number' ? String(value) : textOf(value, nothing)
/** What stands at a place, or what stands for nothing. */
const value =
  (path: string, nothing: unknown = ''): Cell =>
  object =>
    at(object, ...path.split('.')) ?? nothing
const size =
  (...fields: readonly string[]): Cell =>
  object =>
    fields.reduce((sum, field) => sum + Object.keys(recordOf(object[field])).length, 0)
const joined = (texts: readonly unknown[], nothing = NONE): string => (texts.length === 0 ? nothing : texts.join(','))

const name = column('Name', object => object.metadata.name, 'string', 'name')
const age = column('Age', (object, now) => ageOf(object.metadata.creationTimestamp, now))
const createdAt = column('Created At', object => object.metadata.creationTimestamp, 'date')

const containersOf = (object: KubeObject): readonly unknown[] =>
  listOf(at(object, 'spec', 'template', 'spec', 'containers'))
/** Of what runs pods: what is in them, and which they are. */
const ofTemplate = [
  wide('Containers', object =>
    containersOf(object)
      .map(one => at(one, 'name'))
      .join(','),
  ),
  wide('Images', object =>
    containersOf(object)
      .map(one => at(one, 'image'))
      .join(','),
  ),
  wide('Selector', object => selectorInWords(at(object, 'spec', 'selector'))),
]

function pairs(labels: unknown): string {
  return joined(Object.entries(recordOf(labels)).map(([key, label]) => `${key}=${String(label)}`))
}

/** `app=web,tier in (a,b),!old` */
function selectorInWords(selector: unknown): string {
  const { matchLabels, matchExpressions } = recordOf(selector)
  const expressions = listOf(matchExpressions).map(expression => {
    const { key, operator, values } = recordOf(expression)
    if (operator === 'Exists') return key
    if (operator === 'DoesNotExist') return `!${String(key)}`
    return `${String(key)} ${operator === 'In' ? 'in' : 'notin'} (${listOf(values).join(',')})`
  })
  const labels = Object.entries(recordOf(matchLabels)).map(([key, label]) => `${key}=${String(label)}`)
  return joined([...labels, ...expressions])
}

/** `80/TCP`, `80:31000/TCP` */
function portsOf(service: KubeObject): string {
  return joined(
    listOf(at(service, 'spec', 'ports')).map(one => {
      const { port, nodePort, protocol } = recordOf(one)
      return `${String(port)}${nodePort === undefined ? '' : `:${words(nodePort)}`}/${String(protocol)}`
    }),
  )
}

function externalOf(service: KubeObject): string {
  const { type, externalName, externalIPs } = recordOf(service['spec'])
  const ips = listOf(externalIPs)
  if (type === 'ExternalName') return textOf(externalName)
  const balanced = listOf(at(service, 'status', 'loadBalancer', 'ingress')).map(
    one => at(one, 'ip') ?? at(one, 'hostname'),
  )
  return joined([...balanced, ...ips], type === 'LoadBalancer' ? '<pending>' : NONE)
}

const statusesOf = (pod: KubeObject): readonly unknown[] => listOf(at(pod, 'status', 'containerStatuses'))

/** One word for where a pod is: the last of its containers that waits or has ended says it. */
function stateOf(pod: KubeObject): string {
  const reasons = statusesOf(pod).flatMap(status => {
    const [waits, ended] = [at(status, 'state', 'waiting', 'reason'), at(status, 'state', 'terminated')]
    if (waits !== undefined) return [textOf(waits)]
    if (ended === undefined) return []
    return [textOf(at(ended, 'reason'), `ExitCode:${String(at(ended, 'exitCode'))}`)]
  })
  const phase = textOf(at(pod, 'status', 'reason') ?? at(pod, 'status', 'phase'))
  // The first container has the last word.
  const [reason = phase] = reasons
  if (pod.metadata.deletionTimestamp !== undefined) return 'Terminating'
  const isRunning = statusesOf(pod).some(status => at(status, 'ready') === true && at(status, 'state', 'running'))
  return reason === 'Completed' && isRunning ? 'Running' : reason
}

/** `2 (5m ago)` */
function restartsOf(pod: KubeObject, now: Instant): string {
  const count = statusesOf(pod).reduce<number>((sum, status) => sum + Number(at(status, 'restartCount') ?? 0), 0)
  const ends = statusesOf(pod).map(status => at(status, 'lastState', 'terminated', 'finishedAt'))
  const last = ends
    .filter(end => typeof end === 'string')
    .sort()
    .at(-1)
  return last === undefined || count === 0 ? String(count) : `${count} (${ageOf(last, now)} ago)`
}

const firstSeen = (event: KubeObject): unknown => event['firstTimestamp'] ?? event['eventTime'] ?? undefined
function sourceOf(event: KubeObject): string {
  const { component, host } = recordOf(event['source'])
  const [who, where] = [component ?? event['reportingComponent'], host ?? event['reportingInstance']]
  return [who, where].filter(one => one !== undefined && one !== '').join(', ')
}

/** `cpu: 33%/80%` */
function targetsOf(scaler: KubeObject): string {
  const current = listOf(at(scaler, 'status', 'currentMetrics'))
  const targets = listOf(at(scaler, 'spec', 'metrics')).map((metric, i) => {
    const kind = textOf(at(metric, 'type'))
    const field = kind.charAt(0).toLowerCase() + kind.slice(1)
    const { target, name: resource } = recordOf(at(metric, field))
    const now = at(current[i], field, 'current')
    const share = at(target, 'averageUtilization')
    const [is, wanted] =
      share === undefined
        ? [at(now, 'averageValue') ?? at(now, 'value'), at(target, 'averageValue') ?? at(target, 'value')]
        : [at(now, 'averageUtilization'), share]
    const unit = share === undefined ? '' : '%'
    const shown = is === undefined ? '<unknown>' : `${words(is)}${unit}`
    return `${resource === undefined ? '' : `${words(resource)}: `}${shown}/${words(wanted)}${unit}`
  })
  return joined(targets)
}

function endpointsOf(slice: KubeObject): string {
  const addresses = listOf(slice['endpoints']).flatMap(endpoint => listOf(at(endpoint, 'addresses')))
  const more = addresses.length > 3 ? ` + ${addresses.length - 3} more...` : ''
  return `${joined(addresses.slice(0, 3), UNSET)}${more}`
}

const subjects = (kind: string): Cell => {
  return object =>
    listOf(object['subjects'])
      .filter(subject => at(subject, 'kind') === kind)
      .map(
        subject =>
          (kind === 'ServiceAccount' ? `${textOf(at(subject, 'namespace'))}/` : '') + textOf(at(subject, 'name')),
      )
      .join(', ')
}
const binding = [
  name,
  column('Role', object => `${textOf(at(object, 'roleRef', 'kind'))}/${textOf(at(object, 'roleRef', 'name'))}`),
  age,
  wide('Users', subjects('User')),
  wide('Groups', subjects('Group')),
  wide('ServiceAccounts', subjects('ServiceAccount')),
]

const byKind: Readonly<Record<string, readonly Column[]>> = {
  Namespace: [name, column('Status', value('status.phase')), age],
  Pod: [
    name,
    column('Ready', pod => {
      const ready = statusesOf(pod).filter(status => at(status, 'ready') === true && at(status, 'state', 'running'))
      return `${ready.length}/${listOf(at(pod, 'spec', 'containers')).length}`
    }),
    column('Status', stateOf),
    column('Restarts', restartsOf),
    age,
    wide('IP', value('status.podIP', NONE)),
    wide('Node', value('spec.nodeName', NONE)),
    wide('Nominated Node', value('status.nominatedNodeName', NONE)),
    wide('Readiness Gates', () => NONE),
  ],
  Service: [
    name,
    column('Type', value('spec.type')),
    column('Cluster-IP', value('spec.clusterIP', NONE)),
    column('External-IP', externalOf),
    column('Port(s)', portsOf),
    age,
    wide('Selector', object => pairs(at(object, 'spec', 'selector'))),
  ],
  ConfigMap: [name, column('Data', size('data', 'binaryData')), age],
  Secret: [name, column('Type', value('type')), column('Data', size('data')), age],
  Event: [
    column('Last Seen', (event, now) =>
      ageOf(at(event, 'series', 'lastObservedTime') ?? event['lastTimestamp'] ?? firstSeen(event), now),
    ),
    column('Type', value('type')),
    column('Reason', value('reason')),
    column('Object', event => {
      const { kind, name: about } = recordOf(event['involvedObject'])
      return `${textOf(kind).toLowerCase()}/${textOf(about)}`
    }),
    wide('Subobject', value('involvedObject.fieldPath')),
    wide('Source', sourceOf),
    column('Message', event => textOf(event['message']).trim()),
    wide('First Seen', (event, now) => ageOf(firstSeen(event), now)),
    wide('Count', event => at(event, 'series', 'count') ?? event['count'] ?? 1),
    { ...name, priority: 1 },
  ],
  ServiceAccount: [name, age],
  Deployment: [
    name,
    column(
      'Ready',
      object => `${Number(at(object, 'status', 'readyReplicas') ?? 0)}/${Number(at(object, 'spec', 'replicas'))}`,
    ),
    column('Up-to-date', value('status.updatedReplicas', 0)),
    column('Available', value('status.availableReplicas', 0)),
    age,
    ...ofTemplate,
  ],
  ReplicaSet: [
    name,
    column('Desired', value('spec.replicas', 0), 'integer'),
    column('Current', value('status.replicas', 0), 'integer'),
    column('Ready', value('status.readyReplicas', 0), 'integer'),
    age,
    ...ofTemplate,
  ],
  ControllerRevision: [
    name,
    column('Controller', ({ metadata }) => {
      const owner = metadata.ownerReferences?.find(one => one.controller === true)
      if (owner === undefined) return NONE
      const [, group = ''] = owner.apiVersion.split('/').toReversed()
      return `${owner.kind.toLowerCase()}${group === '' ? '' : `.${group}`}/${owner.name}`
    }),
    column('Revision', value('revision')),
    age,
  ],
  HorizontalPodAutoscaler: [
    name,
    column('Reference', object => {
      const { kind, name: target } = recordOf(at(object, 'spec', 'scaleTargetRef'))
      return `${textOf(kind)}/${textOf(target)}`
    }),
    column('Targets', targetsOf),
    column('MinPods', object => words(at(object, 'spec', 'minReplicas'), UNSET)),
    column('MaxPods', value('spec.maxReplicas')),
    column('Replicas', value('status.currentReplicas', 0)),
    age,
  ],
  Lease: [name, column('Holder', value('spec.holderIdentity')), age],
  EndpointSlice: [
    name,
    column('AddressType', value('addressType')),
    column('Ports', object =>
      joined(
        listOf(object['ports']).map(one => at(one, 'port')),
        UNSET,
      ),
    ),
    column('Endpoints', endpointsOf),
    age,
  ],
  PodDisruptionBudget: [
    name,
    column('Min Available', object => words(at(object, 'spec', 'minAvailable'), 'N/A')),
    column('Max Unavailable', object => words(at(object, 'spec', 'maxUnavailable'), 'N/A')),
    column('Allowed Disruptions', value('status.disruptionsAllowed', 0), 'integer'),
    age,
  ],
  Role: [name, createdAt],
  ClusterRole: [name, createdAt],
  CustomResourceDefinition: [name, createdAt],
  RoleBinding: binding,
  ClusterRoleBinding: binding,
}

export const columnsOf = (kind: string): readonly Column[] => byKind[kind] ?? [name, age]
