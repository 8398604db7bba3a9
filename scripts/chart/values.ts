/** The chart's values: values.yaml with what manifests/ have as defaults, and a schema that refuses every unknown one. */
import { parse, stringify } from 'yaml'
import { at, type Json, textOf } from '../../src/core/json.ts'
import { dashboardOptions, flagComments, flagsSchema, runOptions } from './flags.ts'
import { bool, listOfType, object, podValues, text, texts, types, type Value } from './pod-values.ts'
import { chartFiles, conditionOf } from './templates.ts'

/** Values that are objects of values of their own. */
const group = (
  name: string,
  about: string,
  values: readonly Value[],
): Value & { readonly values: readonly Value[] } => ({
  name,
  about,
  default: Object.fromEntries(values.map(value => [value.name, value.default])),
  schema: object(values),
  isRequired: true,
  values,
})

const duration = { type: 'string', pattern: '^([0-9]+(ms|s|m|h))*$' }

/** The data have no NetworkPolicy: its kinds are not played. */
const selector = types.type('io.k8s.apimachinery.pkg.apis.meta.v1.LabelSelector')
const fields = (properties: Json): Json => ({ type: 'object', additionalProperties: false, properties })
const peer = fields({
  podSelector: selector,
  namespaceSelector: selector,
  ipBlock: { ...fields({ cidr: text, except: listOfType(text) }), required: ['cidr'] },
})
const egressRule = fields({
  to: listOfType(peer),
  ports: listOfType(
    fields({
      port: { type: ['integer', 'string'] },
      endPort: { type: 'integer' },
      protocol: { enum: ['TCP', 'UDP', 'SCTP'] },
    }),
  ),
})

const monitor = (name: string, kind: string): Value =>
  group(name, `a ${kind} for the Prometheus Operator, whose CustomResourceDefinitions have to be there`, [
    { name: 'enabled', about: '', default: false, schema: bool },
    {
      name: 'interval',
      about: 'how often the metrics are read; empty: as Prometheus is set up',
      default: '',
      schema: duration,
    },
    { name: 'scrapeTimeout', about: 'how long an answer may take', default: '', schema: duration },
    { name: 'labels', about: 'labels by which the Prometheus selects it', default: {}, schema: texts },
  ])

/** A switch for each file of manifests/ that can be left out. */
const roleSwitches = (): Value[] =>
  chartFiles().files.flatMap(({ path, documents }) => {
    const condition = conditionOf(path)
    const [area, name = ''] = condition?.value.split('.') ?? []
    if (condition === null || area !== 'rbac') return []
    const roles = documents.map(document => document.toJS() as unknown).filter(one => at(one, 'kind') === 'ClusterRole')
    const named = roles.map(role => textOf(at(role, 'metadata', 'name'))).join(' and ')
    return [{ name, about: `${named}: see ${path}`, default: condition.default, schema: bool }]
  })

function valuesOfChart(version: string): readonly (Value & { readonly values?: readonly Value[] })[] {
  const budget = chartFiles()
    .files.find(({ path }) => path === 'manifests/pdb.yaml')
    ?.documents[0]?.toJS() as unknown
  return [
    group('image', 'the image, in a registry that the nodes reach', [
      {
        name: 'repository',
        about: 'registry and name',
        default: 'sluice',
        schema: { ...text, pattern: '^[a-z0-9][a-zA-Z0-9._/:-]*$' },
      },
      {
        name: 'tag',
        about: `without it that of this chart, ${version}`,
        default: '',
        schema: { ...text, pattern: '^([\\w][\\w.-]{0,127})?$' },
      },
      {
        name: 'digest',
        about: 'counts more than the tag',
        default: '',
        schema: { ...text, pattern: '^(sha256:[0-9a-f]{64})?$' },
      },
      { name: 'pullPolicy', about: '', default: '', schema: { enum: ['', 'Always', 'IfNotPresent', 'Never'] } },
    ]),
    {
      name: 'imagePullSecrets',
      about: 'Secrets for that registry: [{name: …}]',
      default: [],
      schema: listOfType(types.of('LocalObjectReference')),
    },
    {
      name: 'flags',
      about: 'flags of `sluice run`, which docs/operations.md explains; what is not written has the default',
      default: {},
      schema: flagsSchema(runOptions()),
      isRequired: true,
      more: flagComments(runOptions(), ''),
    },
    ...podValues('manifests/deployment.yaml'),
    group('serviceAccount', 'the ServiceAccount sluice', [
      { name: 'annotations', about: '', default: {}, schema: texts },
    ]),
    group('podDisruptionBudget', 'how many pods a drain of nodes may take at once', [
      { name: 'enabled', about: '', default: true, schema: bool },
      {
        name: 'maxUnavailable',
        about: 'a number or a percentage',
        default: at(budget, 'spec', 'maxUnavailable'),
        schema: {
          oneOf: [
            { type: 'integer', minimum: 0 },
            { ...text, pattern: '^[0-9]+%$' },
          ],
        },
      },
    ]),
    monitor('serviceMonitor', 'ServiceMonitor'),
    monitor('podMonitor', 'PodMonitor'),
    group(
      'prometheusRule',
      'the alert rules of docs/monitoring.md, for the Prometheus Operator, whose CustomResourceDefinitions have to be there',
      [
        { name: 'enabled', about: '', default: false, schema: bool },
        { name: 'labels', about: 'labels by which the Prometheus selects it', default: {}, schema: texts },
      ],
    ),
    group('grafanaDashboards', "the dashboards of docs/monitoring.md, in a ConfigMap for Grafana's sidecar", [
      { name: 'enabled', about: '', default: false, schema: bool },
      {
        name: 'namespace',
        about: 'where the sidecar looks; empty: the namespace of the release',
        default: '',
        schema: { ...text, pattern: '^([a-z0-9]([-a-z0-9]*[a-z0-9])?)?$' },
      },
      {
        name: 'labels',
        about: 'labels by which the sidecar finds it',
        default: { grafana_dashboard: '1' },
        schema: texts,
      },
      {
        name: 'annotations',
        about: 'such as grafana_folder, where the sidecar reads it',
        default: {},
        schema: texts,
      },
    ]),
    group('networkPolicy', 'a NetworkPolicy for the pods of the controller', [
      { name: 'enabled', about: '', default: false, schema: bool },
      {
        name: 'from',
        about: 'who may read the port with the metrics; empty: all',
        default: [],
        schema: listOfType(peer),
      },
      {
        name: 'egress',
        about: 'rules for what the controller may reach: DNS, the API server, Prometheus, webhooks; empty: all',
        default: [],
        schema: listOfType(egressRule),
      },
    ]),
    group(
      'crds',
      'the CustomResourceDefinitions of Sluice; those of Istio and of the Gateway API are never part of this chart',
      [
        { name: 'enabled', about: 'false: apply crds/ yourself, before this chart', default: true, schema: bool },
        {
          name: 'keep',
          about: 'they outlive `helm uninstall`: deleting one deletes all Canaries',
          default: true,
          schema: bool,
        },
      ],
    ),
    group('rbac', 'roles that can be left out; docs/operations.md says what goes without each', roleSwitches()),
    group('dashboard', 'the page for everyone, each with their own rights: docs/dashboard.md', [
      { name: 'enabled', about: '', default: false, schema: bool },
      {
        name: 'flags',
        about: 'flags of `sluice dashboard`',
        default: {},
        schema: flagsSchema(dashboardOptions()),
        isRequired: true,
        more: flagComments(dashboardOptions(), ''),
      },
      ...podValues('manifests/dashboard/deployment.yaml'),
    ]),
  ]
}

const indented = (lines: string, indent: string): string => lines.replaceAll(/^(?=.)/gm, indent)

function yamlOf(values: readonly (Value & { readonly values?: readonly Value[] })[], indent: string): string {
  return values
    .map(value => {
      const about = value.about === '' ? '' : `# ${value.about}\n`
      const head = indented(about + (value.more ?? ''), indent)
      if (value.values !== undefined) return `${head}${indent}${value.name}:\n${yamlOf(value.values, `${indent}  `)}`
      return head + indented(stringify({ [value.name]: value.default }, { lineWidth: 0 }), indent)
    })
    .join(indent === '' ? '\n' : '')
}

/** values.yaml and values.schema.json. @throws Error when the defaults printed are not the defaults meant. */
export function valuesPages(version: string): { path: string; text: string }[] {
  const values = valuesOfChart(version)
  const yaml = `# Generated by scripts/chart: edit the values there, and run npm run generate.
#
# Names of objects are fixed, because roles, commands and messages name them: one installation a cluster. An unknown value is refused.

${yamlOf(values, '')}`
  const wanted = Object.fromEntries(values.map(value => [value.name, value.default]))
  if (JSON.stringify(parse(yaml)) !== JSON.stringify(wanted)) throw new Error('values.yaml does not say the defaults')
  const root = object(values)
  const schema = {
    $schema: 'http://json-schema.org/draft-07/schema#',
    ...root,
    properties: {
      ...(root['properties'] as Json),
      global: {
        description: 'Helm hands it to every chart that is part of another; nothing here reads it',
        type: 'object',
      },
    },
    definitions: types.definitions(),
  }
  return [
    { path: 'charts/sluice/values.yaml', text: yaml },
    { path: 'charts/sluice/values.schema.json', text: `${JSON.stringify(schema, null, 1)}\n` },
  ]
}
