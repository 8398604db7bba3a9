/** `sluice explain` decides as the controller does, on what the caller may read; and not at all where that is not all of it. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { decidedFor, type Decided } from '../../src/cli/show/decided.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { KubeApi } from '../../src/core/ports.ts'
import { sha256 } from '../core/given-objects.ts'
import { World } from '../scenarios/world.ts'
import { CliWorld } from './given.ts'

/** What explain decides for a caller who may read all but these kinds. A Secret that is read all the same fails the test. */
async function decided(world: World, ...forbidden: readonly string[]): Promise<Decided> {
  const api = world.api.replica()
  const refuse = (kind: string): void => {
    if (kind === 'Secret') throw new Error('a Secret was read')
    if (forbidden.includes(kind))
      throw new ApiError({ code: 403, reason: 'Forbidden', message: `${kind} is forbidden` })
  }
  const call = { lane: 'normal', signal: new AbortController().signal } as const
  const read: KubeApi = Object.assign(Object.create(api) as KubeApi, {
    get: async (...[ref, ...more]: Parameters<KubeApi['get']>) => {
      refuse(ref.kind.kind)
      return api.get(ref, ...more)
    },
    list: async (...[kind, ...more]: Parameters<KubeApi['list']>) => {
      refuse(kind.kind)
      return api.list(kind, ...more)
    },
  })
  const canary = world.object(kinds.Canary, 'web') as KubeObject
  return decidedFor({ api: read, call: () => call }, canary, sha256, world.clock.now())
}

suite('what explain decides', () => {
  let world: World
  setup(async () => {
    world = new World()
    world.start()
    await world.initialized({ analysis: { interval: '10s', steps: [{ weight: 20, approve: true }, { weight: 100 }] } })
  })
  teardown(() => world.close())

  test('holds where the controller holds, and moves where it would, while it does not run', async () => {
    expect((await decided(world)).decision).to.deep.include({ does: 'hold', phase: 'Initialized', weight: 0 })
    world.setImage('demo/web:1.1.0')
    while (world.status.reason !== 'WaitingForApproval') await world.clock.advance(1000)
    expect((await decided(world)).decision).to.deep.include({
      does: 'hold',
      phase: 'Progressing',
      reason: 'WaitingForApproval',
      weight: 20,
    })
    world.processes[0]?.kill()
    world.annotate('abort', '1 kim: not today')
    const { decision, unread } = await decided(world)
    expect([decision?.does, decision?.phase, decision?.weight, unread]).to.deep.equal(['move', 'Failed', 0, []])
    expect(decision?.message).to.match(/^Rolled back .* aborted by kim: not today/)
    world.start()
    while (world.status.phase !== 'Failed') await world.clock.advance(1000)
    expect(world.status.message).to.equal(decision?.message)
  })

  test('does not miss a reason that the controller writes later, with the next news', async () => {
    world.setImage('demo/web:1.1.0-never-ready')
    while (world.status.reason !== 'NewRevision') await world.clock.advance(100)
    await world.clock.advance(3000)
    expect(world.status.reason).to.equal('NewRevision')
    expect((await decided(world)).decision).to.deep.include({ does: 'hold', reason: 'WaitingForPods' })
  })

  test('names the kinds that may not be read, and decides nothing then', async () => {
    expect(await decided(world, 'VirtualService', 'Service')).to.deep.equal({
      decision: null,
      unread: ['Service', 'VirtualService'],
    })
  })

  test('decides nothing where the target mounts a Secret, and does not read it', async () => {
    world.user.merge(kinds.Deployment, 'shop', 'web', {
      spec: {
        template: {
          spec: { containers: [{ name: 'web', image: 'demo/web:1.1.0', envFrom: [{ secretRef: { name: 'web' } }] }] },
        },
      },
    })
    expect(await decided(world)).to.deep.equal({ decision: null, unread: ['Secret'] })
  })

  test('decides as a controller with --track-configs=false: what the target mounts is no part of its revision', async () => {
    world.processes[0]?.kill()
    world.start({ trackConfigs: false })
    world.user.apply({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'shop' },
      data: { a: '1' },
    })
    const envFrom = [{ configMapRef: { name: 'web' } }, { secretRef: { name: 'web', optional: true } }]
    const containers = [{ name: 'web', image: 'demo/web:1.1.0', envFrom }]
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { containers } } } })
    while (world.status.reason !== 'WaitingForApproval') await world.clock.advance(1000)
    const { decision, unread } = await decided(world)
    expect([decision?.does, decision?.reason, unread]).to.deep.equal(['hold', 'WaitingForApproval', []])
  })

  test('is said in the paragraphs and in JSON', async () => {
    const cli = await CliWorld.open()
    try {
      cli.world.start()
      await cli.world.initialized()
      cli.world.processes[0]?.kill()
      cli.world.setImage('demo/web:1.1.0')
      expect((await cli.run('explain', 'web')).stdout).to.match(
        /\nNext\n {2}On what is there now the next status is Progressing \(\w+\) at weight 0, and the controller has yet to write it: /,
      )
      const warnings: string[] = []
      const warned = ({ message }: Error): void => void warnings.push(message)
      process.on('warning', warned)
      await cli.run('explain', 'web', '--request-timeout', '0')
      process.off('warning', warned)
      expect(warnings, 'of Node, about many listeners to one signal').to.deep.equal([])
      expect((await cli.run('explain', 'web', '-o', 'jsonpath={.decision.does} {.apiVersion}')).stdout).to.equal(
        'move view.sluice.dev/v1beta1',
      )
    } finally {
      await cli.close()
    }
  })
})
