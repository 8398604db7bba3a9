/** What users bring along from Flagger and Helm: annotations and empty values that must keep their meaning. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { World } from '../scenarios/world.ts'

const minute = 60_000

suite('configuration that Flagger does not track', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  type Kind = 'ConfigMap' | 'Secret'
  interface Given {
    readonly kind: Kind
    readonly annotations: Record<string, string>
    /** Of the container of Deployment web. */
    readonly mounts: Record<string, unknown>
  }

  /** Deployment web mounts the object, and Sluice is at rest. */
  async function atRest({ kind, annotations, mounts }: Given): Promise<void> {
    world.user.create({
      apiVersion: 'v1',
      kind,
      metadata: { name: 'db', namespace: 'shop', annotations },
      ...content(kind, 'old'),
    })
    world.deploy()
    world.user.merge(kinds.Deployment, 'shop', 'web', {
      spec: { template: { spec: { containers: [{ ...container, ...mounts }] } } },
    })
    await world.clock.advance(5000)
    world.canary()
    await world.until('Initialized')
    await world.clock.advance(20_000)
  }

  const container = { name: 'web', image: 'demo/web:1.0.0', ports: [{ name: 'http', containerPort: 8080 }] }
  const content = (kind: Kind, password: string) =>
    kind === 'Secret' ? { stringData: { password } } : { data: { password } }
  const primaryTemplate = (): string => JSON.stringify(world.object(kinds.Deployment, 'web-primary')?.spec)
  const named = (kind: Kind): string[] => world.user.list(kinds[kind], 'shop').map(one => one.metadata.name)

  async function staysOutOfReleases(given: Given): Promise<void> {
    await atRest(given)
    expect(primaryTemplate()).to.match(/"name":"db"|"secretName":"db"/)
    expect(named(given.kind)).to.deep.equal(['db'])
    const before = world.status.lastAppliedSpec
    world.user.merge(kinds[given.kind], 'shop', 'db', content(given.kind, 'new'))
    await world.clock.advance(2 * minute)
    expect([world.status.phase, world.status.lastAppliedSpec]).to.deep.equal(['Initialized', before])
  }

  test('F10: a Secret with flagger.app/config-tracking: disabled is mounted as it is, and its change starts no run', () =>
    staysOutOfReleases({
      kind: 'Secret',
      annotations: { 'flagger.app/config-tracking': 'disabled' },
      mounts: { envFrom: [{ secretRef: { name: 'db' } }] },
    }))

  test('F10, other values: a ConfigMap, and any value that starts with disable', () =>
    staysOutOfReleases({
      kind: 'ConfigMap',
      annotations: { 'flagger.app/config-tracking': 'disable' },
      mounts: { env: [{ name: 'PASSWORD', valueFrom: { configMapKeyRef: { name: 'db', key: 'password' } } }] },
    }))

  test("F10, other values: Sluice's own annotation decides over Flagger's", async () => {
    await atRest({
      kind: 'ConfigMap',
      annotations: { 'sluice.dev/config-tracking': 'enabled', 'flagger.app/config-tracking': 'disabled' },
      mounts: { envFrom: [{ configMapRef: { name: 'db' } }] },
    })
    world.user.merge(kinds.ConfigMap, 'shop', 'db', content('ConfigMap', 'new'))
    await world.until('Progressing 10', minute)
    expect(world.events().find(event => event.startsWith('NewRevision'))).to.match(
      /: New revision \w{10} \(web:1\.0\.0\) with changed configuration: starting its pods$/,
    )
  })

  test('F10, other values: in mid-run the release starts over, says why, and both sides mount the original in the end', async () => {
    await atRest({ kind: 'Secret', annotations: {}, mounts: { envFrom: [{ secretRef: { name: 'db' } }] } })
    expect(primaryTemplate()).to.match(/"name":"db-/)
    const containers = [{ ...container, image: 'demo/web:1.1.0', envFrom: [{ secretRef: { name: 'db' } }] }]
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers } } } })
    await world.until('Progressing 25')
    world.user.merge(kinds.Secret, 'shop', 'db', {
      metadata: { annotations: { 'flagger.app/config-tracking': 'disabled' } },
    })
    await world.clock.advance(1000)
    expect([world.stand, world.status.message?.replace(/[0-9a-f]{10}/g, '…')]).to.deep.equal([
      'Progressing 0',
      'Revision … (web:1.1.0) with changed configuration replaces … (web:1.1.0) at weight 25; the release starts over',
    ])
    await world.until('Succeeded')
    expect(primaryTemplate()).to.match(/"name":"db"/)
    world.user.merge(kinds.Secret, 'shop', 'db', content('Secret', 'new'))
    await world.clock.advance(2 * minute)
    expect(world.status.phase).to.equal('Succeeded')
  })
})

suite('values that say nothing', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const port = { port: 80, targetPort: 8080 }

  /** Accepted, and a release with it goes the way of a Canary without these fields. */
  async function isReleased(spec: Record<string, unknown>): Promise<void> {
    await world.initialized(spec)
    world.setImage('demo/web:1.1.0')
    for (const weight of [10, 25, 50, 100]) await world.until(`Progressing ${weight}`)
    await world.until('Succeeded')
  }

  test('N4: empty values that Helm prints are accepted and mean nothing', () =>
    isReleased({
      suspend: false,
      analysis: {
        interval: '10s',
        threshold: 2,
        webhooks: [],
        alerts: [],
        match: [],
        mirror: false,
        mirrorWeight: 0,
        iterations: 0,
      },
      service: { ...port, gatewayRefs: [], backends: [], meshName: '' },
    }))

  test('N4, other values: empty objects, texts and numbers of fields that are supported and of those that are not', () =>
    isReleased({
      provider: '',
      progressDeadlineSeconds: 0,
      autoscalerRef: { apiVersion: '', kind: '', name: '' },
      analysis: {
        interval: '10s',
        checkInterval: '',
        threshold: 2,
        stepWeight: 0,
        stepWeights: [],
        maxWeight: 0,
        canaryReadyThreshold: 0,
        metrics: [],
        sessionAffinity: {},
      },
      service: { ...port, name: '', hosts: [], gateways: [], match: [], retries: {}, trafficPolicy: {}, timeout: '' },
    }))

  test('N4, other values: suspend: true pauses, and the message names it', async () => {
    await world.initialized({ suspend: true })
    world.setImage('demo/web:1.1.0')
    await world.until('Waiting', minute)
    expect(world.status.message).to.match(/^Revision \w+ \(web:1\.1\.0\) is waiting: spec\.suspend is true$/)
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { suspend: false } })
    await world.until('Progressing 10', minute)
  })
})
