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
  })
})
