/**
 * What the API server fills in that its OpenAPI does not say: the defaulting functions of its Go types, by type. Each fills
 * in under what is there.
 */
import { type Json, recordOf, textOf } from '../json.ts'
import type { Defaults } from './decode.ts'

/** Puts in what is not there. */
function fill(value: Json, usual: Json): void {
  for (const [key, one] of Object.entries(usual)) value[key] ??= one
}

const core = 'io.k8s.api.core.v1'
const apps = 'io.k8s.api.apps.v1'
const RBAC = 'rbac.authorization.k8s.io'
const fileMode = (value: Json): void => fill(value, { defaultMode: 0o644 })

/** `:latest`, or no tag at all. */
const movesOn = (image: string): boolean => !image.includes('@') && !/:(?!latest$)[^/]*$/.test(image)

export const defaults: Defaults = {
  [`${core}.Container`]: container => {
    fill(container, {
      terminationMessagePath: '/dev/termination-log',
      terminationMessagePolicy: 'File',
      imagePullPolicy: movesOn(textOf(container['image'])) ? 'Always' : 'IfNotPresent',
    })
  },
  [`${core}.ContainerPort`]: port => fill(port, { protocol: 'TCP' }),
  [`${core}.Probe`]: probe =>
    fill(probe, { timeoutSeconds: 1, periodSeconds: 10, successThreshold: 1, failureThreshold: 3 }),
  [`${core}.HTTPGetAction`]: action => fill(action, { path: '/', scheme: 'HTTP' }),
  [`${core}.GRPCAction`]: action => fill(action, { service: '' }),
  [`${core}.ObjectFieldSelector`]: selector => fill(selector, { apiVersion: 'v1' }),
  [`${core}.ConfigMapVolumeSource`]: fileMode,
  [`${core}.SecretVolumeSource`]: fileMode,
  [`${core}.ProjectedVolumeSource`]: fileMode,
  [`${core}.DownwardAPIVolumeSource`]: fileMode,
  [`${core}.HostPathVolumeSource`]: source => fill(source, { type: '' }),
  [`${core}.Volume`]: volume => {
    if (Object.keys(volume).every(key => key === 'name')) volume['emptyDir'] = {}
  },
  [`${core}.PodSpec`]: spec => {
    fill(spec, {
      restartPolicy: 'Always',
      terminationGracePeriodSeconds: 30,
      dnsPolicy: 'ClusterFirst',
      securityContext: {},
      schedulerName: 'default-scheduler',
    })
    const account = spec['serviceAccountName'] ?? spec['serviceAccount']
    if (account !== undefined) fill(spec, { serviceAccountName: account, serviceAccount: account })
  },
  [`${core}.Pod`]: pod => {
    fill(recordOf(pod['spec']), { enableServiceLinks: true })
    fill(recordOf(pod['status']), { phase: 'Pending' })
  },
  [`${core}.ServicePort`]: port => {
    fill(port, { protocol: 'TCP' })
    if (!port['targetPort']) port['targetPort'] = port['port']
  },
  [`${core}.ServiceSpec`]: spec => {
    fill(spec, { type: 'ClusterIP', sessionAffinity: 'None' })
    const sticks = spec['sessionAffinity'] === 'ClientIP'
    if (sticks) fill(spec, { sessionAffinityConfig: { clientIP: { timeoutSeconds: 10_800 } } })
    else delete spec['sessionAffinityConfig']
    if (spec['type'] !== 'ExternalName') fill(spec, { internalTrafficPolicy: 'Cluster' })
  },
  [`${core}.Namespace`]: namespace => {
    const { name = '', labels } = recordOf(namespace['metadata'])
    const metadata = recordOf(namespace['metadata'])
    metadata['labels'] = { 'kubernetes.io/metadata.name': name, ...recordOf(labels) }
    fill(recordOf(namespace['status']), { phase: 'Active' })
  },
  [`${core}.PodCondition`]: condition => fill(condition, { lastProbeTime: null, lastTransitionTime: null }),
  [`${core}.Secret`]: secret => {
    fill(secret, { type: 'Opaque' })
    const { stringData } = secret
    if (stringData === undefined) return
    const encoded = Object.entries(recordOf(stringData)).map(([key, text]) => {
      return [key, Buffer.from(textOf(text)).toString('base64')]
    })
    secret['data'] = { ...recordOf(secret['data']), ...Object.fromEntries(encoded) }
    delete secret['stringData']
  },
  [`${core}.Event`]: event =>
    fill(event, {
      firstTimestamp: null,
      lastTimestamp: null,
      eventTime: null,
      reportingComponent: '',
      reportingInstance: '',
    }),
  [`${apps}.DeploymentSpec`]: spec => {
    fill(spec, { replicas: 1, revisionHistoryLimit: 10, progressDeadlineSeconds: 600 })
    const strategy = recordOf(spec['strategy'])
    fill(strategy, { type: 'RollingUpdate' })
    if (strategy['type'] !== 'RollingUpdate') return
    fill(strategy, { rollingUpdate: {} })
    fill(recordOf(strategy['rollingUpdate']), { maxUnavailable: '25%', maxSurge: '25%' })
  },
  [`${apps}.ReplicaSetSpec`]: spec => fill(spec, { replicas: 1 }),
  [`${apps}.ReplicaSetStatus`]: status => fill(status, { replicas: 0 }),
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerSpec': spec => {
    const target = { type: 'Utilization', averageUtilization: 80 }
    fill(spec, { minReplicas: 1, metrics: [{ type: 'Resource', resource: { name: 'cpu', target } }] })
  },
  'io.k8s.api.autoscaling.v2.HorizontalPodAutoscalerStatus': status =>
    fill(status, { desiredReplicas: 0, currentMetrics: null }),
  'io.k8s.api.discovery.v1.EndpointSlice': slice => fill(slice, { endpoints: null, ports: null }),
  'io.k8s.api.discovery.v1.EndpointPort': port => fill(port, { name: '', protocol: 'TCP' }),
  'io.k8s.api.policy.v1.PodDisruptionBudgetStatus': status =>
    fill(status, { disruptionsAllowed: 0, currentHealthy: 0, desiredHealthy: 0, expectedPods: 0 }),
  'io.k8s.api.rbac.v1.RoleRef': ref => fill(ref, { apiGroup: RBAC }),
  'io.k8s.api.rbac.v1.Subject': subject => {
    if (subject['kind'] === 'User' || subject['kind'] === 'Group') fill(subject, { apiGroup: RBAC })
  },
  'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinitionSpec': spec => {
    const names = recordOf(spec['names'])
    fill(spec, { conversion: { strategy: 'None' } })
    const kind = textOf(names['kind'])
    if (kind !== '') fill(names, { singular: kind.toLowerCase(), listKind: `${kind}List` })
  },
}
