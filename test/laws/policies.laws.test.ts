/** The laws of policies, on histories in which the user's are written and deleted at any moment. */
import { expect } from 'chai'
import fc from 'fast-check'
import { kinds } from '../../src/api/object.ts'
import { at, textsOf } from '../../src/core/json.ts'
import type { Reason } from '../../src/core/status/reasons.ts'
import { type Act, history, type History, type Setup } from './arbitraries.ts'
import { always, casesOf, live } from './law-runs.ts'
import { Broken, type Law } from './laws.ts'
import { copiesIn, missedByPrimary, POLICED, usersPolicy } from './tiny-policies.ts'
import { CANARY, PRIMARY } from './tiny-world.ts'

const kind = fc.constantFrom(...POLICED)
const policing: fc.Arbitrary<Act> = fc.oneof(
  {
    weight: 3,
    arbitrary: fc.record({
      act: fc.constant('write a policy' as const),
      kind,
      version: fc.integer({ min: 1, max: 4 }),
    }),
  },
  { weight: 1, arbitrary: fc.record({ act: fc.constant('delete a policy' as const), kind }) },
)

/** Labels that differ: with those kept no policy can miss the primary. */
const differing = (setup: Setup): Setup => ({
  ...setup,
  policed: true,
  labels: setup.split.endsWith('subsets') ? 'keep' : 'switch',
})

/** Any history, in which policies change between what happens; half of them from before there is a primary. */
const policed: fc.Arbitrary<History> = fc
  .record({ drawn: history, isNew: fc.boolean(), acts: fc.array(policing, { minLength: 1, maxLength: 5 }) })
  .map(({ drawn, isNew, acts }) => ({
    ...drawn,
    from: isNew ? 'nothing' : drawn.from,
    setup: differing(drawn.setup),
    acts: drawn.acts.flatMap((act, i) => [act, ...(acts[i] === undefined ? [] : [acts[i]])]),
  }))

/** A primary is created only where each policy that covers the target has an equal for its pods. */
const coveredFromItsFirstPod: Law = () => ({
  wrote(world, write) {
    if (write.verb !== 'create' || write.ref.name !== PRIMARY.name || write.ref.kind !== kinds.Deployment) return
    const labels = textsOf(at(write.object.spec, 'template', 'metadata', 'labels'))
    const missed = missedByPrimary(world, labels)
    if (missed !== null) throw new Broken(`${missed.kind} does not cover the first pods of the primary`)
  },
})

/** What a person has to decide before the primary can have it. */
const NOT_KEPT: readonly Reason[] = ['PolicyNotKept', 'Conflict']

/** After each pass that could do what it decided, the primary has what the user says at that moment. */
const followed: Law = () => ({
  carriedOut({ world, observation, decision }) {
    if ('ask' in decision || observation.unseen !== null || observation.hidden !== null) return
    if (decision.state.phase === 'Terminating' || NOT_KEPT.includes(decision.reason)) return
    if (world.get(PRIMARY) === undefined || observation.recorded.length === 0) return
    if ((observation.canary.metadata.finalizers ?? []).length === 0) return
    const missed = missedByPrimary(world)
    if (missed !== null) throw new Broken(`${missed.kind} has no equal for the primary in ${decision.state.phase}`)
  },
})

/** A copy is taken away only with what it was made of, or after the primary. */
const neverBeforeThePrimary: Law = () => ({
  wrote(world, write) {
    if (write.verb !== 'delete' || write.ref.name === 'callers') return
    const of = POLICED.find(one => kinds[one] === write.ref.kind)
    if (of === undefined || world.get(PRIMARY) === undefined) return
    if (world.get(usersPolicy(of)) !== undefined) throw new Broken(`the copy of a ${of} goes before the primary`)
  },
})

suite('The laws of policies', function () {
  this.timeout(0)

  always(policed, 1, {
    'the primary is covered by each policy of the target from its first pod on': coveredFromItsFirstPod,
    'what the user writes or deletes is followed at any moment': followed,
    'no policy of the primary goes before it': neverBeforeThePrimary,
  })

  test('whatever happened, a deletion leaves the policies of the user and no copy', () => {
    fc.assert(
      fc.property(policed, drawn =>
        live(drawn, [], life => {
          life.calm()
          const before = POLICED.map(one => life.world.get(usersPolicy(one))?.['spec'])
          life.goOn(300)
          life.meet({ act: 'delete' })
          life.goOn(600)
          if (life.world.get(CANARY) !== undefined) return
          expect(copiesIn(life.world).map(copy => copy.metadata.name)).to.deep.equal([])
          expect(POLICED.map(one => life.world.get(usersPolicy(one))?.['spec'])).to.deep.equal(before)
        }),
      ),
      casesOf<[History]>(0.5),
    )
  })
})
