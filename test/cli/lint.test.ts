/** `sluice lint`: files → sentences and an exit code; with --cluster, what they name is looked up. */
import { expect } from 'chai'
import { Readable } from 'node:stream'
import { kindKey, kinds, type KubeObject } from '../../src/api/object.ts'
import { CliWorld } from './given.ts'
import { runIn } from './in-process.ts'
import { clientOf, type Cluster, forbidden } from './stub-cluster.ts'

const canary = (spec: string): string => `apiVersion: sluice.dev/v1beta1
kind: Canary
metadata: {name: web, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  service: {port: 80}
${spec}`
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
`

const rows: Readonly<Record<string, readonly [text: string, code: number, said: RegExp]>> = {
  'a good file': [
    `${deployment}---\n${canary('  analysis: {interval: 1m}')}`,
    0,
    /^1 object of Sluice checked, nothing wrong\n$/,
  ],
  'a target that is elsewhere': [
    canary('  analysis: {interval: 1m}'),
    0,
    /^-: Canary shop\/web: note: Deployment web is not in these files; it has to be in the cluster\n/,
  ],
  'a namespace without a value': [
    `${deployment}---\n${canary('  analysis: {interval: soon}')}`.replaceAll('namespace: shop', 'namespace: '),
    1,
    /^-: Canary default\/web: spec\.analysis\.interval: .*\n1 object of Sluice checked, 1 wrong\n$/,
  ],
  'a value that is refused': [
    canary('  analysis: {interval: soon}'),
    1,
    /^-: Canary shop\/web: spec\.analysis\.interval: .*\n1 object of Sluice checked, 1 wrong\n$/,
  ],
  'two Canaries of one target': [
    `${deployment}---\n${canary('  analysis: {}')}\n---\n${canary('  analysis: {}').replace('name: web,', 'name: other,')}`,
    1,
    /Canary shop\/web: spec\.targetRef: Canary other \(-\) has the same target; keep one of them\n/,
  ],
  'two Canaries of one Service': [
    `${deployment}---\n${deployment.replace('name: web,', 'name: other,')}---\n${canary('  analysis: {}')}\n---\n${canary(
      '  analysis: {}',
    )
      .replaceAll('name: web', 'name: other')
      .replace('{port: 80}', '{port: 80, name: web}')}`,
    1,
    /Canary shop\/web: spec\.service\.name: Canary other \(-\) has the same Service web; write another one\n.*Canary shop\/other: spec\.service\.name: Canary web /,
  ],
  'a template that is elsewhere': [
    `${deployment}---\n${canary('  analysis: {metrics: [{name: a, templateRef: {name: latency}, thresholdRange: {max: 1}}]}')}`,
    0,
    /note: MetricTemplate latency is not in these files/,
  ],
  'another version': [
    canary('').replace('v1beta1', 'v2'),
    1,
    /apiVersion: sluice\.dev\/v2 is not known; write sluice\.dev\/v1beta1\n/,
  ],
  "Flagger's Canary": [
    canary('').replace('sluice.dev', 'flagger.app'),
    0,
    /note: is Flagger's; rewrite it with: sluice import flagger/,
  ],
  'a misspelled field': [
    canary('  analysis: {intervall: 1m}'),
    1,
    /^-: Canary shop\/web: spec\.analysis\.intervall: unknown field; did you mean interval\?\n/,
  ],
  'a field at the wrong place': [
    canary('  threshold: 3\n  analysis: {}'),
    1,
    /spec\.threshold: unknown field here; did you mean spec\.analysis\.threshold or .*\?\n/,
  ],
  'a field that is nowhere, in a list': [
    canary('  analysis: {steps: [{weight: 5, bananas: 1}]}'),
    1,
    /spec\.analysis\.steps\[0\]\.bananas: unknown field; remove it: the API server would drop it\n/,
  ],
  'a field beside the spec': [
    `${canary('  analysis: {}')}\nsepc: {}`,
    1,
    /web: sepc: unknown field; did you mean spec\?\n/,
  ],
  'fields that belong to Istio, and keys that a user chooses': [
    `${deployment}---\n${canary('  analysis: {}').replace('service: {port: 80}', 'service: {port: 80, apex: {labels: {any: thing}}, trafficPolicy: {outlierDetection: {fromLater: 1}}}')}`,
    0,
    /nothing wrong\n$/,
  ],
  'an unknown field of a MetricTemplate': [
    'apiVersion: sluice.dev/v1beta1\nkind: MetricTemplate\nmetadata: {name: a, namespace: shop}\nspec: {provider: {type: prometheus, adress: "http://p:9090"}, query: "1"}\n',
    1,
    /^-: MetricTemplate shop\/a: spec\.provider\.adress: unknown field; did you mean address\?\n/,
  ],
  'no YAML': ['a: [', 1, /^-: not YAML: .*\n/],
  'an alias that leads nowhere': ['a: *b\n', 1, /^-: not YAML: .*alias.*\n/i],
  'aliases that grow without end': [
    `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e'].map((one, i) => `${one}: &${one} [${Array(9).fill(`*${'abcd'[i]}`).join(',')}]`).join('\n')}\n`,
    1,
    /^-: not YAML: .*alias.*\n/i,
  ],
  'no object': ['- a\n', 1, /^-: a document is no object: apiVersion, kind and metadata\.name are needed\n/],
  nothing: ['', 0, /^0 objects of Sluice checked, nothing wrong\n$/],
}

suite('sluice lint', () => {
  let cli: CliWorld
  suiteSetup(async () => {
    cli = await CliWorld.open()
  })
  suiteTeardown(() => cli.close())

  for (const [what, [text, code, said]] of Object.entries(rows)) {
    test(what, async () => {
      const ran = await cli.start(['lint', '-'], undefined, text).ended
      expect(ran.stdout + ran.stderr).to.match(said)
      expect(ran.code).to.equal(code)
    })
  }

  test('files by name, and one that is not there', async () => {
    const good = await cli.start([
      'lint',
      await cli.file('a.yaml', deployment),
      await cli.file('b.yaml', canary('  analysis: {}')),
    ]).ended
    expect(good).to.deep.include({ code: 0, stdout: '' })
    const missing = await cli.start(['lint', '/nowhere.yaml']).ended
    expect([missing.code, missing.stderr]).to.deep.equal([1, '/nowhere.yaml cannot be read: ENOENT\n'])
  })
})

suite('sluice lint --cluster', () => {
  const object = (name: string, fields: object = {}): KubeObject => ({
    apiVersion: 'v1',
    kind: 'X',
    metadata: { name, namespace: 'shop' },
    ...fields,
  })
  const there: Cluster['objects'] = {
    'deployments.apps/web': object('web'),
    'gateways.networking.istio.io/public': object('public'),
    'secrets/hook': object('hook'),
    'metrictemplates.sluice.dev/latency': object('latency'),
  }
  const named = canary(`  analysis:
    metrics: [{name: a, templateRef: {name: latency}, thresholdRange: {max: 1}}]
    webhooks: [{name: h, url: "https://hooks.example.com/", secretRef: {name: hook}}]`).replace(
    '{port: 80}',
    '{port: 80, gateways: [istio-system/public, mesh]}',
  )
  const table: Readonly<
    Record<string, readonly [objects: Cluster['objects'], text: string, code: number, said: RegExp]>
  > = {
    'all is there': [{}, named, 0, /^1 object of Sluice checked, nothing wrong\n$/],
    'no target': [
      { 'deployments.apps/web': null },
      named,
      1,
      /^-: Canary shop\/web: spec\.targetRef: Deployment web is neither in these files nor in the cluster\n1 object of Sluice checked, 1 wrong\n$/,
    ],
    'a target of the files': [{ 'deployments.apps/web': null }, `${deployment}---\n${named}`, 0, /nothing wrong/],
    'no Gateway': [
      { 'gateways.networking.istio.io/public': null },
      named,
      1,
      /spec\.service\.gateways: Gateway public in namespace istio-system is neither /,
    ],
    'no Secret of a webhook': [{ 'secrets/hook': null }, named, 1, /spec\.analysis\.webhooks: Secret hook is neither /],
    'a Secret that may not be read': [
      { 'secrets/hook': forbidden },
      named,
      0,
      /note: spec\.analysis\.webhooks: Secret hook may not be read, so it was not looked up\n/,
    ],
    'no MetricTemplate': [
      { 'metrictemplates.sluice.dev/latency': null },
      named,
      1,
      /MetricTemplate latency is neither /,
    ],
    'a route that an alpha version alone serves': [
      { 'tlsroutes.gateway.networking.k8s.io/db': object('db', { apiVersion: 'gateway.networking.k8s.io/v1alpha2' }) },
      named
        .replace('spec:', 'spec:\n  provider: gatewayapi:v1')
        .replace(
          '{port: 80, gateways: [istio-system/public, mesh]}',
          '{port: 80, routes: [{kind: TLSRoute, name: db}]}',
        ),
      0,
      /nothing wrong/,
    ],
    'another Canary of the target': [
      {
        [`${kindKey(kinds.Canary)}/other`]: object('other', {
          apiVersion: 'sluice.dev/v1beta1',
          kind: 'Canary',
          spec: { targetRef: { name: 'web' } },
        }),
      },
      named,
      1,
      /spec\.targetRef: Canary other \(in the cluster\) has the same target; keep one of them\n/,
    ],
    'Canaries that may not be listed': [
      { [`${kindKey(kinds.Canary)}/other`]: forbidden },
      named,
      0,
      /note: Canaries may not be listed, .*\n.*nothing wrong/,
    ],
    'the Canary itself, as it is there already': [
      {
        [`${kindKey(kinds.Canary)}/web`]: object('web', {
          apiVersion: 'sluice.dev/v1beta1',
          kind: 'Canary',
          spec: { targetRef: { name: 'web' } },
        }),
      },
      named,
      0,
      /nothing wrong/,
    ],
  }
  for (const [what, [objects, text, code, said]] of Object.entries(table)) {
    test(what, async () => {
      const cluster = { paths: {}, objects: { ...there, ...objects }, served: [], denied: [], user: 'kim' }
      const ran = await runIn(['lint', '--cluster', '-'], {
        connect: () => clientOf(cluster),
        stdin: Readable.from([text]),
      })
      expect(ran.stdout + ran.stderr).to.match(said)
      expect(ran.code).to.equal(code)
    })
  }

  test('a MetricTemplate, its Secrets; and objects without a namespace are in that of the context', async () => {
    const template = `apiVersion: sluice.dev/v1beta1
kind: MetricTemplate
metadata: {name: a}
spec: {provider: {type: prometheus, address: "https://p.example.com", secretRef: {name: gone}}, query: "1"}
`
    const cluster = { paths: {}, objects: {}, served: [], denied: [], user: 'kim' }
    const ran = await runIn(['lint', '--cluster', '-'], {
      connect: () => clientOf(cluster),
      stdin: Readable.from([template]),
    })
    expect(ran.stdout).to.equal(
      '-: MetricTemplate shop/a: spec.provider: Secret gone is neither in these files nor in the cluster\n',
    )
  })
})
