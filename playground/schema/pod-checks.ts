/** Checks of what runs pods: Deployments, ReplicaSets, and the pods themselves. */
import { at, isRecord, listOf, recordOf, textOf } from '../json.ts'
import { selectsLabels } from './selector.ts'
import { forbidden, invalid, notFound, notSupported, required } from './causes.ts'
import { type Check, notBelow, port, share, twice } from './check.ts'
import { causesOf, dnsLabel, immutable, labelsOf, portName } from './metadata.ts'

const core = 'io.k8s.api.core.v1'
const apps = 'io.k8s.api.apps.v1'

/** A pod template with replicas: a Deployment, a ReplicaSet. */
const replicated: Check = (spec, path, before) => {
  const { selector, template } = spec
  const labels = at(template, 'metadata', 'labels')
  const isEmpty = isRecord(selector) && Object.keys(selector).length === 0
  const restarts = at(template, 'spec', 'restartPolicy')
  return [
    ...notBelow(0, `${path}.replicas`, spec['replicas']),
    ...notBelow(0, `${path}.minReadySeconds`, spec['minReadySeconds']),
    ...(selector === undefined ? [required(`${path}.selector`)] : []),
    ...(isEmpty ? [invalid(`${path}.selector`, {}, 'empty selector is invalid for deployment')] : []),
    ...(isEmpty || selectsLabels(selector, recordOf(labels))
      ? []
      : [invalid(`${path}.template.metadata.labels`, labels ?? null, '`selector` does not match template `labels`')]),
    ...labelsOf(`${path}.template.labels`, recordOf(labels)),
    ...(restarts === 'Always' ? [] : [notSupported(`${path}.template.spec.restartPolicy`, restarts, ['Always'])]),
    ...(isRecord(before) ? immutable(`${path}.selector`, before['selector'], selector) : []),
  ]
}

export const podChecks: Readonly<Record<string, Check>> = {
  [`${apps}.DeploymentSpec`]: (spec, path, before) => {
    const [deadline, ready = 0] = [Number(spec['progressDeadlineSeconds']), spec['minReadySeconds']]
    const field = `${path}.progressDeadlineSeconds`
    return [
      ...replicated(spec, path, before),
      ...(deadline <= Number(ready) ? [invalid(field, deadline, 'must be greater than minReadySeconds')] : []),
    ]
  },
  [`${apps}.ReplicaSetSpec`]: replicated,
  [`${apps}.DeploymentStrategy`]: (strategy, path) => {
    const { type, rollingUpdate } = strategy
    const { maxSurge, maxUnavailable } = recordOf(rollingUpdate)
    const rolling = `${path}.rollingUpdate`
    if (type === 'Recreate') {
      const why = "may not be specified when strategy `type` is 'Recreate'"
      return rollingUpdate === undefined ? [] : [forbidden(rolling, why)]
    }
    if (type !== 'RollingUpdate') {
      const shown = { Type: type, RollingUpdate: rollingUpdate ?? null }
      return [notSupported(path, shown, ['Recreate', 'RollingUpdate'])]
    }
    const isNone = (value: unknown): boolean => value === 0 || value === '0%'
    const stuck = isNone(maxSurge) && isNone(maxUnavailable)
    return [
      ...share(`${rolling}.maxUnavailable`, maxUnavailable),
      ...share(`${rolling}.maxSurge`, maxSurge),
      ...(stuck ? [invalid(`${rolling}.maxUnavailable`, maxUnavailable, 'may not be 0 when `maxSurge` is 0')] : []),
    ]
  },
  [`${core}.PodSpec`]: (spec, path) => {
    const [containers, volumes] = [listOf(spec['containers']), listOf(spec['volumes'])]
    const named = new Set(volumes.map(volume => at(volume, 'name')))
    const lists = [['containers', containers] as const, ['initContainers', listOf(spec['initContainers'])] as const]
    return [
      ...(containers.length === 0 ? [required(`${path}.containers`)] : []),
      ...twice(`${path}.volumes`, volumes),
      ...lists.flatMap(([list, entries]) => [
        ...twice(`${path}.${list}`, entries),
        ...entries.flatMap((container, i) =>
          listOf(at(container, 'volumeMounts')).flatMap((mount, j) => {
            const name = at(mount, 'name')
            return named.has(name) ? [] : [notFound(`${path}.${list}[${i}].volumeMounts[${j}].name`, name)]
          }),
        ),
      ]),
    ]
  },
  [`${core}.Container`]: (container, path) => {
    const name = textOf(container['name'])
    return [
      ...(name === '' ? [] : causesOf(`${path}.name`, name, dnsLabel)),
      ...(container['image'] === undefined ? [required(`${path}.image`)] : []),
      ...twice(`${path}.volumeMounts`, listOf(container['volumeMounts']), 'mountPath'),
    ]
  },
  [`${core}.ContainerPort`]: (value, path) => {
    const { containerPort: number, name } = value
    return [
      ...(name === undefined ? [] : causesOf(`${path}.name`, textOf(name), portName)),
      ...(number === undefined || number === 0
        ? [required(`${path}.containerPort`)]
        : port(`${path}.containerPort`, number)),
    ]
  },
  [`${core}.EnvVar`]: ({ name, value, valueFrom }, path) => {
    const why = "a valid environment variable name must consist only of printable ASCII characters other than '='"
    const isName = name === undefined || /^[ -<>-~]+$/.test(textOf(name))
    const both = value !== undefined && valueFrom !== undefined
    return [
      ...(isName ? [] : [invalid(`${path}.name`, name, why)]),
      ...(both ? [invalid(`${path}.valueFrom`, '', 'may not be specified when `value` is not empty')] : []),
    ]
  },
  [`${core}.Probe`]: (probe, path) =>
    ['httpGet', 'tcpSocket', 'exec', 'grpc'].some(handler => handler in probe)
      ? []
      : [required(path, 'must specify a handler type')],
  [`${core}.HTTPGetAction`]: (action, path) => port(`${path}.port`, action['port'] ?? 0),
  [`${core}.TCPSocketAction`]: (action, path) => port(`${path}.port`, action['port'] ?? 0),
}
