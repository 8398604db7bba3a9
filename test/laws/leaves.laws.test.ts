/** Every field of a Canary's spec that is accepted has an effect, and no spec ends the controller. */
import { expect } from 'chai'
import fc from 'fast-check'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { type KubeObject, kinds } from '../../src/api/object.ts'
import { decide } from '../../src/core/machine/decide.ts'
import { planOf } from '../../src/core/model/plan.ts'
import { mergePatch } from '../../playground/json.ts'
import { observation } from '../core/given-objects.ts'
import { sampled } from '../sampled.ts'
import type { Act, Setup } from './arbitraries.ts'
import { Life } from './histories.ts'
import { leaves, valuesOf, withValue } from './leaves.ts'
import { type Row, rows, withoutEffect } from './leaves.rows.ts'
import { newWorld, plain } from './setups.ts'
import { instant, memory, state } from './states.ts'
import { CANARY, refTo, TinyWorld } from './tiny-world.ts'

type Json = Record<string, unknown>

const plainSpec: Json = {
  targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
  service: { port: 80, targetPort: 8080 },
  analysis: { interval: '10s', threshold: 2, metrics: [{ name: 'request-success-rate' }] },
}

const go = (seconds: number): Act => ({ act: 'go on', seconds, ills: [] })
const push = (image: 'web:2' | 'web:3' | 'web:broken'): Act => ({ act: 'push', image })
const mood = (named: Extract<Act, { act: 'mood' }>['mood']): Act => ({ act: 'mood', mood: named })

/** What a release may meet, once the Canary rests; the first that tells two specs apart ends the search. */
const histories: readonly (readonly Act[])[] = [
  [push('web:2'), go(12), go(30), go(150)],
  [{ act: 'delete' }, go(30)],
  [push('web:2'), mood('bad'), go(20), go(180)],
  [push('web:2'), go(12), mood('silent'), go(50), go(250)],
  [push('web:2'), go(12), mood('down'), go(50), go(250)],
  [push('web:broken'), go(200)],
  [push('web:2'), go(12), push('web:3'), go(120)],
]

/** MetricTemplates that a spec may name. */
function putTemplates(world: TinyWorld): void {
  const queries = { one: 'sum(x)', two: 'sum(y)', 'with a variable': 'sum(x{a="{{ variables.a }}"})' }
  for (const [name, query] of Object.entries(queries)) {
    const spec = { provider: { type: 'prometheus' }, query }
    world.put(refTo(kinds.MetricTemplate, name), { apiVersion: '', kind: '', metadata: { name }, spec }, 'kubectl')
  }
}

const autoscalers = { HorizontalPodAutoscaler: kinds.HorizontalPodAutoscaler, ScaledObject: kinds.ScaledObject }

function putAutoscaler(world: TinyWorld, kind: keyof typeof autoscalers): void {
  const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' }
  const horizontal = { scaleTargetRef, minReplicas: 2, maxReplicas: 5 }
  const triggers = [{ type: 'prometheus', name: 'load', metadata: { query: 'sum(load{app="web"})' } }]
  const scaled = { scaleTargetRef: { name: 'web' }, minReplicaCount: 2, maxReplicaCount: 5, triggers }
  const spec = kind === 'ScaledObject' ? scaled : horizontal
  world.put(refTo(autoscalers[kind], 'web'), { apiVersion: '', kind: '', metadata: { name: '' }, spec }, 'kubectl')
}

function putRoute(world: TinyWorld): void {
  const rules = ['a', 'b'].map(name => ({ name, backendRefs: [{ name: 'web', port: 80 }] }))
  const spec = { parentRefs: [{ name: 'public' }], rules }
  const metadata = { name: '', labels: { team: 'shop' } }
  world.put(refTo(kinds.HTTPRoute, 'ours'), { apiVersion: '', kind: '', metadata, spec }, 'kubectl')
}

/** Sentences, which may name a value that nothing else follows from. */
const SENTENCES: ReadonlySet<string> = new Set(['message', 'because', 'memory', 'announcements'])

const membersOf = (record: Json): [string, unknown][] =>
  Object.entries(record).filter(([key, value]) => value !== undefined && !SENTENCES.has(key))

/** Whether two values are the same JSON but for sentences; it ends at the first difference, which is far sooner than writing both. */
function isSame(one: unknown, other: unknown): boolean {
  if (typeof one !== 'object' || typeof other !== 'object' || one === null || other === null) return one === other
  if (Array.isArray(one) || Array.isArray(other)) {
    if (!Array.isArray(one) || !Array.isArray(other) || one.length !== other.length) return false
    return one.every((item, index) => isSame(item, other[index]))
  }
  const [members, others] = [membersOf(one as Json), membersOf(other as Json)]
  return members.length === others.length && members.every(([key, value]) => isSame(value, (other as Json)[key]))
}

/** A Canary of a spec, and what was planned, asked and written for it, pass by pass. */
class Traced {
  readonly #life: Life
  #trace: unknown[] = []
  readonly #split: Setup['split']

  constructor(split: Setup['split'], world: TinyWorld) {
    this.#split = split
    this.#life = new Life({ ...plain, split }, world, () => [
      {
        decided: ({ observation: o, decision }) => {
          this.#trace.push([planOf(o.canary.spec.analysis), decision])
        },
      },
    ])
  }

  /** One that is made, and of which no pass has been made. */
  static at({ split = 'own', autoscaler, route }: Row, spec: Json): Traced {
    const world = newWorld({ ...plain, split })
    putTemplates(world)
    if (autoscaler !== undefined) putAutoscaler(world, autoscaler)
    if (route === true) putRoute(world)
    world.edit(CANARY, canary => ({ ...canary, spec }))
    return new Traced(split, world)
  }

  /** The same Canary, from where this one is, with a new process. */
  again(): Traced {
    return new Traced(this.#split, new TinyWorld(this.#life.world))
  }

  /** The trace from the last act to the end of this one. */
  after(act: Act): readonly unknown[] {
    this.#trace = []
    this.#life.meet(act)
    return this.#trace
  }
}

const aPass: Act = {
  act: 'pass',
  ill: { commit: 'done', writes: [], order: [], killedAfter: null, pushed: null },
}

/** The minute in which a Canary comes to rest; most pairs differ in its first passes, and need no more of it. */
const beginning = [aPass, aPass, go(0), go(60)]

/** The same time in pieces that grow, so that a difference is seen soon after it is there. */
function inPieces(act: Act): Act[] {
  if (act.act !== 'go on') return [act]
  const pieces = [go(0)]
  let left = act.seconds
  for (let piece = 1; left > 0; piece *= 2) {
    pieces.push(go(Math.min(piece, left)))
    left -= piece
  }
  return pieces
}

/** Whether two specs do the same until they rest, and in each history after that. */
function isTheSame(row: Row, one: Json, other: Json): boolean {
  const begun = [Traced.at(row, one), Traced.at(row, other)] as const
  const areTheSame = (traced: readonly [Traced, Traced], acts: readonly Act[]): boolean =>
    acts.flatMap(inPieces).every(act => isSame(traced[0].after(act), traced[1].after(act)))
  return areTheSame(begun, beginning) && histories.every(acts => areTheSame([begun[0].again(), begun[1].again()], acts))
}

function problemsOf(spec: Json): readonly string[] {
  const parsed = parseCanary({ apiVersion: '', kind: 'Canary', metadata: { name: 'web', namespace: 'shop' }, spec })
  return 'problems' in parsed ? parsed.problems : []
}

/** The two specs that differ in a field alone. */
function pairOf(
  { path, schema }: (typeof leaves)[number],
  { given = {}, values = valuesOf(schema), at = path }: Row,
): [Json, Json] {
  const around = mergePatch(plainSpec, JSON.parse(JSON.stringify(given)) as Json)
  return values.map(value => withValue(around, at, value)) as [Json, Json]
}

const numRuns = Number(process.env['LAW_RUNS'] ?? 300)

const withEffect = leaves.filter(({ path }) => withoutEffect[path] === undefined)

suite('laws of the spec', function () {
  this.timeout(0)

  for (const leaf of sampled(withEffect, 2)) {
    test(`${leaf.path} has an effect`, () => {
      const row = rows[leaf.path] ?? {}
      const [one, other] = pairOf(leaf, row)
      expect([problemsOf(one), problemsOf(other)], 'write a row with two values that are accepted').to.deep.equal([
        [],
        [],
      ])
      const said = `${JSON.stringify(one)} and ${JSON.stringify(other)} do the same in every history`
      expect(isTheSame(row, one, other), said).to.equal(false)
    })
  }

  test('fields without an effect are fields, with a reason each; and rows are of fields', () => {
    const paths = leaves.map(({ path }) => path)
    const odd = [...Object.keys(withoutEffect), ...Object.keys(rows)].filter(path => !paths.includes(path))
    expect(odd).to.deep.equal([])
  })

  test('what says nothing changes nothing', () => {
    const nothing = { suspend: false, service: { hosts: [] }, analysis: { iterations: 0, stepWeightPromotion: 0 } }
    expect(isTheSame({}, plainSpec, mergePatch(plainSpec, nothing) as Json)).to.equal(true)
  })

  const garbage = fc.constantFrom<unknown>(
    null,
    '',
    0,
    -1,
    1.5,
    1e9,
    true,
    [],
    {},
    [[]],
    '10s',
    'x'.repeat(300),
    '\u0000',
    { a: 1 },
    ['a', 'a'],
  )
  const change = fc.nat(leaves.length - 1).chain(index => {
    const { path, schema } = leaves[index] as (typeof leaves)[number]
    const { given = {}, values = valuesOf(schema), at = path } = rows[path] ?? {}
    const value = fc.oneof(
      { weight: 4, arbitrary: fc.constantFrom<unknown>(...values) },
      { weight: 1, arbitrary: garbage },
    )
    return value.map(chosen => ({ path: at, given, chosen }))
  })
  const changed = fc
    .array(change, { minLength: 1, maxLength: 5 })
    .map(changes =>
      changes.reduce<Json>(
        (spec, { path, given, chosen }) =>
          withValue(mergePatch(spec, JSON.parse(JSON.stringify(given)) as Json), path, chosen),
        plainSpec,
      ),
    )
  const spec = fc.oneof(
    { weight: 6, arbitrary: changed },
    { weight: 1, arbitrary: fc.jsonValue() as fc.Arbitrary<Json> },
  )

  test('any spec is read, or refused with a sentence, and decided on in any state', () => {
    let accepted = 0
    fc.assert(
      fc.property(spec, state, memory, instant, (written, before, remembered, now) => {
        const metadata = { name: 'web', namespace: 'shop', creationTimestamp: '2026-01-01T00:00:00Z' }
        const object: KubeObject = { apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', metadata, spec: written }
        const parsed = parseCanary(object)
        if ('problems' in parsed) {
          expect(parsed.problems).to.not.have.lengthOf(0)
          for (const sentence of parsed.problems) expect(sentence).to.match(/^(spec|metadata)\b.*: \S/)
          return
        }
        accepted += 1
        decide(observation({ canary: parsed.canary, state: before, memory: remembered }), now)
      }),
      { numRuns },
    )
    expect(accepted).to.be.greaterThan(numRuns / 10)
  })
})
