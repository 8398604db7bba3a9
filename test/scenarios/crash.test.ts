/**
 * Law 7, on the whole controller: killed before or after any write of its own, whoever takes over ends where an
 * uninterrupted run ends, and no client request fails on the way.
 */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { World } from './world.ts'

/** What a story leaves behind, and how many writes it took. */
interface End {
  readonly stand: string
  readonly primary: string
  readonly target: unknown
  readonly route: unknown
  readonly finalizers: unknown
  readonly failed: number
  readonly writes: number
}

interface Story {
  readonly name: string
  /** What the Canary says of it. */
  readonly analysis?: Readonly<Record<string, unknown>>
  readonly tell: (world: World) => Promise<void>
  /** Answers of the candidate itself may be errors; nobody else's. */
  readonly erring: boolean
}

/** How long a killed controller stays away. */
const AWAY = 3000

const short = { interval: '10s', threshold: 2 }

const stories: readonly Story[] = [
  {
    name: 'an A/B test after copies',
    analysis: { ...short, iterations: 2, match: [{ method: { exact: 'GET' } }], mirror: true },
    erring: false,
    tell: async world => {
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
    },
  },
  {
    name: 'a push while callers stay',
    analysis: { ...short, stepWeights: [10, 50], sessionAffinity: { cookieName: 'web', maxAge: 20 } },
    erring: false,
    tell: async world => {
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 50')
      world.setImage('demo/web:1.2.0')
      await world.until('Succeeded')
    },
  },
  {
    name: 'a good release',
    erring: false,
    tell: async world => {
      world.setImage('demo/web:1.1.0')
      await world.until('Succeeded')
    },
  },
  {
    name: 'a bad release',
    erring: true,
    tell: async world => {
      world.setImage('demo/web:2.0.0-errors')
      await world.until('Failed')
    },
  },
  {
    name: 'a push in mid-run',
    erring: false,
    tell: async world => {
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      world.setImage('demo/web:1.2.0')
      await world.until('Succeeded')
    },
  },
  {
    name: 'a deletion in mid-run',
    erring: false,
    tell: async world => {
      world.setImage('demo/web:1.1.0')
      await world.until('Progressing 25')
      world.user.delete(kinds.Canary, 'shop', 'web')
      await world.clock.runUntil(() => world.object(kinds.Canary, 'web') === null, 600_000)
    },
  },
]

/** Tells a story once; the controller is killed at its n-th write, and another one starts a little later. */
async function run(story: Story, kill?: { n: number; moment: 'before' | 'after' }): Promise<End> {
  const world = new World()
  const first = world.start()
  await world.initialized(story.analysis === undefined ? {} : { analysis: story.analysis })
  const begun = world.clock.now()
  let writes = 0
  let done = 0
  let killed = 0
  first.api.faults.add({
    before: attempt => {
      if (attempt.write === null) return
      writes += 1
      if (kill?.moment === 'before' && writes === kill.n) die()
    },
    after: attempt => {
      if (attempt.write === null) return
      done += 1
      if (kill?.moment === 'after' && done === kill.n) die()
    },
  })
  const die = (): void => {
    killed += 1
    first.kill()
    world.clock.at(world.clock.now() + AWAY, () => {
      world.start()
    })
  }
  await story.tell(world)
  await world.clock.advance(120_000)
  if (kill !== undefined) expect(killed, `write ${kill.n} was never made`).to.equal(1)
  const target = world.object(kinds.Deployment, 'web')?.spec as Record<string, unknown>
  const primary = world.object(kinds.Deployment, 'web-primary')
  const virtualService = world.object(kinds.VirtualService, 'web')
  const end: End = {
    stand: world.stand,
    primary: JSON.stringify(primary?.['spec'] ?? null).replace(/.*"image":"([^"]*)".*/, '$1'),
    target: [target['replicas'], target['paused'] ?? false, JSON.stringify(target['template'])],
    route: (virtualService?.spec as Record<string, unknown> | undefined)?.['http'],
    finalizers: world.object(kinds.Canary, 'web')?.metadata.finalizers,
    failed: world.mesh.count(flow => flow.code >= 500 && !(story.erring && flow.flag === ''), begun, world.clock.now()),
    writes,
  }
  await world.close()
  return end
}

/**
 * Every n-th write is one at which the controller dies: each of them with `KILL_EVERY=1`, as in `.ci/run`; by default a fortieth,
 * other ones before and after a write.
 */
const EVERY = Number(process.env['KILL_EVERY'] ?? 40)

suite('killed at any write, it ends in the same place', function () {
  this.timeout(0)
  for (const story of stories) {
    let alone: Promise<End> | null = null
    for (const moment of ['before', 'after'] as const) {
      test(`${story.name}, killed ${moment} its writes`, async () => {
        alone ??= run(story)
        const { writes, ...undisturbed } = await alone
        expect(undisturbed.failed).to.equal(0)
        expect(writes).to.be.greaterThan(10)
        const first = moment === 'before' ? 1 : Math.ceil(EVERY / 2)
        for (let n = first; n <= writes; n += EVERY) {
          const { writes: _, ...end } = await run(story, { n, moment })
          expect(end, `killed ${moment} write ${n} of ${writes}`).to.deep.equal(undisturbed)
        }
      })
    }
  }
})
