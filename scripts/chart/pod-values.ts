/** Values of pods, with what their Deployment in manifests/ has as defaults; and what a value of the chart is. */
import { at, type Json, recordsOf, textOf } from '../../src/core/json.ts'
import { KubernetesTypes } from './kubernetes-schema.ts'
import { chartFiles } from './templates.ts'

/** A group of values: what is said above each, its default as YAML, its schema. */
export interface Value {
  readonly name: string
  readonly about: string
  readonly default: unknown
  readonly schema: Json
  /** Whether it has to be there, because templates read what is in it: null, by which Helm takes out a value, is refused. */
  readonly isRequired?: boolean
  /** More comments, made of lines. */
  readonly more?: string
}

export const types = new KubernetesTypes()

export const bool = { type: 'boolean' }
export const text = { type: 'string' }
export const texts = { type: 'object', additionalProperties: text }
export const listOfType = (items: Json): Json => ({ type: 'array', items })
function requiredOf(values: readonly Value[]): Json {
  const required = values.filter(({ isRequired = false }) => isRequired).map(({ name }) => name)
  return required.length === 0 ? {} : { required }
}

export const object = (values: readonly Value[]): Json => ({
  type: 'object',
  additionalProperties: false,
  ...requiredOf(values),
  properties: Object.fromEntries(
    values.map(({ name, about, schema }) => [name, about === '' ? schema : { description: about, ...schema }]),
  ),
})

function deploymentOf(path: string): unknown {
  const file = chartFiles().files.find(one => one.path === path)
  if (file === undefined) throw new Error(`no kustomization lists ${path}`)
  return file.documents[0]?.toJS()
}

/** Of the pods of one Deployment; defaults are the manifest's. */
export function podValues(path: string): Value[] {
  const deployment = deploymentOf(path)
  const pod = at(deployment, 'spec', 'template', 'spec')
  const container = recordsOf(at(pod, 'containers'))[0] ?? {}
  const nodeOptions = recordsOf(container['env']).find(one => one['name'] === 'NODE_OPTIONS')
  return [
    {
      name: 'replicas',
      about: 'how many pods',
      default: at(deployment, 'spec', 'replicas'),
      schema: { type: 'integer', minimum: 0 },
    },
    {
      name: 'resources',
      about: 'requests and limits of the container',
      default: container['resources'],
      schema: types.of('ResourceRequirements'),
    },
    {
      name: 'nodeOptions',
      about: 'flags of Node; --max-old-space-size is two thirds of the memory limit',
      default: textOf(nodeOptions?.['value']),
      schema: text,
    },
    {
      name: 'env',
      about: 'more environment variables, such as HTTPS_PROXY',
      default: [],
      schema: listOfType(types.of('EnvVar')),
    },
    {
      name: 'volumes',
      about: 'more volumes of the pods, for files that flags name',
      default: [],
      schema: listOfType(types.only('Volume', ['name', 'configMap', 'secret', 'projected', 'csi', 'emptyDir'])),
    },
    {
      name: 'volumeMounts',
      about: 'where the container has them',
      default: [],
      schema: listOfType(types.of('VolumeMount')),
    },
    {
      name: 'podLabels',
      about: 'more labels of the pods',
      default: {},
      schema: texts,
    },
    { name: 'podAnnotations', about: 'annotations of the pods', default: {}, schema: texts },
    { name: 'nodeSelector', about: 'labels of the nodes for the pods', default: {}, schema: texts },
    {
      name: 'tolerations',
      about: 'taints of nodes that the pods tolerate',
      default: [],
      schema: listOfType(types.of('Toleration')),
    },
    {
      name: 'affinity',
      about: 'which nodes and which neighbors the pods prefer or need',
      default: {},
      schema: types.of('Affinity'),
    },
    {
      name: 'topologySpreadConstraints',
      about: 'how the pods are spread over nodes and zones',
      default: at(pod, 'topologySpreadConstraints') ?? [],
      schema: listOfType(types.of('TopologySpreadConstraint')),
    },
    { name: 'priorityClassName', about: 'PriorityClass of the pods', default: '', schema: text },
  ]
}
