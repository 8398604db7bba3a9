/**
 * How histories end, and the same release lived twice: with and without deaths, with writes in any order and some of them lost.
 */
import { expect } from 'chai'
import fc from 'fast-check'
import { kinds } from '../../src/api/object.ts'
import { decide } from '../../src/core/machine/decide.ts'
import { at } from '../../src/core/json.ts'
import type { Memory } from '../../src/core/model/memory.ts'
import { REVISION_ANNOTATION } from '../../src/core/model/names.ts'
import type { State } from '../../src/core/model/state.ts'
import { history, type History, type Ill, ill, type Image, images, type Setup, setup } from './arbitraries.ts'
import { beginning } from './beginnings.ts'
import { Life, type Onlooker } from './histories.ts'
import { casesOf, live, together } from './law-runs.ts'
import { memory, state } from './states.ts'
import { readyPods } from './laws.ts'
import { canaryShare, carriers } from './tiny-mesh.ts'
import { imageOf } from './tiny-pods.ts'
import { CANARY, type Mood, PRIMARY, TARGET } from './tiny-world.ts'

/** All that is left when everything has come to rest. */
function standing({ world, wire }: Life): Record<string, unknown> {
  const [target, primary] = [world.get(TARGET), world.get(PRIMARY)]
  return {
    phase: wire.phase,
    promoted: wire.lastPromotedSpec,
    rejected: wire.rejectedSpec,
    ended: wire.history?.map(({ outcome, reason, highest }) => `${outcome} ${reason} ${highest}`),
    share: canaryShare(world),
    carries: carriers(world).map(group => `${group.deployment} ${group.image}`),
    primary: [imageOf(at(primary?.['spec'], 'template')), at(primary?.['spec'], 'replicas')],
    target: [
      imageOf(at(target?.['spec'], 'template')),
      at(target?.['spec'], 'replicas'),
      at(target?.['spec'], 'paused'),
    ],
    locked: target?.metadata.annotations?.['sluice.dev/locked'],
    records: world
      .all(kinds.ControllerRevision)
      .map(record => record.metadata.name)
      .sort(),
  }
}

/** What people are told to do where no record of the promoted template is left. */
function imitateThePrimary(life: Life): void {
  const running = imageOf(at(life.world.get(PRIMARY)?.['spec'], 'template'))
  const image = images.find(one => one === running)
  if (image !== undefined) life.meet({ act: 'push', image })
}

interface Release {
  readonly setup: Setup
  readonly image: Image
  readonly mood: Mood
}

/** One release from push to rest, with these ills in its passes; people approve whatever asks for it. */
function released({ setup: drawn, image, mood }: Release, ills: readonly Ill[]): Record<string, unknown> {
  const life = new Life(drawn, beginning({ setup: drawn, from: 'rest' }))
  life.meet({ act: 'mood', mood })
  life.meet({ act: 'push', image })
  encourage(
    life,
    ills.map(one => ({ ...one, pushed: null })),
  )
  return standing(life)
}

/** Goes on until nothing happens any more; people say yes, and take back what holds. */
function encourage(life: Life, ahead: Ill[] = []): void {
  for (let round = 0; round < 12; round += 1) {
    life.goOn(130, ahead)
    const { phase, reason } = life.wire
    if (reason === 'WaitingForApproval') life.meet({ act: 'command', name: 'approve', full: false })
    else if (reason === 'Conflict') imitateThePrimary(life)
    else if (['Initialized', 'Succeeded', 'Failed', undefined].includes(phase)) break
    else if (['Paused', 'WeightOverridden', 'AnalysisSuspended', 'WaitingToStart'].includes(reason ?? '')) {
      life.meet({ act: 'pause the spec', paused: false })
      life.meet({ act: 'command', name: 'resume', full: false })
    }
  }
  life.goOn(30, ahead)
}

/** Excused of its end: what nobody has a record of, and no primary runs, can only be put back by a person. */
function waitsForAPerson({ world, wire }: Life): boolean {
  if (/^Revision \w+ is not recorded any more/.test(wire.message ?? '')) return true
  const records = world.all(kinds.ControllerRevision)
  const recorded = records.some(one => one.metadata.annotations?.[REVISION_ANNOTATION] === wire.lastPromotedSpec)
  return !recorded && world.get(PRIMARY) === undefined
}

/** A setup whose run is decided by the canary and by nothing else. */
const decisive = setup.map(drawn => ({ ...drawn, maxDuration: '24h', maxBlind: '15m' }))
const release: fc.Arbitrary<Release> = fc.record({
  setup: decisive,
  image: fc.constantFrom<Image[]>('web:2', 'web:2', 'web:3', 'web:broken'),
  mood: fc.constantFrom<Mood[]>('good', 'good', 'bad'),
})
const deaths = ill.map(one => ({ ...one, commit: 'done' as const, writes: [], order: [] }))
const disorder = ill.map(one => ({ ...one, killedAfter: null }))

/** Phases that last. */
const RESTING = ['Initialized', 'Succeeded', 'Failed']

/** So many ways in which a release goes ill are held against the one that is left alone; each is a case. */
const WAYS = 4

/** However ill it goes on the way, a release ends as the one that was left alone. */
function endsTheSame(sentence: string, ills: fc.Arbitrary<Ill>): void {
  const ways = fc.array(fc.array(ills, { maxLength: 25 }), { minLength: WAYS, maxLength: WAYS })
  test(sentence, () => {
    fc.assert(
      fc.property(release, ways, (drawn, tried) => {
        const ignoredManager = released(drawn, [])
        expect(RESTING).to.include(ignoredManager['phase'])
        for (const one of tried) expect(released(drawn, one)).to.deep.equal(ignoredManager)
      }),
      casesOf<[Release, Ill[][]]>(1, WAYS),
    )
  })
}

function servesAlone(life: Life): void {
  const { wire, world } = life
  if (world.get(CANARY) === undefined || waitsForAPerson(life)) return
  expect(RESTING, `${wire.reason}: ${wire.message}`).to.include(wire.phase)
  expect(canaryShare(world)).to.deep.equal({ low: 0, high: 0 })
  expect(carriers(world).map(group => group.deployment)).to.not.include('web')
}

function writesNothingMore({ setup: drawn, world }: Life): void {
  const before = world.get(CANARY)
  const wrote: string[] = []
  const again = new Life(drawn, world, (): Onlooker[] => [
    { wrote: (_world, write) => void wrote.push(`${write.verb} ${write.ref.kind.kind} ${write.ref.name}`) },
  ])
  for (let i = 0; i < 3; i += 1) again.pass()
  expect(wrote).to.deep.equal([])
  expect(at(world.get(CANARY)?.['status'], 'phase')).to.equal(at(before?.['status'], 'phase'))
}

suite('laws of the end', function () {
  this.timeout(0)

  endsTheSame('killed after any write, a release ends as the one that was left alone', deaths)
  endsTheSame(
    'the writes of a decision are safe in any order and any subset: a release ends as with all of them',
    disorder,
  )

  together<(life: Life) => void>(
    1,
    {
      'every run ends: once all is well, the primary serves alone and nothing is under way': servesAlone,
      'once the world shows what was asked, deciding again writes nothing, even by a process that knows only the status':
        writesNothingMore,
    },
    checks =>
      fc.property(history, drawn =>
        live(drawn, [], life => {
          life.calm()
          encourage(life)
          for (const check of checks) check(life)
        }),
      ),
  )

  test('abort takes a run back to weight 0 from wherever it is, whatever the metrics say, and it does not go on', () => {
    fc.assert(
      fc.property(history, drawn =>
        live(drawn, [], life => {
          life.meet({ act: 'recover' })
          life.meet({ act: 'see', kind: 'all' })
          life.goOn(2)
          const { phase, run } = life.wire
          const target = life.world.get(TARGET)
          // Excused: a primary that is gone for good, with all records, and leaves everything to the canary.
          if (readyPods(life.world, 'web-primary') === 0) return
          if (target === undefined || !['Progressing', 'WaitingPromotion', 'Promoting'].includes(phase ?? '')) return
          life.meet({ act: 'command', name: 'abort', full: false })
          life.goOn(0)
          if (phase !== 'Promoting') expect(canaryShare(life.world).high).to.equal(0)
          life.goOn(200)
          const { history: ended = [], message = '' } = life.wire
          if (waitsForAPerson(life)) return
          expect(ended.find(one => one.id === run?.id)?.outcome, message).to.equal('Failed')
          expect(life.wire.lastPromotedSpec).to.not.equal(run?.candidate)
          // What was pushed meanwhile may have its own run by now, or wait for it.
          if (life.wire.run === undefined) expect(canaryShare(life.world).high, message).to.equal(0)
        }),
      ),
      casesOf<[History]>(1),
    )
  })

  test('decide answers whatever it is given, twice the same, and changes nothing of it', () => {
    fc.assert(
      fc.property(history, state, memory, (drawn, anyState, anyMemory) =>
        live({ ...drawn, acts: drawn.acts.slice(0, 4) }, [], life => {
          const seen = life.controller.observe()
          if (seen === null) return
          for (const o of [seen, { ...seen, state: anyState, memory: anyMemory }]) {
            const before = JSON.stringify(o)
            const first = decide(o, life.world.now)
            expect(JSON.stringify(decide(o, life.world.now))).to.equal(JSON.stringify(first))
            expect(JSON.stringify(o)).to.equal(before)
            if ('wakeAt' in first && first.wakeAt !== null) expect(first.wakeAt).to.be.at.least(life.world.now)
          }
        }),
      ),
      casesOf<[History, State, Memory]>(1),
    )
  })
})
