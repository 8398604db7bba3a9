/**
 * Writes that are refused: istiod's webhook is down, or a right is missing, in every phase that writes. It is said with what
 * to do; callers go on hearing whom they heard; and things go on from there once the writes are taken.
 */
import { expect } from 'chai'
import { type Kind, kindKey, kinds } from '../../src/api/object.ts'
import { sampled } from '../sampled.ts'
import { expectEvent, expectRest, expectStalled, heard, minute, requestsOf } from './witness.ts'
import { type Process, World } from './world.ts'

interface Moment {
  readonly name: string
  /** What has happened when the writes begin to be refused, and what happens then. */
  readonly before: (world: World) => Promise<void>
  readonly happens: (world: World) => void
  /** Where the canary stands while they are refused. */
  readonly stands: string
  /** Whom callers hear all that time. */
  readonly callers: readonly string[]
  /** Writes that the controller makes in that phase, by kind, and the object of the first that is refused. */
  readonly refused: readonly { readonly kind: Kind; readonly object: string }[]
  readonly ends: (world: World) => Promise<void>
}

const release =
  (until: string, spec = {}) =>
  async (world: World): Promise<void> => {
    await world.initialized(spec)
    world.setImage('demo/web:1.1.0')
    await world.until(until)
    await world.clock.advance(2000)
  }
const nothing = (): void => {}
const goneFor = async (world: World): Promise<void> => {
  await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 10 * minute)
}
const virtualService = { kind: kinds.VirtualService, object: 'VirtualService shop/web' }
const service = { kind: kinds.Service, object: 'Service shop/web' }

const moments: readonly Moment[] = [
  {
    name: 'while the primary is made',
    before: async world => {
      world.deploy()
      await world.clock.advance(5000)
    },
    happens: world => world.canary(),
    stands: 'Initializing 0',
    callers: ['web 100'],
    refused: [{ kind: kinds.Deployment, object: 'Deployment shop/web-primary' }],
    ends: world => world.until('Initialized'),
  },
  {
    name: 'while the primary gets its Service',
    before: async world => {
      world.deploy()
      await world.clock.advance(5000)
    },
    happens: world => world.canary(),
    stands: 'Initializing 0',
    // The callers' Service selects by a label that the primary keeps: the same template answers.
    callers: ['web 100', 'web 50, web-primary 50'],
    refused: [{ kind: kinds.Service, object: 'Service shop/web-primary' }],
    ends: world => world.until('Initialized'),
  },
  {
    name: 'while callers are moved to the primary',
    before: async world => {
      world.deploy()
      await world.clock.advance(5000)
    },
    happens: world => world.canary(),
    stands: 'Initializing 0',
    callers: ['web 100', 'web 50, web-primary 50', 'web-primary 100'],
    refused: [virtualService],
    ends: world => world.until('Initialized'),
  },
  {
    name: 'while a weight rises',
    before: release('Progressing 10'),
    happens: nothing,
    stands: 'Progressing 25',
    callers: ['web 10, web-primary 90'],
    refused: [virtualService],
    ends: world => world.until('Succeeded'),
  },
  {
    name: 'while a release is promoted',
    before: release('Progressing 100'),
    happens: nothing,
    stands: 'Finalising 0',
    callers: ['web 100'],
    refused: [virtualService],
    ends: world => world.until('Succeeded'),
  },
  {
    name: 'while the primary gets the judged template',
    before: release('Progressing 100', { progressDeadlineSeconds: 3600 }),
    happens: nothing,
    stands: 'Promoting 100',
    callers: ['web 100'],
    refused: [{ kind: kinds.Deployment, object: 'Deployment shop/web-primary' }],
    ends: world => world.until('Succeeded'),
  },
  {
    name: 'while a release is taken back',
    before: release('Progressing 25'),
    happens: world => world.annotate('abort', '1 ann: stop'),
    stands: 'Failed 0',
    callers: ['web 25, web-primary 75'],
    refused: [virtualService],
    ends: async world => {
      await world.clock.advance(minute)
      expect(world.status.reason).to.equal('Aborted')
      expect(heard(world, world.clock.now() - 1000)).to.deep.equal(['web-primary 100'])
    },
  },
  {
    name: 'while a run makes way for another push',
    before: release('Progressing 25'),
    happens: world => world.setImage('demo/web:1.2.0'),
    stands: 'Progressing 0',
    callers: ['web 25, web-primary 75'],
    refused: [virtualService],
    ends: world => world.until('Succeeded'),
  },
  {
    name: 'while a canary is deleted',
    before: world => world.initialized(),
    happens: world => world.user.delete(kinds.Canary, 'shop', 'web'),
    stands: 'Terminating 0',
    callers: ['web-primary 100'],
    refused: [virtualService, service],
    ends: goneFor,
  },
  {
    name: 'while a canary is deleted in mid-run',
    before: release('Progressing 25'),
    happens: world => world.user.delete(kinds.Canary, 'shop', 'web'),
    stands: 'Terminating 0',
    callers: ['web 25, web-primary 75'],
    refused: [virtualService],
    ends: goneFor,
  },
]

const webhookIsDown =
  'Internal error occurred: failed calling webhook "validation.istio.io": Post "https://istiod.istio-system.svc:443/validate": connect: connection refused'

/** Ways to refuse all writes of a kind; each returns what takes it back, and the sentence behind the object. */
const refusals: readonly {
  readonly name: string
  readonly kinds: 'of the mesh' | 'all'
  readonly refuse: (world: World, kind: Kind) => () => void
  readonly says: (kind: Kind) => RegExp
}[] = [
  {
    name: 'the webhook is down',
    kinds: 'of the mesh',
    refuse: (world, kind) => {
      const details = { code: 500, reason: 'InternalError', message: webhookIsDown }
      world.api.server.admission.set(kindKey(kind), [() => details])
      return () => world.api.server.admission.delete(kindKey(kind))
    },
    says: () => new RegExp(`^could not be written, and is tried again: ${webhookIsDown.replace(/[.]/g, '\\.')}$`),
  },
  {
    name: 'the right is missing',
    kinds: 'all',
    refuse: (world, kind) => {
      world.api.server.authorize = ({ manager, verb, kind: asked }) =>
        manager === 'sluice' && !['get', 'list', 'watch'].includes(verb) && kindKey(asked) === kindKey(kind)
          ? 'no rule'
          : null
      return () => {
        world.api.server.authorize = () => null
      }
    },
    says: kind =>
      new RegExp(
        `^cannot be written, forbidden by RBAC: ${kindKey(kind)}( "[\\w-]+")? is forbidden: User "sluice" cannot (create|patch|update|delete) resource "${kind.plural}" in API group "${kind.group}" in the namespace "shop": no rule\\. Apply manifests/rbac\\.yaml, or grant the missing permission\\.$`,
      ),
  },
]

suite('writes that are refused, in virtual time', () => {
  let world: World
  let controller: Process
  setup(() => {
    world = new World()
    controller = world.start()
  })
  teardown(() => world.close())

  for (const [index, { name, before, happens, stands, callers, refused, ends }] of moments.entries()) {
    for (const { kind, object } of sampled(refused, 2, index)) {
      const isOfMesh = kind.group === kinds.VirtualService.group
      const possible = refusals.filter(refusal => refusal.kinds === 'all' || isOfMesh)
      for (const refusal of sampled(possible, possible.length, index)) {
        test(`${name}, ${refusal.name} for ${kind.kind}: WriteRefused`, async () => {
          const requests = requestsOf(controller)
          await before(world)
          const begun = world.clock.now()
          const mend = refusal.refuse(world, kind)
          happens(world)
          await world.clock.advance(2 * minute)
          const { message = '', reason } = world.status
          expect([world.stand, reason]).to.deep.equal([stands, 'WriteRefused'])
          expect(message.slice(0, object.length)).to.equal(object)
          expect(message.slice(object.length + 1)).to.match(refusal.says(kind))
          const stalled = world.status.conditions?.find(({ type }) => type === 'Stalled')
          expect(stalled).to.include({ status: 'True', reason: 'WriteRefused', message: message.slice(0, 512) })
          expectEvent(world, { reason: 'WriteRefused', sentence: message })
          // Tried again every five seconds: a rollback must not wait longer for istiod than istiod takes to come back.
          await expectRest(world, requests, 30, 3)
          expect(heard(world, begun), 'whom callers heard').to.deep.equal(callers)
          mend()
          await ends(world)
          expect(world.mesh.count(flow => flow.code >= 500, begun)).to.equal(0)
        })
      }
    }
  }

  test('a refusal in other words each time, such as the port of a broken connection, is waited out like any other', async () => {
    const requests = requestsOf(controller)
    await release('Progressing 10')(world)
    let port = 40_000
    world.api.server.admission.set(kindKey(kinds.VirtualService), [
      () => ({
        code: 500,
        reason: 'InternalError',
        message: `failed calling webhook: read tcp 10.0.0.1:${(port += 1)}->10.0.0.2:443: connection reset by peer`,
      }),
    ])
    world.annotate('abort', '1 kim: stop')
    await world.clock.advance(minute)
    expect(world.status.reason).to.equal('WriteRefused')
    await expectRest(world, requests, 30)
    expect(world.events().filter(one => one.startsWith('WriteRefused'))).to.have.length(1)
    world.api.server.admission.delete(kindKey(kinds.VirtualService))
    await world.until('Failed 0')
  })

  /** Takes one right from the controller; returns what gives it back. */
  function forbid(kind: Kind, subresource: '' | 'status'): () => void {
    world.api.server.authorize = request =>
      request.manager === 'sluice' &&
      request.kind.plural === kind.plural &&
      request.subresource === subresource &&
      !['get', 'list', 'watch'].includes(request.verb)
        ? 'no rule'
        : null
    return () => {
      world.api.server.authorize = () => null
    }
  }

  test('a Canary that may not be claimed: it is said, and nothing is made', async () => {
    const requests = requestsOf(controller)
    const allow = forbid(kinds.Canary, '')
    world.deploy()
    world.canary()
    await world.clock.advance(minute)
    const sentence =
      'Canary shop/web cannot be written, forbidden by RBAC: canaries.sluice.dev "web" is forbidden: User "sluice" cannot patch resource "canaries" in API group "sluice.dev" in the namespace "shop": no rule. Apply manifests/rbac.yaml, or grant the missing permission.'
    expectStalled(world, { reason: 'WriteRefused', sentence })
    await expectRest(world, requests, 30)
    expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
    allow()
    await world.until('Initialized')
  })

  test('a status that may not be written: nothing is done that it does not say first', async () => {
    await release('Progressing 10')(world)
    const requests = requestsOf(controller)
    const allow = forbid(kinds.Canary, 'status')
    const begun = world.clock.now()
    // It is tried at most every five seconds, and checks go on.
    await expectRest(world, requests, 15)
    expect(world.stand).to.equal('Progressing 10')
    expect(heard(world, begun), 'whom callers heard').to.deep.equal(['web 10, web-primary 90'])
    allow()
    await world.until('Succeeded')
  })

  test('events that may not be written: releases go on without', async () => {
    const requests = requestsOf(controller)
    forbid(kinds.Event, '')
    await world.initialize()
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(10 * minute)
    await expectRest(world, requests, 0)
    expect(world.user.list(kinds.Event, 'shop')).to.deep.equal([])
  })
})
