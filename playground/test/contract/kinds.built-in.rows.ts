/** Rows about the built-in kinds: what is filled in, what is refused, what cannot be changed. */
import { type Kind, kinds } from '../../../src/api/object.ts'
import { Pod } from '../../kinds.ts'
import type { Row } from './kinds.rows.ts'

type Json = Record<string, unknown>

const namespaced = (group: string, kind: string, plural: string): Kind => {
  return { group, version: 'v1', kind, plural, namespaced: true }
}
const budgets = namespaced('policy', 'PodDisruptionBudget', 'poddisruptionbudgets')
const roles = namespaced('rbac.authorization.k8s.io', 'Role', 'roles')
const bindings = namespaced('rbac.authorization.k8s.io', 'RoleBinding', 'rolebindings')
const accounts = namespaced('', 'ServiceAccount', 'serviceaccounts')

/** A row of an object that is new, or that was `before`. */
function row(kind: Kind, name: string, content: Json, metadata: Json = {}, before?: Json): Row {
  const whole = (one: Json, more: Json = {}) => ({
    apiVersion: kind.group === '' ? kind.version : `${kind.group}/${kind.version}`,
    kind: kind.kind,
    metadata: { name: 'it', ...(kind.namespaced ? { namespace: 'default' } : {}), ...more },
    ...one,
  })
  const was = before === undefined ? {} : { before: whole(before) }
  return { name: `${kind.kind}: ${name}`, kind, object: whole(content, metadata), ...was }
}
const changed = (kind: Kind, name: string, before: Json, content: Json): Row => row(kind, name, content, {}, before)

const labels = { app: 'web' }
const image = 'demo/web:1.0.0'
const template = (spec: Json = {}, container: Json = {}): Json => ({
  metadata: { labels },
  spec: { containers: [{ name: 'web', image, ...container }], ...spec },
})
const replicated = (more: Json = {}, container: Json = {}, pod: Json = {}): Json => ({
  spec: { selector: { matchLabels: labels }, template: template(pod, container), ...more },
})
const deployment = (name: string, ...parts: Parameters<typeof replicated>): Row =>
  row(kinds.Deployment, name, replicated(...parts))
const service = (name: string, spec: Json, metadata: Json = {}): Row => row(kinds.Service, name, { spec }, metadata)
const port = { port: 80 }

const deployments: readonly Row[] = [
  deployment('the plainest', {}),
  deployment('everything that says nothing', {
    replicas: 0,
    paused: false,
    minReadySeconds: 0,
    strategy: { type: 'Recreate' },
    template: {
      metadata: { labels, annotations: {}, creationTimestamp: null },
      spec: {
        hostNetwork: false,
        automountServiceAccountToken: false,
        enableServiceLinks: false,
        serviceAccountName: 'web',
        nodeSelector: {},
        tolerations: [],
        volumes: [
          { name: 'a' },
          { name: 'b', configMap: { name: 'x' } },
          { name: 'c', secret: { secretName: 'x' } },
          { name: 'd', hostPath: { path: '/x' } },
          { name: 'e', downwardAPI: { items: [{ path: 'x', fieldRef: { fieldPath: 'metadata.name' } }] } },
        ],
        containers: [
          {
            name: 'web',
            image: 'demo/web:latest',
            args: [],
            env: [
              { name: 'A', value: '' },
              { name: 'B', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
            ],
            ports: [{ containerPort: 80, name: '' }],
            tty: false,
            livenessProbe: { tcpSocket: { port: 80 } },
            startupProbe: { exec: { command: ['a'] } },
            readinessProbe: { httpGet: { port: 'http' } },
            resources: { limits: { cpu: 1, memory: '1Gi' }, requests: { cpu: 0.5, memory: '512Mi' } },
            lifecycle: { preStop: { httpGet: { port: 1 } } },
            securityContext: { readOnlyRootFilesystem: false },
            volumeMounts: [{ name: 'a', mountPath: '/a', readOnly: false }],
          },
          { name: 'moving', image: 'r:5000/x' },
          { name: 'fixed', image: 'r:5000/x:v1' },
        ],
      },
    },
  }),
  deployment('replicas that are text', { replicas: 'x' }),
  deployment('replicas that are a fraction', { replicas: 1.5 }),
  deployment('replicas below zero', { replicas: -1 }),
  deployment('containers that are text', {}, {}, { containers: 'x' }),
  deployment('a container that is text', {}, {}, { containers: ['x'] }),
  deployment('no containers', {}, {}, { containers: [] }),
  deployment('containers that are null', {}, {}, { containers: null }),
  deployment(
    'one name twice',
    {},
    {},
    {
      containers: [
        { name: 'a', image },
        { name: 'a', image },
      ],
    },
  ),
  deployment('a port that is text', {}, { ports: [{ containerPort: 'x' }] }),
  deployment('a port of 0', {}, { ports: [{ containerPort: 0 }] }),
  deployment('a port without a number', {}, { ports: [{}] }),
  deployment('a port beyond all', {}, { ports: [{ containerPort: 70_000, name: 'A' }] }),
  deployment('no image', {}, { image: null }),
  deployment('a container without a name', {}, { name: null }),
  deployment('a container with a name that is none', {}, { name: 'A_b' }),
  deployment('a way to pull that is none', {}, { imagePullPolicy: 'X' }),
  deployment('a variable that is a number', {}, { env: [{ name: 'A', value: 1 }] }),
  deployment('a variable with a name that is none', {}, { env: [{ name: '=' }] }),
  deployment(
    'a variable from two places',
    {},
    { env: [{ name: 'A', value: '1', valueFrom: { configMapKeyRef: { name: 'a', key: 'b' } } }] },
  ),
  deployment('a probe of nothing', {}, { readinessProbe: {} }),
  deployment('a probe of port 0', {}, { readinessProbe: { httpGet: { port: 0 } } }),
  deployment('an amount that is none', {}, { resources: { limits: { cpu: 'x' } } }),
  deployment('a volume that is none', {}, { volumeMounts: [{ name: 'v', mountPath: '/x' }] }),
  deployment('a flag that is text', {}, { tty: 'x' }),
  deployment('pods that end', {}, {}, { restartPolicy: 'Never' }),
  deployment('no selector', { selector: null }),
  deployment('a selector of everything', { selector: {} }),
  deployment('no template', { template: null }),
  deployment('a template without labels', { template: { spec: { containers: [{ name: 'a', image }] } } }),
  deployment('other labels than the selector', { selector: { matchLabels: { app: 'api' } } }),
  deployment('a strategy that is none', { strategy: { type: 'X' } }),
  deployment('recreated, and rolled', { strategy: { type: 'Recreate', rollingUpdate: { maxSurge: 1 } } }),
  deployment('no room to roll', { strategy: { rollingUpdate: { maxSurge: 0, maxUnavailable: 0 } } }),
  deployment('a surge that is none', { strategy: { rollingUpdate: { maxSurge: 'x' } } }),
  deployment('a deadline before it is ready', { progressDeadlineSeconds: 5, minReadySeconds: 10 }),
  row(kinds.Deployment, 'no spec', {}),
  row(kinds.Deployment, 'a spec that is text', { spec: 'x' }),
  row(kinds.Deployment, 'a name that is none', replicated(), { name: 'A_b' }),
  row(kinds.Deployment, 'labels that are text', replicated(), { labels: 'a' }),
  row(kinds.Deployment, 'a label that is a number', replicated(), { labels: { a: 1 } }),
  changed(
    kinds.Deployment,
    'another selector',
    replicated({ template: { ...template(), metadata: { labels: { ...labels, b: 'c' } } } }),
    replicated({
      selector: { matchLabels: { b: 'c' } },
      template: { ...template(), metadata: { labels: { ...labels, b: 'c' } } },
    }),
  ),
  row(kinds.ReplicaSet, 'the plainest', replicated()),
  row(kinds.ReplicaSet, 'a selector of everything', replicated({ selector: {} })),
]

const services: readonly Row[] = [
  service('the plainest', { ports: [port], selector: labels }),
  service('that sticks', { ports: [{ port: 80, name: '' }], sessionAffinity: 'ClientIP' }),
  service('without an address', { clusterIP: 'None', ports: [port], selector: labels }),
  service('without an address or a selector', { clusterIP: 'None' }),
  service('a name for another', { type: 'ExternalName', externalName: 'a.b' }),
  service('no ports', { selector: labels }),
  service('two ports without names', { ports: [port, { port: 81 }] }),
  service('one name twice', {
    ports: [
      { name: 'a', port: 80 },
      { name: 'a', port: 81 },
    ],
  }),
  service('one port twice', {
    ports: [
      { name: 'a', port: 80 },
      { name: 'b', port: 80 },
    ],
  }),
  service('a port of 0', { ports: [{ port: 0 }] }),
  service('a port without a number', { ports: [{}] }),
  service('a target of 0', { ports: [{ port: 80, targetPort: 0 }] }),
  service('a target that is no name', { ports: [{ port: 80, targetPort: 'A_' }] }),
  service('half a target', { ports: [{ port: 80, targetPort: 1.5 }] }),
  service('a target that is a flag', { ports: [{ port: 80, targetPort: true }] }),
  service('a protocol that is none', { ports: [{ port: 80, protocol: 'X' }] }),
  service('a port with a name that is none', { ports: [{ port: 80, name: 'A_b' }] }),
  service('a type that is none', { type: 'X', ports: [port] }),
  service('a name for nothing', { type: 'ExternalName' }),
  service('that sticks to nothing', { sessionAffinity: 'X', ports: [port] }),
  service('a selector that is none', { selector: { 'a b': 'c d' }, ports: [port] }),
  service('a name that begins with a digit', { ports: [port] }, { name: '1web' }),
  service('a name that is long', { ports: [port] }, { name: 'w'.repeat(64) }),
  row(kinds.Service, 'no spec', {}),
  changed(
    kinds.Service,
    'another address',
    { spec: { ports: [port] } },
    { spec: { ports: [port], clusterIP: 'None' } },
  ),
]

const others: readonly Row[] = [
  row(kinds.Namespace, 'the plainest', {}, { name: 'contract-kinds' }),
  row(kinds.Namespace, 'a name with a dot', {}, { name: 'a.b' }),
  row(kinds.ConfigMap, 'without data', { data: {} }),
  row(kinds.ConfigMap, 'a key that is none', { data: { 'a b': 'c' } }),
  row(kinds.ConfigMap, 'data that is a number', { data: { a: 1 } }),
  row(kinds.ConfigMap, 'a finalizer that is none', {}, { finalizers: ['nope'] }),
  row(
    kinds.ConfigMap,
    'two owners in control',
    {},
    {
      ownerReferences: ['a', 'b'].map(name => ({ apiVersion: 'v1', kind: 'Pod', name, uid: name, controller: true })),
    },
  ),
  row(kinds.ConfigMap, 'annotations beyond all', {}, { annotations: { a: 'x'.repeat(262_145) } }),
  changed(
    kinds.ConfigMap,
    'frozen, changed',
    { immutable: true, data: { a: 'b' } },
    { immutable: true, data: { a: 'c' } },
  ),
  changed(
    kinds.ConfigMap,
    'frozen, all changed',
    { immutable: true, data: { a: 'b' } },
    { immutable: false, data: { a: 'c' }, binaryData: { x: 'YQ==' } },
  ),
  row(kinds.Secret, 'in plain text', { stringData: { a: 'b' } }),
  row(kinds.Secret, 'data that is no base64', { data: { a: '%%%' } }),
  changed(kinds.Secret, 'another type', { data: { a: 'Yg==' } }, { type: 'other', data: { a: 'Yg==' } }),
  row(accounts, 'the plainest', {}),
  row(kinds.Event, 'the plainest', {
    involvedObject: { kind: 'Pod', name: 'x', namespace: 'default' },
    reason: 'R',
    message: 'm',
    type: 'Normal',
  }),
  row(kinds.Event, 'of another namespace', { involvedObject: { namespace: 'other', name: 'a' } }),
  row(Pod, 'the plainest', { spec: { containers: [{ name: 'a', image: 'a:1' }] } }),
  row(kinds.ControllerRevision, 'the plainest', { revision: 1, data: { a: 1 } }),
  row(kinds.ControllerRevision, 'a revision below zero, of nothing', { revision: -1 }),
  changed(kinds.ControllerRevision, 'other data', { revision: 1, data: { a: 1 } }, { revision: 1, data: { a: 2 } }),
  row(kinds.HorizontalPodAutoscaler, 'the plainest', {
    spec: { maxReplicas: 3, scaleTargetRef: { kind: 'Deployment', name: 'web', apiVersion: 'apps/v1' } },
  }),
  row(kinds.HorizontalPodAutoscaler, 'less than least, of nothing', {
    spec: { minReplicas: 5, maxReplicas: 3, scaleTargetRef: {} },
  }),
  row(kinds.Lease, 'the plainest', {
    spec: { holderIdentity: 'a', leaseDurationSeconds: 15, renewTime: '2026-01-01T00:00:00.123456Z' },
  }),
  row(kinds.Lease, 'of no time', { spec: { leaseDurationSeconds: 0, leaseTransitions: -1 } }),
  row(kinds.Lease, 'a time that is none', { spec: { renewTime: 'x' } }),
  row(kinds.EndpointSlice, 'the plainest', {
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.1.1.1'] }],
    ports: [{ port: 80 }],
  }),
  row(budgets, 'the plainest', { spec: { maxUnavailable: 1, selector: { matchLabels: labels } } }),
  row(roles, 'the plainest', { rules: [{ apiGroups: [''], resources: ['pods'], verbs: ['get'] }] }),
  row(bindings, 'the plainest', {
    roleRef: { kind: 'Role', name: 'x' },
    subjects: [
      { kind: 'ServiceAccount', name: 'a', namespace: 'b' },
      { kind: 'User', name: 'u' },
    ],
  }),
]

export const builtInRows: readonly Row[] = [...deployments, ...services, ...others]
