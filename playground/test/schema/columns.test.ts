/** Tables of built-in kinds, cell by cell as a real API server printed the same objects. */
import { assert } from 'chai'
import type { KubeObject } from '../../../src/api/object.ts'
import { VirtualClock } from '../../clock.ts'
import { installed } from '../installed.ts'

type Json = Record<string, unknown>
interface Row {
  readonly is: string
  readonly object: Json
  readonly status?: Json
  readonly cells: readonly unknown[]
}

const template = {
  metadata: { labels: { app: 'web' } },
  spec: {
    containers: [
      { name: 'a', image: 'a:1' },
      { name: 'b', image: 'b:1' },
    ],
  },
}
const expressions = [
  { key: 'x', operator: 'NotIn', values: ['a', 'b'] },
  { key: 'y', operator: 'DoesNotExist' },
]
const deployment = { apiVersion: 'apps/v1', kind: 'Deployment' }
const replicaSet = { apiVersion: 'apps/v1', kind: 'ReplicaSet' }
const service = (spec: Json): Json => ({ apiVersion: 'v1', kind: 'Service', spec })
const pod = { apiVersion: 'v1', kind: 'Pod', spec: template.spec }
const container = (name: string, restartCount: number, state: Json, more: Json = {}): Json => {
  return { name, image: name, imageID: '', ready: 'running' in state, restartCount, state, ...more }
}
const budget = { apiVersion: 'policy/v1', kind: 'PodDisruptionBudget' }
const scaler = {
  apiVersion: 'autoscaling/v2',
  kind: 'HorizontalPodAutoscaler',
  spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' } },
}
const cpu = { name: 'cpu', current: { averageUtilization: 33, averageValue: '10m' } }
const event = (more: Json): Json => ({
  apiVersion: 'v1',
  kind: 'Event',
  reason: 'R',
  message: ' m ',
  type: 'Normal',
  involvedObject: { kind: 'Pod', name: 'p', namespace: 'shop' },
  ...more,
})
const slice = (addresses: readonly string[], ports: readonly Json[]): Json => ({
  apiVersion: 'discovery.k8s.io/v1',
  kind: 'EndpointSlice',
  addressType: 'IPv4',
  endpoints: addresses.map(address => ({ addresses: [address] })),
  ports,
})

const rows: readonly Row[] = [
  {
    is: 'a Deployment in mid-rollout',
    object: {
      ...deployment,
      spec: { replicas: 3, selector: { matchLabels: { app: 'web' }, matchExpressions: expressions }, template },
    },
    status: { replicas: 3, updatedReplicas: 2, readyReplicas: 1, availableReplicas: 1 },
    cells: ['it', '1/3', 2, 1, '0s', 'a,b', 'a:1,b:1', 'app=web,x notin (a,b),!y'],
  },
  {
    is: 'a ReplicaSet',
    object: { ...replicaSet, spec: { replicas: 3, selector: { matchLabels: { app: 'web' } }, template } },
    status: { replicas: 3, readyReplicas: 1 },
    cells: ['it', 3, 3, 1, '0s', 'a,b', 'a:1,b:1', 'app=web'],
  },
  {
    is: 'a Service with two ports',
    object: service({
      ports: [
        { name: 'a', port: 80 },
        { name: 'b', port: 81, protocol: 'UDP' },
      ],
      selector: { a: 'b' },
    }),
    cells: ['it', 'ClusterIP', '10.96.0.1', '<none>', '80/TCP,81/UDP', '0s', 'a=b'],
  },
  {
    is: 'a name for another',
    object: service({ type: 'ExternalName', externalName: 'a.b' }),
    cells: ['it', 'ExternalName', '<none>', 'a.b', '<none>', '0s', '<none>'],
  },
  {
    is: 'a Service without an address',
    object: service({ clusterIP: 'None' }),
    cells: ['it', 'ClusterIP', 'None', '<none>', '<none>', '0s', '<none>'],
  },
  {
    is: 'a Service with an address of the outside',
    object: service({ ports: [{ port: 80 }], externalIPs: ['1.2.3.4'] }),
    cells: ['it', 'ClusterIP', '10.96.0.1', '1.2.3.4', '80/TCP', '0s', '<none>'],
  },
  {
    is: 'a ConfigMap',
    object: { apiVersion: 'v1', kind: 'ConfigMap', data: { a: 'b' }, binaryData: { c: 'YQ==' } },
    cells: ['it', 2, '0s'],
  },
  {
    is: 'a Secret',
    object: { apiVersion: 'v1', kind: 'Secret', data: { a: 'YQ==' } },
    cells: ['it', 'Opaque', 1, '0s'],
  },
  {
    is: 'an Event that was seen three times',
    object: event({
      involvedObject: { kind: 'Pod', name: 'p', namespace: 'shop', fieldPath: 'spec.x' },
      count: 3,
      firstTimestamp: '2026-01-05T06:00:00Z',
      lastTimestamp: '2026-01-05T07:00:00Z',
      source: { component: 'c', host: 'h' },
    }),
    cells: ['120m', 'Normal', 'R', 'pod/p', 'spec.x', 'c, h', 'm', '3h', 3, 'it'],
  },
  {
    is: 'an Event without a time',
    object: event({}),
    cells: ['<unknown>', 'Normal', 'R', 'pod/p', '', '', 'm', '<unknown>', 1, 'it'],
  },
  {
    is: 'an Event of the newer kind',
    object: event({
      action: 'A',
      reportingComponent: 'x/y',
      reportingInstance: 'z',
      eventTime: '2026-01-05T07:00:00.000000Z',
      series: { count: 4, lastObservedTime: '2026-01-05T07:10:00.000000Z' },
    }),
    cells: ['110m', 'Normal', 'R', 'pod/p', '', 'x/y, z', 'm', '120m', 4, 'it'],
  },
  {
    is: 'a ControllerRevision',
    object: { apiVersion: 'apps/v1', kind: 'ControllerRevision', revision: 2, data: { a: 1 } },
    cells: ['it', '<none>', 2, '0s'],
  },
  {
    is: 'an autoscaler that has measured nothing',
    object: scaler,
    cells: ['it', 'Deployment/web', 'cpu: <unknown>/80%', '1', 3, 0, '0s'],
  },
  {
    is: 'an autoscaler at work',
    object: scaler,
    status: { currentReplicas: 2, desiredReplicas: 2, currentMetrics: [{ type: 'Resource', resource: cpu }] },
    cells: ['it', 'Deployment/web', 'cpu: 33%/80%', '1', 3, 2, '0s'],
  },
  {
    is: 'a Lease',
    object: { apiVersion: 'coordination.k8s.io/v1', kind: 'Lease', spec: { holderIdentity: 'me' } },
    cells: ['it', 'me', '0s'],
  },
  {
    is: 'an EndpointSlice with more than it shows',
    object: slice(
      ['10.1.1.1', '10.1.1.2', '10.1.1.3', '10.1.1.4'],
      [
        { name: 'a', port: 80 },
        { name: 'b', port: 81 },
      ],
    ),
    cells: ['it', 'IPv4', '80,81', '10.1.1.1,10.1.1.2,10.1.1.3 + 1 more...', '0s'],
  },
  { is: 'an empty EndpointSlice', object: slice([], []), cells: ['it', 'IPv4', '<unset>', '<unset>', '0s'] },
  {
    is: 'a budget for disruptions',
    object: { ...budget, spec: { maxUnavailable: 1 } },
    status: { disruptionsAllowed: 1, currentHealthy: 2, desiredHealthy: 1, expectedPods: 2 },
    cells: ['it', 'N/A', '1', 1, '0s'],
  },
  {
    is: 'a budget by share',
    object: { ...budget, spec: { minAvailable: '50%' } },
    cells: ['it', '50%', 'N/A', 0, '0s'],
  },
  {
    is: 'a RoleBinding',
    object: {
      apiVersion: 'rbac.authorization.k8s.io/v1',
      kind: 'RoleBinding',
      roleRef: { kind: 'Role', name: 'x' },
      subjects: [
        { kind: 'User', name: 'u' },
        { kind: 'Group', name: 'g' },
        { kind: 'ServiceAccount', name: 's', namespace: 'n' },
        { kind: 'User', name: 'v' },
      ],
    },
    cells: ['it', 'Role/x', '0s', 'u, v', 'g', 'n/s'],
  },
  { is: 'a new Pod', object: pod, cells: ['it', '0/2', 'Pending', '0', '0s', '<none>', '<none>', '<none>', '<none>'] },
  {
    is: 'a Pod of which one container crashes',
    object: pod,
    status: {
      phase: 'Running',
      podIP: '10.1.2.3',
      containerStatuses: [
        container(
          'a',
          2,
          { running: { startedAt: '2026-01-05T07:00:00Z' } },
          { lastState: { terminated: { exitCode: 1, finishedAt: '2026-01-05T06:59:00Z' } } },
        ),
        container('b', 0, { waiting: { reason: 'CrashLoopBackOff' } }),
      ],
    },
    cells: ['it', '1/2', 'CrashLoopBackOff', '2 (121m ago)', '0s', '10.1.2.3', '<none>', '<none>', '<none>'],
  },
  {
    is: 'a Pod without its image',
    object: pod,
    status: { phase: 'Pending', containerStatuses: [container('a', 0, { waiting: { reason: 'ImagePullBackOff' } })] },
    cells: ['it', '0/2', 'ImagePullBackOff', '0', '0s', '<none>', '<none>', '<none>', '<none>'],
  },
  {
    is: 'a Pod whose container has failed',
    object: pod,
    status: {
      phase: 'Running',
      containerStatuses: [container('a', 3, { terminated: { exitCode: 1, reason: 'Error' } })],
    },
    cells: ['it', '0/2', 'Error', '3', '0s', '<none>', '<none>', '<none>', '<none>'],
  },
  {
    is: 'a Pod that has done its work',
    object: pod,
    status: { phase: 'Succeeded' },
    cells: ['it', '0/2', 'Succeeded', '0', '0s', '<none>', '<none>', '<none>', '<none>'],
  },
]

suite('playground: tables', () => {
  for (const { is, object, status, cells } of rows) {
    test(`${is} is shown as a real server shows it`, () => {
      const clock = new VirtualClock()
      const api = installed(clock)
      const user = api.as('kubectl')
      user.namespace('shop')
      const created = user.create({ ...object, metadata: { name: 'it', namespace: 'shop' } } as KubeObject)
      const [, group = ''] = created.apiVersion.split('/').toReversed()
      const resource = api.server.resources.ofObjects(group, created.kind)
      assert.isNotNull(resource)
      const shown = status === undefined ? created : user.mergeStatus(resource.kind, 'shop', 'it', { status })
      assert.deepEqual(
        resource.columns.map(column => column.cell(shown, clock.now()) ?? null),
        [...cells],
      )
    })
  }
})
