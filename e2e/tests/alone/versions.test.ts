/** A controller is upgraded and taken back in the middle of a release: the run keeps its id, none is started, and no request is lost. */
import { expect } from 'chai'
import { join } from 'node:path'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordsOf } from '../../../src/core/json.ts'
import { recorded, recordedVersions } from '../../../test/recorded/files.ts'
import { moments } from '../../../test/recorded/moments.ts'
import { pathOf } from '../../lab/api.ts'
import { Controller, installCrds } from '../../fixtures/controller.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { buildOlderVersion, type Older } from '../../fixtures/older-version.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { run } from '../../lab/program.ts'
import { waitFor } from '../../lab/wait.ts'

suite('Objects of earlier versions', () => {
  const namespace = 'recorded'
  const ours = [kinds.MetricTemplate, kinds.AlertProvider, kinds.Canary] as const
  let the: Lab

  suiteSetup(async () => {
    the = await lab()
    await installCrds(the)
    await the.kubectl.apply([{ apiVersion: 'v1', kind: 'Namespace', metadata: { name: namespace } }])
  })
  suiteTeardown(async () => {
    await the.kubectl.run('delete', 'namespace', namespace, '--wait=false')
  })

  for (const version of recordedVersions()) {
    for (const { name } of moments) {
      test(`of ${version}, ${name}, are stored by the API server with every field`, async () => {
        const objects = recorded(version, name).snapshot.objects.flatMap(one => one.objects)
        for (const kind of ours) {
          const object = objects.find(one => one.kind === kind.kind)
          if (object === undefined) throw new Error(`no ${kind.kind} was recorded`)
          const { annotations, labels } = object.metadata
          const metadata = { name: object.metadata.name, namespace, annotations, labels }
          await the.api.create(kind, { ...object, metadata } as KubeObject)
          const path = pathOf(kind, namespace, metadata.name)
          const stored = await the.api.patch(`${path}/status`, { status: object['status'] })
          expect(stored['spec'], `spec of ${kind.kind}`).to.deep.equal(object['spec'])
          expect(stored['status'], `status of ${kind.kind}`).to.deep.equal(object['status'])
          await the.api.call('DELETE', path)
        }
      })
    }
  }
})

suite('Old, new, and old again', () => {
  let the: Lab
  let older: Older
  const controllers: Controller[] = []

  suiteSetup(async () => {
    the = await lab()
    older = await buildOlderVersion(join(the.dir, 'older'))
  })
  suiteTeardown(async () => {
    await Promise.all(controllers.map(controller => controller.close()))
  })

  const start = async (version: 'old' | 'new'): Promise<Controller> => {
    const launch = { command: [process.execPath, older.program] as const, kubeconfig: the.pki.kubeconfig('sluice') }
    const flags = ['--leader-elect=true']
    const started = version === 'old' ? await Controller.start(the, flags, launch) : await Controller.start(the, flags)
    controllers.push(started)
    return started
  }

  /** As a rolling update does it: the next one runs and waits before the leader is told to end. */
  const replace = async (leader: Controller, version: 'old' | 'new'): Promise<Controller> => {
    const next = await start(version)
    expect((await leader.stop()).code).to.equal(0)
    await waitFor('the next controller leads', 30, async () => {
      const holder = await the.kubectl.run(
        '-n',
        'sluice-system',
        'get',
        'lease',
        'sluice',
        '-o',
        'jsonpath={.spec.holderIdentity}',
      )
      return holder === next.identity
    })
    return next
  }

  test('the run keeps its id through both, none is started at rest, and no request is lost', async () => {
    const current = await run([
      process.execPath,
      new URL('../../../dist/sluice.js', import.meta.url).pathname,
      '--version',
    ])
    expect(older.version).to.not.equal(current.trim())
    let leader = await start('old')
    await Shop.within(the, 'versions', async shop => {
      const status = async (): Promise<unknown> => (await shop.get(kinds.Canary, 'web'))?.['status']
      const runId = async (): Promise<unknown> => at(await status(), 'run', 'id')
      await shop.deployWeb({ version: 'v1' })
      await shop.reachable('client')
      const load = shop.load('client', { rate: 50 })
      const timeline = shop.timeline()
      await shop.apply(
        shop.canary({ analysis: { steps: [{ weight: 20, approve: true }, { weight: 60 }, { weight: 100 }] } }),
      )
      await timeline.untilPhase('Initialized', 90)

      // At rest.
      leader = await replace(leader, 'new')
      leader = await replace(leader, 'old')
      expect([at(await status(), 'phase'), await runId()]).to.deep.equal(['Initialized', undefined])

      // In a run, which waits at a weight.
      const pushed = await shop.setImage('v2')
      await timeline.untilReason('WaitingForApproval', 90, pushed)
      const id = await runId()
      expect(id).to.be.a('string')
      leader = await replace(leader, 'new')
      expect(await runId()).to.equal(id)
      leader = await replace(leader, 'old')
      expect(await runId()).to.equal(id)
      await shop.kubectl('annotate', 'canaries.sluice.dev', 'web', `sluice.dev/approve=${Date.now()}`)
      await timeline.untilWeight(60, 60, pushed)
      // In a run that moves.
      leader = await replace(leader, 'new')
      await timeline.untilPhase('Succeeded', 120, pushed)
      expect(timeline.weights(pushed)).to.deep.equal([20, 60, 100, 0])
      expect(recordsOf(at(await status(), 'history')).map(one => one['id'])).to.deep.equal([id])
      expectNoFailure(load)
    })
  })
})
