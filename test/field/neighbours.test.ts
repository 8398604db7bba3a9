/** What already serves when a Canary comes: other workloads behind its Service, and what another tool made. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { Pod } from '../../playground/kinds.ts'
import { World } from '../scenarios/world.ts'

suite('field: what serves already', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const deploy = (name: string, labels: Record<string, string>, replicas = 2, by = world.user): void => {
    by.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name, namespace: 'shop' },
      spec: {
        replicas,
        selector: { matchLabels: labels },
        template: {
          metadata: { labels },
          spec: {
            containers: [{ name: 'web', image: 'demo/web:1.0.0', ports: [{ name: 'http', containerPort: 8080 }] }],
          },
        },
      },
    })
  }
  /** A pod that no Deployment made. */
  const pod = (name: string, labels: Record<string, string>): void => {
    world.user.create({
      apiVersion: 'v1',
      kind: 'Pod',
      metadata: { name, namespace: 'shop', labels },
      spec: { containers: [{ name: 'web', image: 'demo/web:1.0.0', ports: [{ containerPort: 8080 }] }] },
    })
  }
  const service = (name: string, selector: Record<string, string> | undefined): void => {
    world.user.create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name, namespace: 'shop' },
      spec: { ...(selector === undefined ? {} : { selector }), ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
  }
  /** Workloads that callers heard lately. */
  const heard = (): string[] => {
    const from = world.clock.now() - 1000
    return ['web', 'web-spot', 'web-primary', 'old'].filter(
      name => world.mesh.count(flow => flow.workload === name, from) > 0,
    )
  }
  const stalled = async (message: RegExp): Promise<void> => {
    const before = heard()
    const untouched = world.object(kinds.Service, 'web')
    world.canary()
    await world.clock.advance(60_000)
    expect(world.status.reason).to.equal('Conflict')
    expect(world.status.message).to.match(message)
    expect(heard()).to.deep.equal(before)
    expect(world.object(kinds.Service, 'web')).to.deep.equal(untouched)
    expect(
      world.user.list(kinds.Deployment, 'shop').map(one => one.metadata.labels?.['sluice.dev/canary']),
    ).not.to.include('web')
  }

  test('F8: a Service in front of two Deployments is a Conflict that names the other, before anything is touched', async () => {
    deploy('web', { app: 'web', pool: 'ondemand' })
    deploy('web-spot', { app: 'web', pool: 'spot' })
    service('web', { app: 'web' })
    await world.clock.advance(5000)
    expect(heard()).to.deep.equal(['web', 'web-spot'])
    await stalled(
      /^Service shop\/web also selects the pods of Deployment shop\/web-spot, which would get no requests any more\. .*by pool: ondemand in addition/,
    )
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { selector: { pool: 'ondemand' } } })
    await world.until('Initialized')
    expect(heard()).to.deep.equal(['web-primary'])
  })

  test('F8, other values: a ReplicaSet of no Deployment stands behind it; one at 0 does not', async () => {
    deploy('web', { app: 'web' })
    deploy('old', { app: 'web', version: 'old' }, 0)
    world.user.create({
      apiVersion: 'apps/v1',
      kind: 'ReplicaSet',
      metadata: { name: 'web-spot', namespace: 'shop' },
      spec: {
        replicas: 1,
        selector: { matchLabels: { app: 'web', tier: 'x' } },
        template: {
          metadata: { labels: { app: 'web', tier: 'x' } },
          spec: { containers: [{ name: 'web', image: 'demo/web:1.0.0', ports: [{ containerPort: 8080 }] }] },
        },
      },
    })
    service('web', { app: 'web' })
    await world.clock.advance(5000)
    await stalled(
      /^Service shop\/web also selects the pods of ReplicaSet shop\/web-spot, which .*by a label that only they have/,
    )
    world.user.delete(kinds.ReplicaSet, 'shop', 'web-spot')
    await world.until('Initialized')
  })

  test('F8, other values: pods of a StatefulSet, of a Job and of nothing stand behind it', async () => {
    deploy('web', { app: 'web' })
    for (const name of ['web-0', 'web-migrate-x7k2p']) pod(name, { app: 'web' })
    service('web', { app: 'web' })
    await world.clock.advance(5000)
    await stalled(
      /^Service shop\/web also selects Pod shop\/web-0 and Pod shop\/web-migrate-x7k2p, which would get no requests any more\. .*by a label that only they have/,
    )
    world.user.delete(Pod, 'shop', 'web-migrate-x7k2p')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(/^Service shop\/web also selects Pod shop\/web-0, which/)
    world.user.delete(Pod, 'shop', 'web-0')
    await world.until('Initialized')
    expect(heard()).to.deep.equal(['web-primary'])
  })

  test('F8, other values: pods of a Deployment and one of nothing; those of a rollout that has just ended are the target’s', async () => {
    deploy('web', { app: 'web' })
    deploy('web-spot', { app: 'web', pool: 'spot' })
    pod('debug', { app: 'web' })
    service('web', { app: 'web' })
    await world.clock.advance(5000)
    await stalled(/^Service shop\/web also selects the pods of Deployment shop\/web-spot, which/)
    world.user.delete(kinds.Deployment, 'shop', 'web-spot')
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(/^Service shop\/web also selects Pod shop\/debug, which/)
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { metadata: { labels: { round: '2' } } } } })
    world.user.delete(Pod, 'shop', 'debug')
    await world.until('Initialized')
    expect(world.events().filter(event => /Pod shop\/web-(?!spot)/.test(event))).to.deep.equal([])
  })

  test('F8, other values: a pod of nothing that comes while the primary starts keeps its requests', async () => {
    deploy('web', { app: 'web' })
    service('web', { app: 'web' })
    await world.clock.advance(5000)
    world.canary()
    await world.clock.runUntil(() => world.object(kinds.Deployment, 'web-primary') !== null, 60_000)
    pod('web-0', { app: 'web' })
    await world.clock.advance(60_000)
    expect(world.status.message).to.match(
      /^Service shop\/web also selects Pod shop\/web-0, which would get no requests/,
    )
    expect(at(world.object(kinds.Service, 'web')?.spec, 'selector')).to.deep.equal({ app: 'web' })
    world.user.delete(Pod, 'shop', 'web-0')
    await world.until('Initialized')
  })

  test('F8, other values: a Service that does not select the target is a Conflict, too', async () => {
    deploy('web', { app: 'web' })
    deploy('old', { app: 'old' })
    service('web', { app: 'old' })
    await world.clock.advance(5000)
    await stalled(
      /^Service shop\/web selects pods by app: old, which the pods of Deployment shop\/web do not have\. It leads to the pods of Deployment shop\/old, which would get no requests any more/,
    )
  })

  test('F8, other values: a Service without a selector is a Conflict, too', async () => {
    deploy('web', { app: 'web' })
    service('web', undefined)
    await world.clock.advance(5000)
    await stalled(/^Service shop\/web has no selector; its manually managed endpoints/)
  })

  test('F8, other values: a Deployment that comes later is a warning, and stops nothing', async () => {
    await world.initialized()
    deploy('web-spot', { app: 'web', pool: 'spot' })
    await world.clock.advance(5000)
    expect(world.events().join('\n')).to.include(
      'Conflict: The pods of Deployment shop/web-spot have app: web, by which Service shop/web was selecting before it was adopted',
    )
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
  })

  test('F8, other values: a copy of the primary that was made by hand gets requests, and is named until it is gone', async () => {
    await world.initialized()
    const primary = world.object(kinds.Deployment, 'web-primary')
    const { labels = {} } = primary?.metadata ?? {}
    world.user.create({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: { name: 'web-debug', namespace: 'shop', labels },
      spec: primary?.spec ?? {},
    })
    await world.clock.advance(10_000)
    expect(world.status.warnings).to.deep.equal([
      {
        reason: 'Conflict',
        message:
          "Service shop/web also leads to the pods of Deployment shop/web-debug, because they have the labels of the primary's: callers reach them, whatever was judged. Delete it, or recreate it with other labels than sluice.dev/role: primary",
      },
    ])
    world.user.delete(kinds.Deployment, 'shop', 'web-debug')
    await world.clock.advance(10_000)
    expect(world.status.warnings).to.equal(undefined)
  })

  test('F8, other values: a second Canary of the Service says that it is ignored, and nothing of the first one’s pods', async () => {
    await world.initialized()
    deploy('web2', { app: 'web2' })
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata: { name: 'web2', namespace: 'shop' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web2' },
        service: { name: 'web', port: 80, targetPort: 8080 },
        analysis: {},
      },
    })
    await world.clock.advance(10_000)
    const { reason, warnings }: CanaryStatus = world.object(kinds.Canary, 'web2')?.['status'] ?? {}
    expect([reason, warnings]).to.deep.equal(['Conflict', undefined])
  })

  test('N3: what Flagger made serves, so the advice is the way back, and not to delete it', async () => {
    deploy('web', { app: 'web' }, 0)
    deploy('web-primary', { app: 'web-primary' }, 2, world.api.as('flagger'))
    service('web', { app: 'web-primary' })
    await world.clock.advance(5000)
    expect(heard()).to.deep.equal(['web-primary'])
    await stalled(/^Deployment shop\/web-primary was made by Flagger, .*It serves: Service shop\/web selects its pods/)
    expect(world.status.message)
      .to.include('docs/migrating-from-flagger.md')
      .and.not.match(/rename or delete/i)
  })

  test('N3, other values: told by its field manager, a Service of Flagger to which its VirtualService leads', async () => {
    world.deploy()
    world.api.as('flagger').create({
      apiVersion: 'v1',
      kind: 'Service',
      metadata: { name: 'web-primary', namespace: 'shop' },
      spec: { selector: { app: 'web' }, ports: [{ name: 'http', port: 80, targetPort: 8080 }] },
    })
    world.api.as('flagger').create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { hosts: ['web'], http: [{ route: [{ destination: { host: 'web-primary' }, weight: 100 }] }] },
    })
    await world.clock.advance(5000)
    expect(heard()).to.deep.equal(['web'])
    await stalled(/^Service shop\/web-primary was made by Flagger, .*It serves: VirtualService shop\/web leads to it/)
    expect(world.status.message)
      .to.include('docs/migrating-from-flagger.md')
      .and.not.match(/rename or delete/i)
  })

  test('N3, other values: what somebody else made serves, and that is said before anything is advised', async () => {
    deploy('web', { app: 'web' })
    deploy('web-primary', { app: 'mine' })
    service('web', { app: 'mine' })
    await world.clock.advance(5000)
    await stalled(
      /It serves: Service shop\/web selects its pods\. Let that Service select ready pods of Deployment web, then/,
    )
    world.user.merge(kinds.Service, 'shop', 'web', { spec: { selector: { app: 'web' } } })
    await world.clock.advance(1000)
    world.user.delete(kinds.Deployment, 'shop', 'web-primary')
    await world.until('Initialized')
  })
})
