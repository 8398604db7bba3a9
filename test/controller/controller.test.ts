/** The controller as a whole: how it starts, takes over, follows and lets go; in virtual time. */
import { expect } from 'chai'
import { kinds, type Kind } from '../../src/api/object.ts'
import { Controller } from '../../src/controller/controller.ts'
import { ApiError } from '../../src/core/errors.ts'
import { EventRecorder } from '../../src/runtime/events.ts'
import type { PlaygroundApi } from '../../playground/test/api.ts'
import { settings, sha256 } from '../core/given-objects.ts'
import { World } from '../scenarios/world.ts'
import { Chats } from '../chats.ts'
import { Receivers } from '../receivers.ts'

const log = { debug() {}, info() {}, warn() {}, error() {} }
const boom = new ApiError({ code: 500, reason: 'InternalError', message: 'conversion webhook failed' })

interface Own {
  readonly api: PlaygroundApi
  readonly controller: Controller
  /** Begins to lead; returns what ends the term, and resolves when that is done. */
  lead(): () => Promise<void>
}

suite('controller', () => {
  let world: World
  let owns: Own[]

  setup(() => {
    world = new World()
    owns = []
  })

  teardown(async () => {
    for (const { api, controller } of owns) {
      api.faults.kill()
      void controller.close()
    }
    await world.close()
  })

  /** A controller that has not started yet. */
  function own(): Own {
    const api = world.api.replica()
    const { clock, metrics } = world
    const recorder = new EventRecorder({ api, clock, random: () => 0.5, log, instance: 'own' })
    const ports = {
      api,
      metrics,
      webhooks: new Receivers(() => clock.now()),
      alerts: new Chats(() => clock.now()),
      access: { problemOf: async () => null },
      recorder,
      clock,
      steady: clock,
      log,
      sha256,
      random: () => 0.5,
    }
    const controller = new Controller(ports, { settings, namespaces: [], podReasons: false })
    const lead = (): (() => Promise<void>) => {
      const term = new AbortController()
      const led = controller.lead(term.signal)
      return () => {
        term.abort()
        return led
      }
    }
    const made = { api, controller, lead }
    owns.push(made)
    return made
  }

  /** How long the start took, in seconds; null while it goes on. */
  function started({ controller }: Own): () => number | null {
    const from = world.clock.now()
    let took: number | null = null
    void controller.start().then(() => {
      took = (world.clock.now() - from) / 1000
    })
    return () => took
  }

  const followedKinds = ({ controller }: Own, namespace: string): string[] =>
    controller
      .reflectors()
      .filter(reflector => reflector.namespace === namespace)
      .map(reflector => reflector.kind.plural)

  const lists = (kind: Kind) => (attempt: { verb: string; kind: Kind }) =>
    attempt.verb === 'list' && attempt.kind === kind

  test('starts at once where a kind that may be absent answers with an error', async () => {
    const one = own()
    one.api.faults.refuse(lists(kinds.ScaledObject), boom)
    const took = started(one)
    await world.clock.advance(10_000)
    expect([took(), one.controller.unseen()]).to.deep.equal([0, null])
  })

  test('waits half a minute for a kind that matters, then says which and why; nothing moves until it is known', async () => {
    const one = own()
    world.canary()
    const heal = one.api.faults.refuse(lists(kinds.DestinationRule), boom)
    const took = started(one)
    await world.clock.advance(29_000)
    expect(took()).to.equal(null)
    await world.clock.advance(2000)
    expect(took()).to.equal(30)
    const sentence =
      'destinationrules.networking.istio.io is not known yet: Cannot watch destinationrules.networking.istio.io in all namespaces: conversion webhook failed'
    expect(one.controller.unseen()).to.equal(sentence)
    world.deploy()
    one.lead()
    await world.clock.advance(5000)
    expect([world.status.reason, world.status.message]).to.deep.equal(['WatchUnavailable', sentence])
    expect(world.object(kinds.Deployment, 'web-primary')).to.equal(null)
    heal()
    await world.until('Initialized')
  })

  test('follows the kinds of a provider while a Canary of it exists, and asks for no others', async () => {
    const { resources } = world.api.server
    for (const kind of [kinds.VirtualService, kinds.DestinationRule]) resources.remove(kind)
    const one = own()
    const took = started(one)
    await world.clock.advance(60_000)
    expect([took(), one.controller.unseen()]).to.deep.equal([0, null])
    expect(followedKinds(one, '')).to.not.include('virtualservices')
    world.canary()
    await world.clock.advance(1000)
    expect(followedKinds(one, '')).to.include.members(['virtualservices', 'destinationrules'])
    expect(one.controller.unseen()).to.match(/^virtualservices.networking.istio.io is not installed/)
    world.user.delete(kinds.Canary, 'shop', 'web')
    await world.clock.advance(1000)
    expect(followedKinds(one, '')).to.not.include('virtualservices')
    expect(one.controller.unseen()).to.equal(null)
  })

  test('finds Istio within half a minute of its CRDs, and asks rarely for what it can do without', async () => {
    const { resources } = world.api.server
    const back = [kinds.VirtualService, kinds.ScaledObject].map(kind => resources.remove(kind))
    world.canary()
    const one = own()
    const asked: string[] = []
    one.api.faults.add({ before: ({ verb, kind }) => void (verb === 'list' && asked.push(kind.plural)) })
    const took = started(one)
    await world.clock.advance(1000)
    expect([took(), one.controller.unseen()]).to.deep.equal([
      0,
      'virtualservices.networking.istio.io is not installed; apply the CRDs of Istio',
    ])
    await world.clock.advance(3_600_000)
    asked.length = 0
    await world.clock.advance(3_600_000)
    expect(asked.filter(kind => kind === 'scaledobjects')).to.have.lengthOf(6)
    for (const put of back) put()
    await world.clock.advance(30_000)
    expect(one.controller.unseen()).to.equal(null)
  })

  test('an idle canary costs no request but the renewal of watches', async () => {
    for (const kind of [kinds.VerticalPodAutoscaler, kinds.ScaledObject]) world.api.server.resources.remove(kind)
    const one = own()
    started(one)
    await world.clock.advance(1000)
    one.lead()
    await world.initialized()
    await world.clock.advance(1_800_000)
    const calls: string[] = []
    one.api.faults.add({ before: ({ verb, kind }) => void (verb === 'watch' || calls.push(`${verb} ${kind.plural}`)) })
    await world.clock.advance(590_000)
    expect(calls.filter(call => !call.startsWith('list '))).to.deep.equal([])
    // Each kind that may be absent is looked for once.
    expect(calls).to.have.lengthOf.at.most(5)
  })

  test('a new leader acts on what the last one left, however far its own watches are behind', async () => {
    const first = world.start()
    await world.initialized()
    const second = own()
    started(second)
    await world.clock.advance(1000)
    second.api.faults.watchLag = 45_000
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25')
    await world.clock.advance(3000)
    first.kill()
    const end = second.lead()
    const reasons = new Set<unknown>()
    for (let n = 0; n < 40; n += 1) {
      await world.clock.advance(500)
      reasons.add(world.status.reason)
    }
    expect([...reasons]).not.to.include('WeightOverridden')
    expect(world.status.canaryWeight).to.be.greaterThan(25)
    second.api.faults.watchLag = 0
    await world.until('Succeeded')
    await Promise.all([end(), world.clock.advance(5000)])
  })

  test('what the answer to a status write would have told is told, though the answer is lost', async () => {
    const tell = async (lossy: boolean): Promise<string[]> => {
      const one = new World()
      const { api } = one.start()
      await one.initialized()
      let previous = ''
      if (lossy) {
        api.faults.loseAnswers(attempt => {
          // The first try of every change arrives, and nobody hears of it.
          const now = `${one.stand} ${one.status.reason}`
          const lost = attempt.verb === 'status' && now !== previous
          if (attempt.verb === 'status') previous = now
          return lost
        })
      }
      one.setImage('demo/web:1.1.0')
      await one.until('Succeeded')
      await one.clock.advance(20_000)
      const told = [...new Set(one.events().map(event => event.replace(/:.*/, '')))].toSorted()
      await one.close()
      return told
    }
    const undisturbed = await tell(false)
    expect(undisturbed).to.include.members(['NewRevision', 'Advancing'])
    expect(await tell(true)).to.deep.equal(undisturbed)
  })

  test('a new leader tells again what may not have been told, and nothing that everybody has forgotten', async () => {
    const first = world.start()
    await world.initialized()
    const reasons = (): string[] => world.events().map(event => event.replace(/:.*/, ''))
    const forgetAll = (): void => {
      for (const event of world.user.list(kinds.Event, 'shop')) {
        world.user.delete(kinds.Event, 'shop', event.metadata.name)
      }
    }
    forgetAll()
    first.kill()
    const second = world.start()
    await world.clock.advance(5000)
    expect(reasons()).to.deep.equal(['Initialized'])
    // The API server forgets Events after an hour.
    await world.clock.advance(3_600_000)
    forgetAll()
    second.kill()
    world.start()
    await world.clock.advance(5000)
    expect(reasons()).to.deep.equal([])
  })

  test('a crash loses no event, however many changes its events waited for', async () => {
    const first = world.start()
    await world.initialized()
    const undo = first.api.faults.refuse(
      attempt => attempt.kind === kinds.Event,
      new ApiError({ code: 500, reason: 'InternalError', message: 'etcdserver: request timed out' }),
    )
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 50')
    first.kill()
    undo()
    world.start()
    await world.clock.advance(5000)
    const reasons = world.events().map(event => event.replace(/:.*/, ''))
    expect(reasons).to.include.members(['NewRevision', 'Advancing'])
    expect(world.events()).to.include.members(['Advancing: Weight 0 → 10', 'Advancing: Weight 25 → 50'])
    expect(world.events(), 'told once').to.have.lengthOf(new Set(world.events()).size)
    await world.clock.advance(30_000)
    expect(world.status.pendingEvents?.length ?? 0, 'what was delivered leaves the status').to.be.lessThan(3)
  })

  test('copies of a Secret go when nothing refers to them any more, also after a restart; then nobody follows Secrets', async () => {
    const secret = (kind: 'with' | 'without'): Record<string, unknown> =>
      kind === 'with' ? { envFrom: [{ secretRef: { name: 'keys' } }] } : { envFrom: null }
    const push = (version: string, kind: 'with' | 'without'): void => {
      const container = {
        name: 'web',
        image: `demo/web:${version}`,
        ports: [{ name: 'http', containerPort: 8080 }],
        ...secret(kind),
      }
      world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers: [container] } } } })
    }
    const released = async (): Promise<void> => {
      await world.until('Progressing')
      await world.until('Succeeded')
      await world.clock.advance(30_000)
    }
    const copies = (): number => world.user.list(kinds.Secret, 'shop').length - 1
    world.user.create({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'keys', namespace: 'shop' },
      data: { KEY: 'cw==' },
    })
    const first = world.start()
    await world.initialized()
    push('1.1.0', 'with')
    await released()
    push('1.2.0', 'without')
    await released()
    expect(copies(), 'the previous revision still needs it').to.equal(1)
    first.kill()
    const second = own()
    started(second)
    await world.clock.advance(1000)
    second.lead()
    await world.clock.advance(5000)
    expect(followedKinds(second, 'shop')).to.deep.equal(['secrets'])
    push('1.3.0', 'without')
    await released()
    expect([copies(), followedKinds(second, 'shop')]).to.deep.equal([0, []])
  })

  test('who stops leading follows nobody’s Secrets any more', async () => {
    world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'settings', namespace: 'shop' },
      data: { A: '1' },
    })
    world.deploy()
    world.user.merge(kinds.Deployment, 'shop', 'web', {
      spec: {
        template: {
          spec: {
            containers: [
              {
                name: 'web',
                image: 'demo/web:1.0.0',
                ports: [{ containerPort: 8080 }],
                envFrom: [{ configMapRef: { name: 'settings' } }],
              },
            ],
          },
        },
      },
    })
    const one = own()
    started(one)
    await world.clock.advance(1000)
    const end = one.lead()
    world.canary()
    await world.until('Initialized')
    expect(followedKinds(one, 'shop')).to.deep.equal(['configmaps'])
    await Promise.all([end(), world.clock.advance(3000)])
    expect(followedKinds(one, 'shop')).to.deep.equal([])
  })
})
