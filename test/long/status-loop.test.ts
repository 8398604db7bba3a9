/**
 * `sluice status` right after `kubectl set image`, twenty times in a row, each after a release that succeeded, while the controller is
 * killed at random: the exit code is that of this release every time, and never early.
 */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { CliWorld, type Ran, type Running } from '../cli/given.ts'

const analysis = { interval: '5s', threshold: 2, stepWeights: [50, 100] }
const approval = { interval: '5s', threshold: 2, steps: [{ weight: 50, approve: true }, { weight: 100 }] }
const missing = {
  ...analysis,
  metrics: [{ name: 'latency', templateRef: { name: 'missing' }, thresholdRange: { max: 1 } }],
}

type Kind = 'good' | 'bad' | 'approval' | 'stalled' | 'superseded'
const codes: Readonly<Record<Kind, number>> = { good: 0, bad: 3, approval: 4, stalled: 5, superseded: 3 }
const plan = (
  'good bad good approval bad stalled good superseded good bad ' +
  'bad good stalled good approval good bad superseded good bad'
).split(' ') as Kind[]

/** Numerical Recipes' generator, so that a failure can be repeated. */
function chanceFrom(seed: number): () => number {
  let state = seed
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0
    return state / 2 ** 32
  }
}

suite('sluice status in a loop of twenty releases', function () {
  this.timeout(900_000)

  test('every exit code is that of its release, and none is early', async () => {
    const cli = await CliWorld.open()
    const { world } = cli
    const chance = chanceFrom(14)
    world.start()
    let kills = 0
    const history = (): NonNullable<CanaryStatus['history']> => world.status.history ?? []
    /** Turns of time in which the controller may be killed. */
    const turn = async (): Promise<void> => {
      if (chance() < 0.03) {
        world.processes.at(-1)?.kill()
        world.start()
        kills += 1
      }
      await cli.turn()
    }
    const until = (running: Running): Promise<Ran> => cli.until(running, turn)
    const reach = async (phase: string): Promise<void> => {
      while (world.status.phase !== phase) await cli.turn()
    }
    const analyse = (how: object): void =>
      void world.user.merge(kinds.Canary, 'shop', 'web', {
        spec: { analysis: { metrics: null, steps: null, stepWeights: null, ...how } },
      })

    await world.initialized({ analysis })
    const found: [Kind, number][] = []
    let promoted = 'demo/web:1.0.0'
    try {
      for (const [index, kind] of plan.entries()) {
        const image = `demo/web:3.${index}.0${kind === 'bad' ? '-errors' : ''}`
        if (kind === 'approval') analyse(approval)
        if (kind === 'stalled') analyse(missing)
        const runs = history().length
        const run = history()[0]?.id
        world.setImage(image)
        const status = cli.start(['status', 'web', '--quiet'])
        if (kind === 'superseded') {
          while (world.status.canaryWeight !== 50) await turn()
          world.setImage(`demo/web:4.${index}.0`)
        }
        const { code, stderr } = await until(status)
        found.push([kind, code])
        // What it says has happened: not before the run is over, where it ends, and not before it stands where it waits.
        const last = history()[0]
        if (code === 0 || code === 3) expect([runs, last?.id], stderr).to.not.deep.equal([history().length, run])
        if (code === 0) expect([last?.outcome, world.status.phase], stderr).to.deep.equal(['Succeeded', 'Succeeded'])
        if (code === 4) expect(world.stand).to.equal('Progressing 50')
        if (code === 5) expect(stderr).to.match(/missing/)
        if (kind === 'approval') expect((await cli.run('approve', 'web', '--wait')).code).to.equal(0)
        if (kind === 'stalled' || kind === 'approval') analyse(analysis)
        if (kind === 'bad') world.setImage(promoted)
        else promoted = kind === 'superseded' ? `demo/web:4.${index}.0` : image
        await reach('Succeeded')
        await world.clock.advance(20_000)
        if (kind === 'stalled') expect(JSON.stringify(world.object(kinds.Deployment, 'web-primary'))).to.contain(image)
      }
    } finally {
      await cli.close()
    }
    expect(found).to.deep.equal(plan.map(kind => [kind, codes[kind]]))
    expect(kills).to.be.greaterThan(10)
  })
})
