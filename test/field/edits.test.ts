/** What Sluice owns, edited or deleted by hand, at rest and in a run, once and again: it is put right, and an Event names the writer. */
import { expect } from 'chai'
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import { at, type Json, recordsOf } from '../../src/core/json.ts'
import { sampled } from '../sampled.ts'
import { eventsOf, midRun } from '../scenarios/witness.ts'
import { World } from '../scenarios/world.ts'

const policy = { trafficPolicy: { connectionPool: { tcp: { maxConnections: 100 } } } }
const autoscalerRef = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name: 'web' }
const held = { analysis: { interval: '10s', threshold: 2, steps: [{ weight: 25, hold: '10m' }] } }

interface Hand {
  readonly name: string
  readonly kind: Kind
  readonly object: string
  /** A merge patch; null: it is deleted. */
  readonly patch: Json | null
  /** The end of the Event's message. */
  readonly says: string
  readonly spec?: Json
}

const put = 'the change is reverted'
const again = 'was deleted; it is created again'
const followsTarget = `${put}. It follows Deployment web: change that`

const hands: readonly Hand[] = [
  {
    name: 'the number of a port, which an apply would add a second time',
    kind: kinds.Service,
    object: 'web-primary',
    patch: { spec: { ports: [{ name: 'http', port: 81, targetPort: 8080 }] } },
    says: put,
  },
  {
    name: 'the protocol of a port',
    kind: kinds.Service,
    object: 'web-canary',
    patch: { spec: { ports: [{ name: 'http', port: 80, protocol: 'UDP', targetPort: 8080 }] } },
    says: put,
  },
  {
    name: 'the type of a Service',
    kind: kinds.Service,
    object: 'web-primary',
    patch: { spec: { type: 'ExternalName', externalName: 'elsewhere.example.com' } },
    says: put,
  },
  {
    name: 'what a Service selects',
    kind: kinds.Service,
    object: 'web-canary',
    patch: { spec: { selector: { app: 'other' } } },
    says: put,
  },
  {
    name: 'what the Service of the callers selects',
    kind: kinds.Service,
    object: 'web',
    patch: { spec: { selector: { app: 'other' } } },
    says: 'what the Canary says of it is put back',
  },
  {
    name: 'the hosts of the VirtualService',
    kind: kinds.VirtualService,
    object: 'web',
    patch: { spec: { hosts: ['elsewhere'] } },
    says: put,
  },
  {
    name: 'the policy of a DestinationRule',
    kind: kinds.DestinationRule,
    object: 'web-primary',
    patch: { spec: { trafficPolicy: { connectionPool: { tcp: { maxConnections: 1 } } } } },
    says: put,
    spec: { service: { port: 80, targetPort: 8080, ...policy } },
  },
  {
    name: 'the strategy of the primary',
    kind: kinds.Deployment,
    object: 'web-primary',
    patch: { spec: { strategy: { type: 'Recreate', rollingUpdate: null } } },
    says: followsTarget,
  },
  {
    name: 'a label of the primary',
    kind: kinds.Deployment,
    object: 'web-primary',
    patch: { metadata: { labels: { app: 'other' } } },
    says: followsTarget,
  },
  {
    name: 'that the primary is not paused',
    kind: kinds.Deployment,
    object: 'web-primary',
    patch: { spec: { paused: true } },
    says: 'To hold releases: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/pause="$(date +%s) why" --overwrite',
  },
  {
    name: 'the limits of the copy of an autoscaler',
    kind: kinds.HorizontalPodAutoscaler,
    object: 'web-primary',
    patch: { spec: { maxReplicas: 20 } },
    says: put,
    spec: { autoscalerRef },
  },
  { name: 'that there is a Service', kind: kinds.Service, object: 'web-primary', patch: null, says: again },
  { name: 'that there is a VirtualService', kind: kinds.VirtualService, object: 'web', patch: null, says: again },
  { name: 'that there is a primary', kind: kinds.Deployment, object: 'web-primary', patch: null, says: again },
]

/** What it says, without what the API server assigns and takes away with the type of a Service. */
const said = ({ metadata: { labels }, spec }: KubeObject): unknown => {
  const { clusterIP: _, clusterIPs: __, externalName: ___, ...rest } = spec as Json
  return { labels, ...rest }
}

suite('field: edits of what Sluice owns', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const autoscale = (): void => {
    world.user.create({
      apiVersion: 'autoscaling/v2',
      kind: 'HorizontalPodAutoscaler',
      metadata: { name: 'web', namespace: 'shop' },
      spec: { scaleTargetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }, maxReplicas: 6 },
    })
  }

  async function expectPutRight({ kind, object, patch, says }: Hand, by: string): Promise<void> {
    const before = world.object(kind, object)
    const told = eventsOf(world, 'EditReverted').length
    if (before === null) throw new Error(`${kind.kind} ${object} is not there`)
    if (patch === null) world.user.delete(kind, 'shop', object)
    else world.api.as(by).merge(kind, 'shop', object, patch)
    await world.clock.advance(12_000)
    const after = world.object(kind, object)
    expect(after === null ? null : said(after)).to.deep.equal(said(before))
    const events = eventsOf(world, 'EditReverted').slice(told)
    expect(events).to.have.lengthOf(1)
    expect(events[0]).to.match(new RegExp(`^EditReverted: ${patch === null ? '' : `${by} .*`}${kind.kind} ${object}`))
    expect(events[0]?.endsWith(says), events[0]).to.equal(true)
  }

  for (const [moment, row] of sampled(
    hands.flatMap(one => (['at rest', 'in a run'] as const).map(when => [when, one] as const)),
    3,
  )) {
    test(`${row.name}, changed ${moment} by one client and by another, is put right each time`, async () => {
      if (row.spec?.['autoscalerRef'] !== undefined) autoscale()
      if (moment === 'at rest') await world.initialized(row.spec)
      else await midRun(world, { ...held, ...row.spec })
      await world.clock.advance(5000)
      await expectPutRight(row, 'kubectl-edit')
      await expectPutRight(row, 'lens')
    })
  }

  test('what follows an object of the user’s is told with its name, and what the Canary says of that object is put back', async () => {
    autoscale()
    await world.initialized({ autoscalerRef })
    const ports = recordsOf(at(world.object(kinds.Service, 'web')?.spec, 'ports'))
    const admin = { name: 'http-admin', port: 9090, targetPort: 8080 }
    const acts: readonly [Kind, Json][] = [
      [kinds.Service, { spec: { ports: [...ports, admin] } }],
      [kinds.Service, { spec: { selector: { app: 'other' } } }],
      [kinds.HorizontalPodAutoscaler, { spec: { maxReplicas: 9 } }],
      [kinds.Deployment, { spec: { minReadySeconds: 5 } }],
    ]
    for (const [kind, patch] of acts) {
      world.api.as('helm').merge(kind, 'shop', 'web', patch)
      await world.clock.advance(20_000)
    }
    expect(world.events().filter(event => /^(ObjectsUpdated|EditReverted)/.test(event))).to.deep.equal([
      'ObjectsUpdated: Updated VirtualService web, Service web-primary, Service web-canary after a change of Service web',
      'EditReverted: helm changed Service web; what the Canary says of it is put back',
      'ObjectsUpdated: Updated HorizontalPodAutoscaler web-primary after a change of HorizontalPodAutoscaler web',
      'ObjectsUpdated: Updated Deployment web-primary after a change of Deployment web',
    ])
  })

  test('what a newer Sluice, or another flag, changes is nobody’s edit, whoever else has written those objects', async () => {
    await world.initialized()
    for (const process of world.processes) await process.stop()
    const noted = { metadata: { annotations: { 'cloud.example.com/status': '{}' } } }
    for (const name of ['web-primary', 'web-canary']) world.api.as('cloud').merge(kinds.Service, 'shop', name, noted)
    world.api.as('cloud').merge(kinds.VirtualService, 'shop', 'web', noted)
    await world.clock.advance(2000)
    world.start({ ownerReferences: true })
    await world.clock.advance(20_000)
    expect(world.events().filter(event => /^(ObjectsUpdated|EditReverted)/.test(event))).to.deep.equal([
      'ObjectsUpdated: Updated VirtualService web, Service web-primary, Service web-canary, Deployment web-primary to what Sluice derives from the Canary',
    ])
  })

  test('a copy of configuration that the primary mounts is made again when it is deleted, and told', async () => {
    const metadata = { name: 'settings', namespace: 'shop' }
    world.user.create({ apiVersion: 'v1', kind: 'ConfigMap', metadata, data: { colour: 'blue' } })
    world.deploy()
    const [container] = recordsOf(at(world.object(kinds.Deployment, 'web')?.spec, 'template', 'spec', 'containers'))
    const mounting = { ...container, envFrom: [{ configMapRef: { name: 'settings' } }] }
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers: [mounting] } } } })
    world.canary()
    await world.until('Initialized')
    await world.clock.advance(20_000)
    const copies = (): string[] =>
      world.user.list(kinds.ConfigMap, 'shop').flatMap(({ metadata: { name } }) => (name === 'settings' ? [] : [name]))
    const [copy = ''] = copies()
    for (const times of [1, 2]) {
      world.user.delete(kinds.ConfigMap, 'shop', copy)
      await world.clock.advance(15_000)
      expect(copies()).to.deep.equal([copy])
      expect(eventsOf(world, 'EditReverted')).to.deep.equal(
        Array.from({ length: times }, () => `EditReverted: ConfigMap ${copy} ${again}`),
      )
    }
  })
})
