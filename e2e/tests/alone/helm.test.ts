/**
 * The life of an installation by the real Helm, with the commands of docs/helm.md: install, a release, upgrade and rollback in its middle,
 * removal, and the adoption of what `sluice install` has installed. Its pods run the bundle with the rights that the chart gives to their ServiceAccount.
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, listOf, recordsOf } from '../../../src/core/json.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import type { Load } from '../../fixtures/load.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { Helm } from '../../lab/helm.ts'
import { podKind } from '../../lab/kubelet.ts'
import { type Lab, lab, sluiceImage } from '../../lab/lab.ts'
import { run } from '../../lab/program.ts'
import { prometheusUrl } from '../../lab/prometheus.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const program = join(root, 'dist', 'sluice.js')
const namespace = 'sluice-system'

/** The image and the Prometheus of the lab, in place of the reader's. */
const reader = { REGISTRY: dirname(sluiceImage), PROMETHEUS: prometheusUrl }

/** Every block of shell in docs/helm.md; those that were run are taken out. */
const unread = new Set(
  [...readFileSync(join(root, 'docs/helm.md'), 'utf8').matchAll(/^```sh\n(.*?)^```/gms)].map(([, block = '']) => block),
)

/** The one block that is found. */
function blockWith(text: RegExp): string {
  const [found, ...more] = [...unread].filter(block => text.test(block))
  if (found === undefined || more.length > 0) throw new Error(`docs/helm.md has not one block with ${text} left`)
  unread.delete(found)
  return found
}

suite('An installation by Helm', function () {
  this.timeout(990_000)
  let the: Lab
  let helm: Helm
  let shop: Shop
  let timeline: Timeline
  let load: Load

  const follow = (text: RegExp): Promise<string> => helm.shell(blockWith(text), reader)
  const canary = async (): Promise<KubeObject | undefined> => shop.get(kinds.Canary, 'web')
  const runId = async (): Promise<unknown> => at((await canary())?.['status'], 'run', 'id')
  const annotate = (command: string): Promise<string> =>
    shop.kubectl('annotate', 'canaries.sluice.dev', 'web', `sluice.dev/${command}=${Date.now()}`, '--overwrite')
  const controllerPods = (): Promise<KubeObject[]> => the.api.list(podKind, namespace, 'app.kubernetes.io/name=sluice')
  const present = (kind: string): Promise<string> =>
    the.kubectl.run('get', kind, '-A', '-o', 'name', '--ignore-not-found', '-l', 'app.kubernetes.io/part-of=sluice')

  /** A run of this version, which waits for an approval at weight 20. @returns the id of the run. */
  async function releaseUpTo20(version: string): Promise<unknown> {
    const pushed = await shop.setImage(version)
    await timeline.untilReason('WaitingForApproval', 90, pushed)
    const id = await runId()
    expect(id).to.be.a('string')
    return id
  }

  async function releaseToTheEnd(): Promise<void> {
    const since = Date.now()
    await annotate('approve')
    await timeline.untilPhase('Succeeded', 120, since)
  }

  suiteSetup(async () => {
    the = await lab()
    helm = new Helm(the)
    // Those that other files have installed without Helm.
    await the.kubectl.run('delete', '-f', join(root, 'crds'), '--ignore-not-found')
    shop = await Shop.open(the, 'helm')
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    load = shop.load('client', { rate: 50 })
    timeline = shop.timeline()
  })
  suiteTeardown(async () => {
    await shop.close()
    // It outlives an installation; a later controller makes one with its own rights, as on its first start.
    await the.kubectl.run('-n', namespace, 'delete', 'lease', 'sluice', '--ignore-not-found')
  })

  test('helm install --wait ends when both replicas are ready, and one leads', async () => {
    await follow(/--create-namespace/)
    await follow(/pod-security/)
    const deployment = await the.api.get(kinds.Deployment, namespace, 'sluice')
    expect(at(deployment?.['status'], 'readyReplicas')).to.equal(2)
    const lease = await the.kubectl.run(
      '-n',
      namespace,
      'get',
      'lease',
      'sluice',
      '-o',
      'jsonpath={.spec.holderIdentity}',
    )
    expect(lease).to.not.equal('')
  })

  test('the test of the chart, with the rights of its ServiceAccount, finds nothing failed', async () => {
    // Helm itself cannot run it here: no pod of the lab ends by itself.
    blockWith(/helm test/)
    const hooks = await helm.run('get', 'hooks', 'sluice', '--namespace', namespace)
    const [container] = recordsOf(at(parse(hooks), 'spec', 'containers'))
    const [pod] = await controllerPods()
    const address = String(at(pod?.['status'], 'podIP'))
    // The lab has no DNS: the URL leads to a pod of the Service.
    const args = listOf(container?.['args']).map(arg => String(arg).replace(`sluice.${namespace}:`, `${address}:`))
    const env = { PATH: process.env['PATH'] ?? '', HOME: the.dir, KUBECONFIG: the.pki.kubeconfig('sluice-account') }
    const said = await run([process.execPath, program, ...args], { env })
    expect(said).to.match(/√ controller-rights/)
    expect(said).to.not.include('×')
  })

  test('a run goes on with the same id through helm upgrade and helm rollback', async () => {
    await shop.apply(
      shop.canary({ analysis: { steps: [{ weight: 20, approve: true }, { weight: 50 }, { weight: 100 }] } }),
    )
    await timeline.untilPhase('Initialized', 90)
    const id = await releaseUpTo20('v2')
    const before = (await controllerPods()).map(({ metadata }) => metadata.name)

    await follow(/helm upgrade/)
    const upgraded = (await controllerPods()).filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    expect(upgraded.map(({ metadata }) => metadata.name)).to.not.have.members(before)
    expect(await runId()).to.equal(id)

    await follow(/helm rollback/)
    expect(await runId()).to.equal(id)
    expect(timeline.last).to.include({ phase: 'Progressing', weight: 20 })

    await releaseToTheEnd()
    expectNoFailure(load)
  })

  test('helm uninstall keeps definitions and Canaries, and takes the rest', async () => {
    await helm.run('uninstall', 'sluice', '--namespace', namespace, '--wait')
    expect(at((await canary())?.['status'], 'phase')).to.equal('Succeeded')
    expect(await present('customresourcedefinitions')).to.include('canaries.sluice.dev')
    for (const kind of ['deployments', 'clusterroles', 'clusterrolebindings', 'services', 'serviceaccounts'])
      expect(await present(kind), kind).to.equal('')
  })

  test('what kubectl has installed is taken over in the middle of a run, with --take-ownership alone', async () => {
    const install = [program, 'install', '--image', `${sluiceImage}:0.1.0`]
    const manifests = await run([process.execPath, ...install], {
      env: { PATH: process.env['PATH'] ?? '', HOME: the.dir },
    })
    const flag = manifests.replace(/args: \[ ?run ?\]/, `args: [run, '--metrics-server=${prometheusUrl}']`)
    expect(flag).to.not.equal(manifests)
    await the.kubectl.apply(flag)
    await the.kubectl.run('-n', namespace, 'rollout', 'status', 'deployment/sluice', timeoutOf(120))
    const id = await releaseUpTo20('v3')

    const adopt = blockWith(/--take-ownership/)
    const refused = await helm.shell(adopt.replace('--take-ownership', ''), reader).then(
      () => '',
      (error: Error) => error.message,
    )
    expect(refused).to.include('invalid ownership metadata')
    await helm.shell(adopt, reader)
    expect(await runId()).to.equal(id)
    await releaseToTheEnd()
    expectNoFailure(load)
  })

  test('removed in the order that the documentation says, it leaves the target serving', async () => {
    await follow(/delete canaries/)
    expect([...unread], 'blocks of docs/helm.md that nothing ran').to.deep.equal([])
    await waitFor('the pods of the controller are gone', 30, async () => (await controllerPods()).length === 0)
    const web = await shop.get(kinds.Deployment, 'web')
    expect(at(web?.['status'], 'readyReplicas')).to.equal(1)
    expectNoFailure(load)
  })
})
