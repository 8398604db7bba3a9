/** What people and Reloader do to the two workloads with kubectl, beside the Canary, once and again. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { World } from '../scenarios/world.ts'

suite('field: hands at the workloads', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const deployment = (name: string): KubeObject => {
    const found = world.object(kinds.Deployment, name)
    if (found === null) throw new Error(`Deployment ${name} is not there`)
    return found
  }
  const merge = (by: string, name: string, patch: object): void => {
    world.api.as(by).merge(kinds.Deployment, 'shop', name, patch as Record<string, unknown>)
  }
  const annotate = (by: string, name: string, annotations: Record<string, string>): void =>
    merge(by, name, { spec: { template: { metadata: { annotations } } } })
  /** `kubectl rollout restart`, now. */
  const restart = (name: string): void => {
    const restartedAt = new Date(world.clock.now()).toISOString()
    annotate('kubectl-rollout', name, { 'kubectl.kubernetes.io/restartedAt': restartedAt })
  }
  /** Reloader with its strategy env-vars. */
  const reload = (name: string, value: string): void => {
    const [container] = recordsOf(at(deployment(name).spec, 'template', 'spec', 'containers'))
    const others = recordsOf(container?.['env']).filter(one => one['name'] !== 'STAKATER_DB_SECRET')
    const env = [...others, { name: 'STAKATER_DB_SECRET', value }]
    merge('Reloader', name, { spec: { template: { spec: { containers: [{ ...container, env }] } } } })
  }
  const pods = (name: string): string[] =>
    world.user
      .list(kinds.ReplicaSet, 'shop')
      .filter(set => set.metadata.ownerReferences?.[0]?.name === name && Number(at(set.spec, 'replicas')) > 0)
      .map(set => set.metadata.name)
  /** Acts on the primary, and sees that other pods serve from then on, whatever is changed about the target's metadata. */
  const restartsThePrimary = async (act: () => void): Promise<void> => {
    const before = pods('web-primary')
    act()
    await world.clock.advance(60_000)
    const after = pods('web-primary')
    expect(after).to.have.length(1).and.not.deep.equal(before)
    merge('kubectl', 'web', { metadata: { labels: { team: String(world.clock.now()) } } })
    await world.clock.advance(60_000)
    expect(deployment('web-primary').metadata.labels?.['team']).to.be.a('string')
    expect(pods('web-primary')).to.deep.equal(after)
  }
  const released = async (act: () => void): Promise<void> => {
    const before = world.status.lastPromotedSpec
    act()
    await world.clock.runUntil(() => world.status.phase === 'Progressing', 60_000)
    await world.until('Succeeded')
    expect(world.status.lastPromotedSpec).not.to.equal(before)
    await world.clock.advance(30_000)
  }
  const replicas = (name: string): unknown => at(deployment(name).spec, 'replicas')
  const said = (pattern: RegExp): string[] => world.events().filter(event => pattern.test(event))

  test("F11: Reloader's restart of the primary stays, and the second one after it was released, too", async () => {
    await world.initialized()
    await restartsThePrimary(() => reload('web-primary', 'abc'))
    await released(() => reload('web', 'abc'))
    await restartsThePrimary(() => reload('web-primary', 'def'))
    expect(said(/EditReverted/)).to.deep.equal([])
  })

  test('F11, other values: the same with the strategy annotations, and in mid-run', async () => {
    const from = (hash: string): Record<string, string> => ({
      'reloader.stakater.com/last-reloaded-from': `{"hash":"${hash}"}`,
    })
    await world.initialized()
    await released(() => annotate('Reloader', 'web', from('1')))
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    const before = pods('web-primary')
    annotate('Reloader', 'web-primary', from('2'))
    await world.clock.advance(5000)
    expect(pods('web-primary')).to.have.length(1).and.not.deep.equal(before)
    await world.until('Succeeded')
    await restartsThePrimary(() => annotate('Reloader', 'web-primary', from('3')))
    await restartsThePrimary(() => annotate('Reloader', 'web-primary', from('4')))
  })

  test('F11, other values: kubectl rollout restart of the primary, before and after one of the target was released', async () => {
    await world.initialized()
    await restartsThePrimary(() => restart('web-primary'))
    await released(() => restart('web'))
    await restartsThePrimary(() => restart('web-primary'))
    await restartsThePrimary(() => restart('web-primary'))
  })

  test('F11, other values: a restart is kept, an edit beside it is not', async () => {
    await world.initialized()
    restart('web-primary')
    await world.clock.advance(60_000)
    const after = pods('web-primary')
    const [container] = recordsOf(at(deployment('web-primary').spec, 'template', 'spec', 'containers'))
    const env = [{ name: 'DEBUG', value: '1' }]
    merge('kubectl-edit', 'web-primary', { spec: { template: { spec: { containers: [{ ...container, env }] } } } })
    await world.clock.advance(60_000)
    expect(pods('web-primary')).to.deep.equal(after)
    expect(said(/EditReverted: kubectl-edit changed the pod template of Deployment web-primary/)).to.have.length(1)
  })

  test('F15: what kubectl says to do in mid-run, resume and undo, is answered with what to type', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    merge('kubectl-rollout', 'web', { spec: { paused: null } })
    await world.clock.advance(1000)
    expect(at(deployment('web').spec, 'paused')).to.equal(true)
    const events = said(/EditReverted/)
    expect(events).to.have.length(1)
    expect(events[0]).to.match(
      /An unknown client resumed Deployment web, which Sluice keeps paused while the pods of \w+ \(\S+\) are judged; it is paused again\./,
    )
    expect(events[0]).to.include(
      'To stop the release, set the image back, or: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/abort="$(date +%s) why" --overwrite',
    )
    world.annotate('abort', '1 why')
    await world.until('Failed')
  })

  test('F15, other values: a second time within the minute is answered again; set back, the release is withdrawn', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
    for (const by of ['kubectl-rollout', 'kubectl-patch', 'kubectl-rollout']) {
      merge(by, 'web', { spec: { paused: false } })
      await world.clock.advance(2000)
    }
    expect(said(/EditReverted: An unknown client resumed/)).to.have.length(3)
    world.setImage('demo/web:1.0.0')
    await world.until('Succeeded')
    expect(world.status.reason).to.equal('Withdrawn')
  })

  test('F15, other values: rollout undo at rest starts a release of what was promoted before, and says the short way', async () => {
    await world.initialized()
    await released(() => world.setImage('demo/web:1.1.0'))
    world.setImage('demo/web:1.0.0')
    await world.until('Progressing 10')
    expect(
      said(/NewRevision: .*It was promoted before; to promote it without the steps: .* sluice\.dev\/approve="/),
    ).to.have.length(1)
  })

  test('F15, other values: rollout undo of the primary is put back, and says the command', async () => {
    await world.initialized()
    await released(() => world.setImage('demo/web:1.1.0'))
    const container = { name: 'web', image: 'demo/web:1.0.0', ports: [{ name: 'http', containerPort: 8080 }] }
    merge('kubectl-rollout', 'web-primary', { spec: { template: { spec: { containers: [container] } } } })
    await world.clock.advance(30_000)
    expect(at(deployment('web-primary').spec, 'template', 'spec', 'containers')).to.have.nested.property(
      '[0].image',
      'demo/web:1.1.0',
    )
    expect(
      said(/EditReverted: kubectl-rollout changed .*to go back to the revision before: .* sluice\.dev\/rollback="/),
    ).to.have.length(1)
  })

  test('F15, other values: set image on the primary in mid-run is put back, and the Event names what it runs', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    for (const image of ['demo/web:9.0.0', 'demo/web:8.0.0']) {
      const container = { name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }
      merge('kubectl-set', 'web-primary', { spec: { template: { spec: { containers: [container] } } } })
      await world.clock.advance(3000)
    }
    expect(
      said(/EditReverted: kubectl-set changed .* which runs \w{10} \(web:1\.0\.0\); the change is/),
    ).to.have.length(2)
  })

  test('kubectl scale of the target at rest is a wish, time and again', async () => {
    await world.initialized()
    for (const wish of [4, 3, 5]) {
      merge('kubectl', 'web', { spec: { replicas: wish } })
      await world.clock.advance(60_000)
      expect([replicas('web'), replicas('web-primary')]).to.deep.equal([0, wish])
      expect(said(new RegExp(`ReplicasChanged: kubectl asked for ${wish} replicas of Deployment web:`))).to.have.length(
        1,
      )
    }
  })

  test('kubectl scale of the primary is a wish, at rest and in mid-run, and is not undone by what comes later', async () => {
    await world.initialized()
    merge('kubectl', 'web-primary', { spec: { replicas: 5 } })
    await world.clock.advance(30_000)
    expect([replicas('web'), replicas('web-primary')]).to.deep.equal([0, 5])
    expect(said(/ReplicasChanged: kubectl asked for 5 replicas of Deployment web-primary/)).to.have.length(1)
    merge('kubectl', 'web', { spec: { replicas: 3 } })
    await world.clock.advance(30_000)
    expect([replicas('web'), replicas('web-primary')]).to.deep.equal([0, 3])
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    merge('kubectl', 'web-primary', { spec: { replicas: 4 } })
    await world.clock.advance(5000)
    expect([replicas('web'), replicas('web-primary')]).to.deep.equal([4, 4])
    await world.until('Succeeded')
    await world.clock.advance(30_000)
    expect([replicas('web'), replicas('web-primary')]).to.deep.equal([0, 4])
  })

  test('kubectl scale of the primary to 0 takes no service down', async () => {
    await world.initialized()
    merge('kubectl', 'web-primary', { spec: { replicas: 0 } })
    await world.clock.advance(30_000)
    expect(replicas('web-primary')).to.equal(2)
    expect(
      said(/EditReverted: kubectl scaled Deployment web-primary to 0; it serves, so it is scaled to 2 again/),
    ).to.have.length(1)
  })

  test('kubectl scale of the target to 0 in mid-run stops no release, and says what does', async () => {
    await world.initialized()
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    merge('kubectl', 'web', { spec: { replicas: 0 } })
    await world.clock.advance(20_000)
    expect(replicas('web')).to.equal(2)
    expect(
      said(
        /EditReverted: kubectl scaled Deployment web to 0 in a release; it is scaled up again\..* sluice\.dev\/abort="/,
      ),
    ).to.have.length(1)
    world.annotate('abort', '1 why')
    await world.until('Failed')
  })
})
