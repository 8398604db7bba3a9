/** The laws of autoscalers, on histories in which one is on either side and scales whenever it likes. */
import { expect } from 'chai'
import fc from 'fast-check'
import { kinds } from '../../src/api/object.ts'
import { at, numberOf } from '../../src/core/json.ts'
import { CANARY_LABEL, ORIGINAL_ANNOTATION } from '../../src/core/model/names.ts'
import { type Act, history, type History, images, type Setup, type Side, spell } from './arbitraries.ts'
import type { Life } from './histories.ts'
import { always, casesOf, live } from './law-runs.ts'
import { Broken, type Law } from './laws.ts'
import { scalerOf, USERS_PAUSE } from './setups.ts'
import { rests, scalerOn } from './tiny-autoscalers.ts'
import { canaryShare, carriers } from './tiny-mesh.ts'
import { CANARY, PRIMARY, TARGET } from './tiny-world.ts'

const autoscaling: fc.Arbitrary<Act> = fc.record({
  act: fc.constant('autoscale' as const),
  side: fc.constantFrom<Side[]>('web', 'web-primary'),
  needed: fc.integer({ min: 0, max: 6 }),
})

/** HPAs need selectors that do not overlap. */
function withScaler(setup: Setup, kind: NonNullable<Setup['scaler']>): Setup {
  const subsets = setup.split.endsWith('subsets')
  const scaler = subsets ? 'ScaledObject' : kind
  return { ...setup, autoscaled: false, scaler, labels: scaler === 'ScaledObject' ? setup.labels : 'switch' }
}

const kind = fc.constantFrom<NonNullable<Setup['scaler']>[]>('HorizontalPodAutoscaler', 'ScaledObject')

/** Any history, with an autoscaler that acts between what happens. */
const scaled: fc.Arbitrary<History> = fc
  .record({ drawn: history, kind, acts: fc.array(autoscaling, { minLength: 2, maxLength: 6 }) })
  .map(({ drawn, kind: of, acts }) => ({
    ...drawn,
    setup: withScaler(drawn.setup, of),
    acts: drawn.acts.flatMap((act, i) => [act, ...(acts[i] === undefined ? [] : [acts[i]])]),
  }))

/** A Canary that is new, on a target whose autoscaler would count the primary's pods too, and first passes that go ill. */
const begun: fc.Arbitrary<History> = fc.record({ drawn: scaled, ills: spell(4) }).map(({ drawn, ills }) => ({
  ...drawn,
  from: 'nothing',
  setup: withScaler({ ...drawn.setup, labels: 'keep' }, 'ScaledObject'),
  acts: [{ act: 'go on', seconds: 3, ills }, ...drawn.acts],
}))

/** What nobody but an autoscaler does to the size of the primary, with passes that go well. */
const undisturbed = new Set<Act['act']>(['go on', 'autoscale', 'push', 'command', 'mood', 'wait', 'annotate'])
const calm: fc.Arbitrary<History> = scaled.map(({ acts, ...drawn }) => ({
  ...drawn,
  from: 'rest',
  acts: acts.filter(({ act }) => undisturbed.has(act)).map(act => (act.act === 'go on' ? { ...act, ills: [] } : act)),
}))

const replicasOf = (life: Life, ref: typeof TARGET): number =>
  numberOf(at(life.world.get(ref)?.['spec'], 'replicas'), 0)

const TWO_MINUTES = 120_000

/** While the canary has traffic, and until the autoscaler has seen it return, the primary keeps its size. */
const keepsItsSize: Law = () => {
  let start: number | null = null
  let leftAt = 0
  return {
    changed(life) {
      const { world, wire } = life
      const replicas = replicasOf(life, PRIMARY)
      if ((wire.canaryWeight ?? 0) > 0) {
        start ??= replicas
        leftAt = world.now
      } else if (world.now - leftAt >= TWO_MINUTES) start = null
      if (start === null || wire.phase === 'Terminating' || world.get(PRIMARY) === undefined) return
      if (replicas < Math.min(start, 4))
        throw new Broken(`the primary has ${replicas} pods in ${wire.phase}; it had ${start} at the start`)
    },
  }
}

/** Of two autoscalers whose selectors overlap one acts at a time. */
const oneActsAtATime: Law = life => ({
  changed({ world }) {
    if (life.setup.scaler === undefined || life.setup.labels === 'switch') return
    const [users, copy] = [scalerOn(world, 'web'), scalerOn(world, 'web-primary')]
    const serves = replicasOf(life, PRIMARY) > 0
    if (users !== undefined && (copy !== undefined || serves) && !rests(users))
      throw new Broken(`the autoscaler of the target acts beside ${copy === undefined ? 'a primary' : "the primary's"}`)
  },
})

/** The target is not scaled down while it carries: what an autoscaler may do to its number is for it to say. */
const startsWithThePrimary: Law = life => ({
  wrote(world, write, _wire, o) {
    if (write.ref.name !== 'web' || write.ref.kind !== kinds.Deployment || o.target?.replicas !== 0) return
    const started = numberOf(at(world.get(TARGET)?.['spec'], 'replicas'), 0)
    const least = Math.min(o.primary?.replicas ?? 1, 4)
    if (started > 0 && life.setup.scaler !== undefined && started < least)
      throw new Broken(`a target starts with ${started} pods beside a primary of ${least}`)
  },
})

/** People do as they are told until nothing happens any more. */
function encourage(life: Life): void {
  for (let round = 0; round < 12; round += 1) {
    life.goOn(130)
    const { phase, reason } = life.wire
    if (reason === 'WaitingForApproval') life.meet({ act: 'command', name: 'approve', full: false })
    else if (reason === 'Conflict') {
      const template = at(life.world.get(PRIMARY)?.['spec'], 'template', 'spec', 'containers')
      const image = images.find(one => JSON.stringify(template).includes(`"${one}"`))
      if (image !== undefined) life.meet({ act: 'push', image })
    } else if (['Initialized', 'Succeeded', 'Failed', undefined].includes(phase)) break
    else if (['Paused', 'WeightOverridden', 'AnalysisSuspended', 'WaitingToStart'].includes(reason ?? '')) {
      life.meet({ act: 'pause the spec', paused: false })
      life.meet({ act: 'command', name: 'resume', full: false })
    }
  }
}

/** KEDA that sees no load yet takes no pod from a target that has just taken over, and acts on it two minutes later at the earliest. */
function keepServing(life: Life): void {
  if (life.setup.scaler !== 'ScaledObject') return
  let since: number | null = null
  for (let round = 0; round < 150; round += 1) {
    life.goOn(2)
    const { world, wire } = life
    const stage = world.get(CANARY) === undefined ? '' : (wire.progress?.stage ?? '')
    if (wire.phase === 'Terminating' && ['routing', 'resuming'].includes(stage)) since ??= world.now
    else if (since !== null) {
      expect(world.now - since).to.be.at.least(TWO_MINUTES)
      return
    }
    if (since === null) continue
    life.meet({ act: 'autoscale', side: 'web', needed: 0 })
    expect(replicasOf(life, TARGET)).to.be.greaterThan(0)
  }
}

/** What nobody has a record of can only be put back by a person. */
const isLost = ({ world, wire }: Life): boolean =>
  /is not recorded any more/.test(wire.message ?? '') ||
  (world.get(PRIMARY) === undefined && world.get(TARGET) === undefined)

suite('The laws of autoscalers', function () {
  this.timeout(0)

  always(calm, 0.5, {
    'the primary keeps its size while the canary has traffic, and until its autoscaler has seen it return':
      keepsItsSize,
  })
  always(fc.oneof({ weight: 2, arbitrary: scaled }, { weight: 1, arbitrary: begun }), 1, {
    'of two autoscalers whose selectors overlap one acts at a time': oneActsAtATime,
    'a target starts with as many pods as the primary has': startsWithThePrimary,
  })

  test('once all is well, the target rests whatever its autoscaler finds, and nothing is left to write', () => {
    fc.assert(
      fc.property(scaled, drawn =>
        live(drawn, [], life => {
          life.calm()
          encourage(life)
          const { wire, world } = life
          if (world.get(CANARY) === undefined || isLost(life)) return
          expect(canaryShare(world), wire.message).to.deep.equal({ low: 0, high: 0 })
          expect(carriers(world).map(group => group.deployment)).to.not.include('web')
          life.meet({ act: 'autoscale', side: 'web', needed: 6 })
          life.goOn(130)
          expect(replicasOf(life, TARGET)).to.equal(0)
          const { changes } = world
          life.goOn(300)
          expect(world.changes).to.equal(changes)
        }),
      ),
      casesOf<[History]>(0.5),
    )
  })

  test('whatever happened, a deletion leaves the target with pods and its autoscaler as its user had it', () => {
    fc.assert(
      fc.property(scaled, drawn =>
        live(drawn, [], life => {
          life.calm()
          encourage(life)
          life.meet({ act: 'delete' })
          keepServing(life)
          encourage(life)
          const { wire, world } = life
          if (isLost(life)) return
          expect(world.get(CANARY), wire.message).to.equal(undefined)
          const { scaler = 'ScaledObject' } = life.setup
          const users = world.get(scalerOf(scaler).ref)
          expect(users?.['spec']).to.deep.equal(scalerOf(scaler).object['spec'])
          expect(users?.metadata.annotations).to.deep.equal(scaler === 'ScaledObject' ? USERS_PAUSE : {})
          expect(users?.metadata.annotations).to.not.have.property(ORIGINAL_ANNOTATION)
          const copies = [kinds.HorizontalPodAutoscaler, kinds.ScaledObject].flatMap(one => world.all(one))
          expect(copies.filter(({ metadata }) => metadata.labels?.[CANARY_LABEL] !== undefined)).to.deep.equal([])
          expect(replicasOf(life, TARGET)).to.be.greaterThan(0)
        }),
      ),
      casesOf<[History]>(0.5),
    )
  })
})
