/**
 * From an empty cluster to a release under Argo CD's rules, by the blocks of the documentation in their order: the installation of
 * docs/helm.md, then docs/argo-cd.md, with the Deployment and the Canary of the README in Git.
 */
import { expect } from 'chai'
import { dirname, join } from 'node:path'
import { parse } from 'yaml'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordOf, recordsOf, textOf } from '../../../src/core/json.ts'
import { blocks, fenced, read, root } from '../../../test/docs/pages.ts'
import { Delivered } from '../../fixtures/application.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { explain } from '../../fixtures/explain.ts'
import { Load } from '../../fixtures/load.ts'
import { withPatience } from '../../fixtures/shop.ts'
import { hasArgoCd, withArgoCd, withoutArgoCd } from '../../lab/argocd.ts'
import { Helm } from '../../lab/helm.ts'
import { takingOver, withInjector } from '../../lab/injector.ts'
import { type Lab, lab, sluiceImage } from '../../lab/lab.ts'
import { prometheusUrl } from '../../lab/prometheus.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

/** The registry and the Prometheus of the lab, in place of the reader's. */
const reader = { REGISTRY: dirname(sluiceImage), PROMETHEUS: prometheusUrl }

/** A part of a page, from its heading to the next one of that level. */
const section = (page: string, heading: string): string => {
  const [, after = ''] = read(page).text.split(new RegExp(`^## ${heading}$`, 'm'))
  return after.split(/^## /m)[0] ?? ''
}
const commands = (page: string, heading: string): string[] =>
  fenced({ path: page, text: section(page, heading) }).flatMap(({ language, body, mark }) =>
    language === 'sh' && mark === undefined ? [body] : [],
  )
const readmeHas = (kind: string): KubeObject => {
  const found = blocks(read('README.md'), 'yaml').map(text => parse(withPatience(text)) as KubeObject)
  const object = found.find(one => one.kind === kind)
  if (object === undefined) throw new Error(`README.md has no ${kind}`)
  return object
}

suite('From nothing to a release under Argo CD', function () {
  this.timeout(1_260_000)
  if (!hasArgoCd) return
  let the: Lab
  let helm: Helm
  let load: Load | undefined

  const status = async (): Promise<unknown> => (await the.api.get(kinds.Canary, 'shop', 'web'))?.['status']
  const untilPhase = async (phase: string, seconds: number): Promise<void> => {
    await waitFor(
      `the Canary is ${phase}`,
      seconds,
      async () => at(await status(), 'phase') === phase,
      () => undefined,
    )
  }

  suiteSetup(async () => {
    the = await lab()
    helm = new Helm(the)
    await the.kubectl.run('delete', '-f', join(root, 'crds'), '--ignore-not-found')
    await withArgoCd(the)
    await withInjector(the)
  })
  teardown(async function (this: Mocha.Context) {
    if (this.currentTest?.state === 'failed') await explain(this.currentTest.err, 'shop')
  })
  suiteTeardown(async () => {
    await load?.stop()
    await withoutArgoCd()
    await the.kubectl.run('delete', 'namespace', 'shop', '--ignore-not-found', timeoutOf(120))
    await the.kubectl.run('-n', 'sluice-system', 'delete', 'lease', 'sluice', '--ignore-not-found')
  })

  test('the blocks of docs/helm.md and docs/argo-cd.md, in their order, end in a release that is Synced and Healthy', async () => {
    for (const command of commands('docs/helm.md', 'Install')) await helm.shell(command, reader)
    for (const command of commands('docs/argo-cd.md', 'Health and actions')) await helm.shell(command, reader)

    const inMesh = { name: 'shop', labels: { 'istio-injection': 'enabled' } }
    await the.kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: inMesh }, takingOver('shop', 9898)])
    const delivered = new Delivered(the, 'web')
    const web = readmeHas('Deployment')
    const inGit = (tag: string): KubeObject => {
      const { replicas: _, ...spec } = recordOf(web['spec'])
      return JSON.parse(JSON.stringify({ ...web, spec }).replace('podinfo:6.0.0', `podinfo:${tag}`)) as KubeObject
    }
    const canary = readmeHas('Canary')
    await delivered.push(inGit('6.0.0'), canary)
    const [shown = ''] = fenced({ path: '', text: section('docs/argo-cd.md', 'What belongs in Git') }).map(
      one => one.body,
    )
    const own = shown.replace(/repoURL: .*/, `repoURL: ${delivered.repository.url}`).replace('path: web', 'path: app')
    await the.kubectl.apply(own)
    await untilPhase('Initialized', 120)
    await delivered.untilSynced()
    load = new Load({ via: 'client', host: 'web.shop.svc.cluster.local', rate: 40 })
    await load.answered(20, Date.now())

    const healths = new Set<string>()
    await delivered.push(inGit('6.0.1'), canary)
    await waitFor('the release is over, and the Application Healthy', 240, async () => {
      const said = await delivered.status()
      const health = textOf(at(said, 'health', 'status'))
      healths.add(health)
      return health === 'Healthy' && at(await status(), 'phase') === 'Succeeded'
    })
    await delivered.untilSynced()
    expect([...healths])
      .to.include('Progressing')
      .and.to.not.include.members(['Degraded'])
    const primary = await the.api.get(kinds.Deployment, 'shop', 'web-primary')
    expect(JSON.stringify(primary?.['spec'])).to.include('podinfo:6.0.1')
    expect(recordsOf(at(await status(), 'history')).map(one => one['outcome'])).to.deep.equal(['Succeeded'])
    expectNoFailure(load)

    await load.stop()
    await delivered.remove()
    for (const command of commands('docs/helm.md', 'Removal')) await helm.shell(command, reader)
    expect(at((await the.api.get(kinds.Deployment, 'shop', 'web'))?.['status'], 'readyReplicas')).to.equal(1)
  })
})
