/** `sluice check`: what the cluster has → lines with codes, and an exit code. */
import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { crdOf, resources } from '../../src/api/crd.ts'
import { kindKey, kinds, type KubeObject } from '../../src/api/object.ts'
import { codes } from '../../src/cli/check/codes.ts'
import { NEEDED_LABELS } from '../../src/cli/check/mesh.ts'
import type { Client, Tools } from '../../src/cli/tools.ts'
import { connectHttp } from '../../src/connect.ts'
import { ApiError } from '../../src/core/errors.ts'
import { anchors, read } from '../docs/pages.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { type Ran, runIn } from './in-process.ts'
import { clientOf, type Cluster, forbidden, notFound } from './stub-cluster.ts'

const object = (fields: object): KubeObject => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, ...fields })

const DEFINITIONS = kindKey(kinds.CustomResourceDefinition)
const INFO = '/api/v1/namespaces/sluice-system/services/sluice:http-metrics/proxy/info'
const rights = { checkedAt: 0, checked: 9, missing: [], problem: null }
const deployment = object({
  metadata: { name: 'sluice' },
  spec: { replicas: 2, template: { spec: { containers: [{ image: 'registry.example.com/sluice:9' }] } } },
  status: { readyReplicas: 2 },
})
const prometheus = (metric: string): string =>
  `/api/v1/namespaces/istio-system/services/prometheus:9090/proxy/api/v1/labels?match%5B%5D=${metric}`

const ours = resources.map(({ kind }) => kindKey(kind))

/** All is well. */
const well: Cluster = {
  paths: {
    '/version': { gitVersion: 'v1.36.2' },
    [INFO]: { version: '1.2.3', rights },
    ...Object.fromEntries(
      Object.entries(NEEDED_LABELS).map(([metric, data]) => [prometheus(metric), { status: 'success', data }]),
    ),
  },
  objects: {
    'deployments.apps/sluice': deployment,
    'leases.coordination.k8s.io/sluice': object({
      spec: { holderIdentity: 'sluice-1', leaseDurationSeconds: 15, renewTime: new Date(0).toISOString() },
    }),
    'namespaces/shop': object({ metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } } }),
    ...Object.fromEntries(
      resources.map(resource => [`${DEFINITIONS}/${kindKey(resource.kind)}`, crdOf(resource) as unknown as KubeObject]),
    ),
  },
  served: [...ours, 'virtualservices.networking.istio.io'],
  denied: [],
  user: 'kim',
}

const check = (cluster: Partial<Cluster>, args = '', tools: Partial<Tools> = {}): Promise<Ran> => {
  const client = clientOf({
    ...well,
    ...cluster,
    paths: { ...well.paths, ...cluster.paths },
    objects: { ...well.objects, ...cluster.objects },
  })
  const clock = new VirtualClock(0)
  const words = args.split(' ').filter(word => word !== '')
  return runIn(['check', ...words], { connect: () => client, clock, steady: clock, ...tools })
}

suite('sluice check', () => {
  test('a cluster in which all is well', async () => {
    const ran = await check({})
    expect(ran.stderr).to.equal('19 checks: all well\n')
    expect(ran.code).to.equal(0)
    expect(ran.stdout.split('\n').map(line => line.split(/ +/).slice(0, 2).join(' '))).to.deep.equal([
      '√ api-server',
      '√ api-version',
      '√ crd-installed',
      '√ crd-version',
      '√ crd-installed',
      '√ crd-version',
      '√ crd-installed',
      '√ crd-version',
      '√ caller-view',
      '√ caller-commands',
      '√ caller-reads',
      '√ controller-running',
      '√ controller-leader',
      '√ controller-version',
      '√ controller-rights',
      '√ providers',
      '√ mesh-mode',
      '√ metrics-server',
      '√ metrics-labels',
      '',
    ])
  })

  const lacking = {
    right: 'get secrets',
    namespace: '',
    role: 'sluice-configs',
    manifest: 'manifests/config-rbac.yaml',
    isOptional: true,
  }
  const rows: Readonly<Record<string, readonly [Partial<Cluster>, args: string, code: number, said: RegExp]>> = {
    'an API server that refuses the credentials, and nothing after it': [
      { paths: { '/version': new ApiError({ code: 401, reason: 'Unauthorized', message: 'Unauthorized' }) } },
      '',
      1,
      /^× api-server +The API server at https:\/\/lab does not accept the credentials: .*\n +docs\/check\.md#api-server\n1 checks: 1 failed\n$/,
    ],
    'an old API server': [
      { paths: { '/version': { gitVersion: 'v1.28.9' } } },
      '',
      1,
      /\n× api-version +Kubernetes v1\.28\.9 is too old/,
    ],
    'no definitions': [
      { served: [] },
      '',
      1,
      /× crd-installed +The cluster does not know canaries\.sluice\.dev\. Run: sluice install/,
    ],
    'definitions that may not be read': [
      { objects: { [`${DEFINITIONS}/canaries.sluice.dev`]: forbidden } },
      '',
      0,
      /- crd-version +The fields of CRD canaries\.sluice\.dev were not compared/,
    ],
    'a caller who may see nothing': [
      { denied: ['list canaries', 'watch canaries', 'patch canaries'] },
      '',
      1,
      /× caller-view +User "kim" may not list and watch Canaries in namespace shop\. Run: kubectl -n shop create rolebinding sluice-view --clusterrole=sluice-view --user="kim"\n[^]*‼ caller-commands /,
    ],
    'a caller who may only look': [
      { denied: ['patch canaries', 'list pods'] },
      '',
      0,
      /‼ caller-commands [^]*‼ caller-reads +User "kim" may not list pods in namespace shop/,
    ],
    'no reviews': [{ denied: forbidden }, '', 0, /- caller-view +forbidden: /],
    'no controller: it is not asked for anything': [
      { objects: { 'deployments.apps/sluice': null, 'leases.coordination.k8s.io/sluice': null } },
      '',
      1,
      /× controller-running +There is no Deployment of Sluice in namespace sluice-system .*\n.*\n‼ controller-leader .*\n.*\n√ providers /,
    ],
    'a controller without the rights of an optional role': [
      { paths: { [INFO]: { version: '1.2.3', rights: { ...rights, missing: [lacking] } } } },
      '',
      0,
      /‼ controller-rights +The controller lacks a right of role sluice-configs: get secrets\. .*apply manifests\/config-rbac\.yaml\n/,
    ],
    'a controller without a right that it always needs': [
      { paths: { [INFO]: { version: '1.2.3', rights: { ...rights, missing: [{ ...lacking, isOptional: false }] } } } },
      '',
      1,
      /× controller-rights /,
    ],
    'a controller that may not be asked': [
      { paths: { [INFO]: forbidden } },
      '',
      0,
      /- controller-version +The controller runs image registry\.example\.com\/sluice:9; [^]*- controller-rights +.*\(get services\/proxy is forbidden\)\. Run: kubectl -n sluice-system port-forward deployment\/sluice 8080, and beside it: sluice check --controller-url/,
    ],
    'a controller whose Service leads nowhere: a pod is asked': [
      {
        paths: {
          [INFO]: notFound,
          '/api/v1/namespaces/sluice-system/pods/sluice-1:8080/proxy/info': { version: '1.2.2', rights },
        },
        objects: {
          'pods/sluice-1': object({
            metadata: { name: 'sluice-1' },
            spec: { containers: [{ ports: [{ name: 'http-metrics', containerPort: 8080 }] }] },
          }),
        },
      },
      '',
      0,
      /‼ controller-version +The controller \(1\.2\.2\) is older than this program [^]*√ controller-rights /,
    ],
    'the ServiceAccount of the controller: its rights are the ones to check': [
      { paths: { [INFO]: forbidden }, user: 'system:serviceaccount:sluice-system:sluice', denied: ['create events'] },
      '',
      1,
      /× controller-rights +The controller lacks a right of role sluice: create events\. Apply manifests\/rbac\.yaml\n/,
    ],
    'the ServiceAccount of the page: its rights are not those of the controller': [
      {
        paths: { [INFO]: forbidden },
        user: 'system:serviceaccount:sluice-system:sluice-dashboard',
        denied: ['create events'],
      },
      '',
      0,
      /- controller-rights +The controller was not asked for its rights/,
    ],
    'a Prometheus that this machine does not reach': [
      { paths: { [prometheus('istio_requests_total')]: forbidden } },
      '',
      0,
      /- metrics-server +Prometheus was not checked .*--metrics-server\n +docs\/check\.md#metrics-server\n18 checks: 1 not checked\n$/,
    ],
    'no mesh, and so no metrics of one': [
      { served: ours },
      '',
      0,
      /√ mesh-mode +none: Istio is not installed\n√ metrics-server [^]*\n18 checks: all well\n$/,
    ],
    'before an installation': [
      {
        served: [],
        objects: Object.fromEntries(resources.map(({ kind }) => [`${DEFINITIONS}/${kindKey(kind)}`, null])),
      },
      '--pre',
      0,
      /√ install-rights +User "kim" may create everything.*\n√ install-owner +CRD canaries\.sluice\.dev is not there yet\n(√ install-owner .*\n){2}6 checks: all well\n$/,
    ],
    'before an installation, without the right to it': [
      { denied: ['create customresourcedefinitions', 'create clusterroles'] },
      '--pre',
      1,
      /× install-rights +User "kim" may not create customresourcedefinitions\.apiextensions\.k8s\.io and create clusterroles\.rbac\.authorization\.k8s\.io: an administrator/,
    ],
    'before an installation, with the limits of its own rights': [
      { denied: ['escalate clusterroles'] },
      '--pre',
      0,
      /‼ install-rights /,
    ],
    'as JSON': [
      {},
      '-o jsonpath={.kind}/{.outcome}/{.items[0].code}/{.items[0].docs}',
      0,
      /^CheckReport\/ok\/api-server\/docs\/check\.md#api-server/,
    ],
    'a wrong namespace': [{}, '--controller-namespace Sluice', 2, /"Sluice" is not the name of a namespace/],
    'a wrong URL': [{}, '--metrics-server prometheus:9090', 2, /Write a URL such as/],
    'a header that is none': [
      {},
      '--metrics-server-header X-Scope-OrgID',
      2,
      /number 1 \(not shown, it may be secret\) is no header/,
    ],
    'a wrong Service': [{}, '--metrics-service prometheus', 2, /Write a Service and its port/],
    'an unknown format': [{}, '-o xml', 2, /Write one of json, yaml and jsonpath/],
  }
  for (const [what, [cluster, args, code, said]] of Object.entries(rows)) {
    test(what, async () => {
      const ran = await check(cluster, args)
      expect(ran.stdout + ran.stderr).to.match(said)
      expect(ran.code).to.equal(code)
    })
  }

  test('headers of --metrics-server-header reach the metrics server', async () => {
    const labels = JSON.stringify({ status: 'success', data: [...new Set(Object.values(NEEDED_LABELS).flat())] })
    const server = createServer(({ headers: { 'x-scope-orgid': tenant } }, response) => {
      response.writeHead(tenant === 'shop' ? 200 : 401, { 'content-type': 'application/json' }).end(labels)
    }).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const flags = `--metrics-server http://127.0.0.1:${port}`
    const http: Tools['http'] = address => connectHttp(address, {})
    try {
      const without = await check({}, flags, { http })
      expect(without.stdout).to.match(/× metrics-server +--metrics-server: http:\/\/127\.0\.0\.1:\d+ answered 401/)
      expect((await check({}, `${flags} --metrics-server-header X-Scope-OrgID:shop`, { http })).stdout).to.match(
        /√ metrics-server +Prometheus answers: /,
      )
    } finally {
      server.close()
    }
  })

  test('--wait repeats until nothing fails, says what it waits for once, and ends at its deadline with 124', async () => {
    let ready = 0
    const clock = new VirtualClock(0)
    const cluster = { ...well, objects: { ...well.objects } }
    const client = clientOf(cluster)
    const list: Client['api']['list'] = async (kind, query, call) => {
      if (kind !== kinds.Deployment) return client.api.list(kind, query, call)
      ready += 1
      const items = [{ ...deployment, status: { readyReplicas: ready > 3 ? 2 : 0 } }]
      return { resourceVersion: '1', items }
    }
    const tools = { connect: () => ({ ...client, api: { ...client.api, list } }), clock, steady: clock }
    const good = runIn(['check', '--wait'], tools)
    await clock.advance(60_000)
    const ran = await good
    expect(ran.stderr).to.match(
      /^Waiting: controller-running: 0 of 2 replicas of Deployment sluice are ready\. See: .*\n19 checks: all well\n$/,
    )
    expect([ran.code, ready]).to.deep.equal([0, 4])
    ready = Number.NEGATIVE_INFINITY
    const late = runIn(['check', '--wait', '--timeout', '12s'], tools)
    await clock.advance(60_000)
    expect((await late).code).to.equal(124)
  })

  test('every code has its section in docs/check.md', () => {
    expect(anchors(read('docs/check.md'))).to.include.members(Object.keys(codes))
  })
})
