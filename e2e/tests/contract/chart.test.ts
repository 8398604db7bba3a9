/** The chart against the real Helm, and what it prints against manifests/ and the real API server. No controller runs. */
import { expect } from 'chai'
import { Command } from 'commander'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parseAllDocuments } from 'yaml'
import { dashboardOptions, runOptions } from '../../../scripts/chart/flags.ts'
import type { KubeObject } from '../../../src/api/object.ts'
import { dashboardCommand } from '../../../src/cli/dashboard.ts'
import { runCommand } from '../../../src/cli/flags.ts'
import { at, isRecord, type Json, recordOf, recordsOf, textsOf } from '../../../src/core/json.ts'
import { samples, senseless, whole } from '../../fixtures/chart-values.ts'
import { chart, Helm } from '../../lab/helm.ts'
import { type Lab, lab } from '../../lab/lab.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))

const objectsOf = (text: string): KubeObject[] =>
  parseAllDocuments(text)
    .map(document => document.toJS() as KubeObject | null)
    .filter(object => object !== null)

const idOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.namespace ?? ''}/${metadata.name}`

const HELMS = ['app.kubernetes.io/managed-by', 'app.kubernetes.io/version', 'helm.sh/chart', 'helm.sh/resource-policy']

/** By kind and name, without what only Helm needs. */
function plain(objects: readonly KubeObject[]): Record<string, unknown> {
  const without = (texts: unknown): Json =>
    Object.fromEntries(Object.entries(textsOf(texts)).filter(([key]) => !HELMS.includes(key)))
  return Object.fromEntries(
    objects.map(object => {
      const { labels, annotations, ...metadata } = object.metadata
      return [idOf(object), { ...object, metadata, labels: without(labels), annotations: without(annotations) }]
    }),
  )
}

/** Paths of all objects in values.yaml that take the names of the schema alone, deepest last. */
function strictPaths(schema: Json, path: readonly string[] = []): string[][] {
  if (schema['additionalProperties'] !== false) return []
  const inner = Object.entries(recordOf(schema['properties'])).flatMap(([name, value]) =>
    strictPaths(recordOf(value), [...path, name]),
  )
  return [[...path], ...inner]
}

/** `{a: {b: value}}` for `['a', 'b']`. */
const nested = (path: readonly string[], value: unknown): unknown =>
  path.reduceRight<unknown>((inner, key) => ({ [key]: inner }), value)

function merged(one: unknown, other: unknown): unknown {
  if (!isRecord(one) || !isRecord(other)) return other
  const keys = new Set([...Object.keys(one), ...Object.keys(other)])
  return Object.fromEntries([...keys].map(key => [key, key in other ? merged(one[key], other[key]) : one[key]]))
}

const argsOf = (objects: readonly KubeObject[], deployment: string): string[] => {
  const found = objects.find(({ kind, metadata }) => kind === 'Deployment' && metadata.name === deployment)
  return recordsOf(at(found?.spec, 'template', 'spec', 'containers'))[0]?.['args'] as string[]
}

suite('The chart', () => {
  let the: Lab
  let helm: Helm

  const rendered = async (values: object = {}, ...args: string[]): Promise<KubeObject[]> =>
    objectsOf(await helm.template(values, ...args))
  const kustomized = async (folder: string): Promise<KubeObject[]> =>
    objectsOf(await the.kubectl.run('kustomize', join(root, folder)))

  suiteSetup(async () => {
    the = await lab()
    helm = new Helm(the)
  })

  test('with the default values is what kubectl apply -k manifests applies, but for the namespace', async () => {
    const manifests = (await kustomized('manifests')).filter(({ kind }) => kind !== 'Namespace')
    const objects = await rendered()
    expect(objects.map(idOf)).to.have.members(manifests.map(idOf))
    expect(plain(objects)).to.deep.equal(plain(manifests))
  })

  test('with the page is manifests/dashboard as well', async () => {
    const page = await kustomized('manifests/dashboard')
    const before = (await rendered()).map(idOf)
    const objects = (await rendered({ dashboard: { enabled: true } })).filter(one => !before.includes(idOf(one)))
    expect(plain(objects)).to.deep.equal(plain(page))
  })

  test('has definitions of Sluice alone, which helm uninstall keeps', async () => {
    const definitions = (await rendered(whole)).filter(({ kind }) => kind === 'CustomResourceDefinition')
    expect(definitions.map(definition => at(definition.spec, 'group'))).to.include('sluice.dev')
    expect(new Set(definitions.map(definition => at(definition.spec, 'group')))).to.deep.equal(new Set(['sluice.dev']))
    const policies = definitions.map(({ metadata }) => metadata.annotations?.['helm.sh/resource-policy'])
    expect(new Set(policies)).to.deep.equal(new Set(['keep']))
    const kept = (await rendered({ crds: { keep: false } })).map(({ metadata }) => metadata.annotations ?? {})
    expect(kept.filter(annotations => 'helm.sh/resource-policy' in annotations)).to.deep.equal([])
    const without = await rendered({ crds: { enabled: false } })
    expect(without.filter(({ kind }) => kind === 'CustomResourceDefinition')).to.deep.equal([])
  })

  test('leaves out each role that a value says, and nothing else', async () => {
    const values = at(objectsOf(readFileSync(join(chart, 'values.yaml'), 'utf8'))[0], 'rbac')
    const off = Object.fromEntries(Object.keys(recordOf(values)).map(name => [name, false]))
    const objects = (await rendered({ rbac: off })).filter(({ kind }) => kind.startsWith('Cluster'))
    expect(objects.map(idOf)).to.have.members(['ClusterRole /sluice', 'ClusterRoleBinding /sluice'])
    const one = await rendered({ rbac: { credentials: false } })
    const gone = (await rendered()).map(idOf).filter(id => !one.map(idOf).includes(id))
    expect(gone).to.have.members(['ClusterRole /sluice-credentials', 'ClusterRoleBinding /sluice-credentials'])
  })

  test('gives rights in the watched namespaces alone, in the namespace of the release', async () => {
    const objects = await rendered({ flags: { namespace: ['shop', 'istio-system'] } }, '--namespace', 'releases')
    expect(objects.filter(({ kind }) => kind === 'ClusterRoleBinding')).to.deep.equal([])
    const bindings = objects.filter(({ kind, metadata }) => kind === 'RoleBinding' && metadata.name === 'sluice')
    expect(bindings.map(idOf)).to.have.members(['RoleBinding shop/sluice', 'RoleBinding istio-system/sluice'])
    const subjects = objects.flatMap(one => recordsOf(one['subjects'])).map(one => one['namespace'])
    expect(new Set(subjects)).to.deep.equal(new Set(['releases']))
    expect(JSON.stringify(objects.filter(({ kind }) => kind !== 'CustomResourceDefinition'))).to.not.include(
      'sluice-system',
    )
  })

  test('has every flag of the controller and of the page, which the program takes as the values say', async () => {
    const pick = (options: ReturnType<typeof runOptions>): Json =>
      Object.fromEntries(options.map(option => [option.attributeName(), samples[option.attributeName()]]))
    const [run, page] = [pick(runOptions()), pick(dashboardOptions())]
    expect(Object.entries({ ...run, ...page }).filter(([, value]) => value === undefined)).to.deep.equal([])
    const objects = await rendered({ replicas: 1, flags: run, dashboard: { enabled: true, flags: page } })

    let taken: unknown
    await runCommand(new Command().exitOverride(), async flags => void (taken = flags)).parent?.parseAsync(
      argsOf(objects, 'sluice'),
      { from: 'user' },
    )
    const allowance = (namespace: string | null, pattern: string): object => ({ namespace, pattern })
    expect(taken).to.deep.include({
      ...run,
      meshSettle: 90_000,
      allowedHosts: [allowance(null, '*.example.com'), allowance('team-a', 'a.example.com')],
      allowedGateways: [allowance(null, 'istio-system/public'), allowance(null, './*')],
    })
    await dashboardCommand(new Command().exitOverride(), async flags => void (taken = flags)).parent?.parseAsync(
      argsOf(objects, 'sluice-dashboard'),
      { from: 'user' },
    )
    expect(taken).to.deep.include({ ...page, inCluster: true })
  })

  test('refuses every unknown value, wherever it is', async () => {
    const schema = JSON.parse(readFileSync(join(chart, 'values.schema.json'), 'utf8')) as Json
    const paths = strictPaths(schema)
    const values = paths.map(path => nested([...path, 'unknwon'], 1)).reduce(merged, {})
    const said = (await helm.refusal(recordOf(values))) ?? ''
    const missing = paths.filter(
      path =>
        !said.includes(`at '${path.map(key => `/${key}`).join('')}': additional properties 'unknwon' not allowed`),
    )
    expect(missing).to.deep.equal([])
    expect(paths.map(String)).to.include.members(['', 'flags', 'dashboard,flags', 'rbac', 'networkPolicy'])
  })

  test('refuses values that make no sense, and says which', async () => {
    const values = senseless.map(([path, value]) => nested(path.split('.'), value)).reduce(merged, {})
    const said = (await helm.refusal(recordOf(values))) ?? ''
    expect(senseless.filter(([, , sentence]) => !said.includes(sentence))).to.deep.equal([], said)
  })

  test('refuses null in the place of what its templates read', async () => {
    for (const name of ['image', 'flags', 'serviceMonitor', 'prometheusRule', 'grafanaDashboards', 'rbac', 'crds'])
      expect(await helm.refusal({ [name]: null }), name).to.include(`missing property '${name}'`)
    expect(await helm.refusal({ dashboard: { flags: null } })).to.include("missing property 'flags'")
    expect(await helm.refusal({ resources: null, prometheusRule: { labels: null } })).to.equal(undefined)
  })

  for (const [values, sentence] of [
    [
      { serviceMonitor: { enabled: true }, podMonitor: { enabled: true } },
      'serviceMonitor.enabled and podMonitor.enabled are both true: every pod would be read twice. Set one of them to false',
    ],
    [
      { flags: { leaderElect: false } },
      'flags.leaderElect is false and replicas is 2: all of them would act at once. Set replicas to 1, or leave flags.leaderElect out',
    ],
    [
      { env: [{ name: 'SLUICE_PORT', value: '9090' }] },
      'env has SLUICE_PORT, which this chart decides on: the Service, the probes and the roles rely on it. Take it out',
    ],
    [
      { podLabels: { 'app.kubernetes.io/name': 'other' } },
      'podLabels has app.kubernetes.io/name, by which the Deployment selects its pods. Take it out',
    ],
    [
      { prometheusRule: { enabled: true, labels: { 'helm.sh/chart': 'other' } } },
      "prometheusRule.labels has helm.sh/chart, which is this chart's to set. Take it out",
    ],
    [
      { grafanaDashboards: { labels: { 'app.kubernetes.io/name': 'other' } } },
      "grafanaDashboards.labels has app.kubernetes.io/name, which is this chart's to set. Take it out",
    ],
  ] as const) {
    test(`says: ${sentence}`, async () => {
      expect(await helm.refusal(values)).to.include(sentence)
    })
  }

  test('has a ServiceMonitor and a PodMonitor that find the pods', async () => {
    for (const [name, kind, endpoints] of [
      ['serviceMonitor', 'ServiceMonitor', 'endpoints'],
      ['podMonitor', 'PodMonitor', 'podMetricsEndpoints'],
    ] as const) {
      const labels = { release: 'prometheus' }
      const objects = await rendered({ [name]: { enabled: true, interval: '15s', scrapeTimeout: '5s', labels } })
      const monitor = objects.find(one => one.kind === kind)
      expect(monitor?.metadata.labels).to.include(labels)
      const endpoint = {
        port: 'http-metrics',
        path: '/metrics',
        honorLabels: true,
        interval: '15s',
        scrapeTimeout: '5s',
      }
      const found = kind === 'ServiceMonitor' ? 'Service' : 'Deployment'
      const selected = objects.find(one => one.kind === found && one.metadata.name === 'sluice')
      const of = found === 'Service' ? selected?.metadata.labels : at(selected?.spec, 'template', 'metadata', 'labels')
      expect(of).to.include(at(monitor?.spec, 'selector', 'matchLabels'))
      expect(at(monitor?.spec, endpoints)).to.deep.equal([endpoint])
    }
  })

  test('has the rules of manifests/prometheus, with labels for the operator', async () => {
    const labels = { release: 'prometheus' }
    const objects = await rendered({ prometheusRule: { enabled: true, labels } })
    const [rules, ...more] = objects.filter(({ kind }) => kind === 'PrometheusRule')
    const [manifest] = objectsOf(readFileSync(join(root, 'manifests/prometheus/rules.yaml'), 'utf8'))
    expect(more).to.deep.equal([])
    expect(rules?.['spec']).to.deep.equal(manifest?.['spec'])
    expect(rules?.metadata.labels).to.include({ ...manifest?.metadata.labels, ...labels })
    expect((await rendered()).filter(({ kind }) => kind === 'PrometheusRule')).to.deep.equal([])
  })

  test("has the dashboards of manifests/grafana, for Grafana's sidecar", async () => {
    const name = 'sluice-dashboards'
    const annotations = { grafana_folder: 'Releases' }
    const objects = await rendered({ grafanaDashboards: { enabled: true, namespace: 'monitoring', annotations } })
    const dashboards = objects.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === name)
    expect(dashboards?.metadata).to.deep.include({ namespace: 'monitoring', annotations })
    expect(dashboards?.metadata.labels).to.include({ grafana_dashboard: '1' })
    const folder = join(root, 'manifests/grafana')
    const files = readdirSync(folder).map(file => [file, readFileSync(join(folder, file), 'utf8')] as const)
    expect(dashboards?.['data']).to.deep.equal(Object.fromEntries(files))
    expect((await rendered()).some(({ metadata }) => metadata.name === name)).to.equal(false)
  })

  suite('and the overlays, on the real API server', () => {
    /** Warnings of the Pod Security Standard become errors; nothing is written. */
    const dryRun = async (objects: readonly KubeObject[]): Promise<void> => {
      const input = objects.map(object => JSON.stringify(object)).join('\n---\n')
      await the.kubectl.dryRun(input)
    }
    suiteSetup(async () => {
      const labels = {
        'pod-security.kubernetes.io/enforce': 'restricted',
        'pod-security.kubernetes.io/warn': 'restricted',
      }
      const namespace = { apiVersion: 'v1', kind: 'Namespace' }
      await the.kubectl.apply([
        { ...namespace, metadata: { name: 'sluice-system', labels } },
        // The one of overlays/namespaced. Pods of other tests that come here later are not `restricted`.
        { ...namespace, metadata: { name: 'shop' } },
      ])
    })
    suiteTeardown(async () => {
      // `warn` would be said to every later command on pods here.
      await the.kubectl.run('label', 'namespace', 'sluice-system', 'pod-security.kubernetes.io/warn-')
    })

    test('every object with everything on is taken, no field is unknown, and every pod is `restricted`', async () => {
      await dryRun(await rendered(whole))
      await dryRun(
        objectsOf(
          await helm.run(
            'template',
            'sluice',
            chart,
            '--namespace',
            'sluice-system',
            '--show-only',
            'templates/tests/check.yaml',
          ),
        ),
      )
    })

    test('a pod that is not `restricted` would be named', async () => {
      const [deployment] = (await rendered()).filter(({ kind }) => kind === 'Deployment')
      const open = JSON.parse(JSON.stringify(deployment).replace('"runAsNonRoot":true,', '')) as KubeObject
      const said = await dryRun([open]).then(
        () => '',
        (error: Error) => error.message,
      )
      expect(said).to.include('would violate PodSecurity "restricted:latest"')
    })

    test('overlays/ha: three replicas on nodes of their own', async () => {
      const objects = await kustomized('overlays/ha')
      await dryRun(objects)
      const deployment = objects.find(({ kind }) => kind === 'Deployment')
      expect(at(deployment?.spec, 'replicas')).to.equal(3)
    })

    test('overlays/namespaced: the same rights, in one namespace', async () => {
      const objects = await kustomized('overlays/namespaced')
      await dryRun(objects)
      expect(objects.filter(({ kind }) => kind === 'ClusterRoleBinding')).to.deep.equal([])
      const bound = (ofKind: string, all: readonly KubeObject[]): unknown[] =>
        all
          .filter(({ kind, metadata }) => kind === ofKind && metadata.namespace !== 'sluice-system')
          .map(one => [one['roleRef'], one['subjects']])
      expect(bound('RoleBinding', objects)).to.have.deep.members(
        bound('ClusterRoleBinding', await kustomized('manifests')),
      )
      expect(argsOf(objects, 'sluice')).to.deep.equal(['run', '--namespace=shop'])
    })
  })
})
