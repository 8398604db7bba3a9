/** What histories are made of: how a canary is set up, what happens to it, and what goes wrong meanwhile. */
import fc from 'fast-check'
import type { Fate } from './tiny-calls.ts'
import type { PolicedKind } from './tiny-policies.ts'
import { HOOK_TYPES, type HookType } from '../../src/api/webhook.ts'
import type { Gates, Mood } from './tiny-world.ts'

/** How a canary and its surroundings are set up. */
export interface Setup {
  /**
   * `selector`: there is no mesh, and the Service selects one side. `http route`: an HTTPRoute of Sluice's own in the mesh. `ingress`:
   * an Ingress takes a share of the requests of the user's.
   */
  readonly split: 'own' | 'users' | 'subsets' | 'users and subsets' | 'selector' | 'http route' | 'ingress'
  /** Beside the ladder: rounds in its place, matched requests, both, or callers that stay. In the user's routes no more than rounds. */
  readonly strategy: 'weights' | 'iterations' | 'matched' | 'matched iterations' | 'sticky'
  /** Requests are copied to the canary before its first share. */
  readonly mirror: boolean
  readonly labels: 'keep' | 'switch'
  readonly ladder: readonly { readonly weight: number; readonly hold?: string; readonly approve?: boolean }[]
  readonly checkInterval: string
  readonly threshold: number
  readonly failFast: boolean
  readonly query: boolean
  readonly onProviderError: 'hold' | 'fail'
  readonly stepWeightPromotion: number
  readonly lockTarget: boolean
  readonly skipAnalysis: boolean
  readonly maxBlind: string
  readonly maxDuration: string
  readonly revertOnDeletion: boolean
  /** The target mounts a ConfigMap. */
  readonly configured: boolean
  /** The strategy of the target, and so of the primary, ends all old pods before it starts new ones. */
  readonly recreate: boolean
  /** An autoscaler is on the primary. */
  readonly autoscaled: boolean
  /** Kind of the autoscaler that is on the target, and that the Canary names; left out: none. */
  readonly scaler?: 'HorizontalPodAutoscaler' | 'ScaledObject'
  readonly replicas: number
  /** The Service has a second port, which leads to another one of the pods. */
  readonly secondPort: boolean
  /** A DestinationRule for a wildcard covers the Service; the Canary may say a policy beside it. */
  readonly covered: 'by nothing' | 'by a wildcard' | 'by a wildcard and the Canary'
  /** A VirtualService of another namespace leads to the Service, past the split. */
  readonly bypassed: boolean
  /** Policies of the user's select the pods of the target by the label that tells the sides apart; left out: none do. */
  readonly policed?: boolean
  /** Types of the webhooks that the Canary has, one each; left out: none. */
  readonly webhooks?: readonly HookType[]
}

const ladders: readonly Setup['ladder'][] = [
  [{ weight: 50 }],
  [{ weight: 100 }],
  [{ weight: 30 }, { weight: 60 }],
  [{ weight: 0.3 }, { weight: 33.3 }, { weight: 99.9 }],
  [{ weight: 40, approve: true }, { weight: 100 }],
  [
    { weight: 20, hold: '25s' },
    { weight: 100, approve: true },
  ],
]

const webhooks: readonly (readonly HookType[])[] = [
  [],
  [],
  [],
  ['confirm-traffic-increase', 'confirm-promotion'],
  ['confirm-rollout', 'rollback'],
  ['pre-rollout', 'rollout', 'post-rollout'],
  HOOK_TYPES,
]

export const setup: fc.Arbitrary<Setup> = fc
  .record({
    split: fc.constantFrom('own', 'own', 'users', 'subsets', 'users and subsets', 'selector', 'http route', 'ingress'),
    strategy: fc.constantFrom('weights', 'weights', 'weights', 'iterations', 'matched', 'matched iterations', 'sticky'),
    mirror: rarely(),
    labels: fc.constantFrom('keep', 'keep', 'switch'),
    ladder: fc.constantFrom(...ladders),
    checkInterval: fc.constantFrom('10s', '10s', '5s'),
    threshold: fc.integer({ min: 1, max: 3 }),
    failFast: rarely(),
    query: fc.boolean(),
    onProviderError: fc.constantFrom('hold', 'hold', 'fail'),
    stepWeightPromotion: fc.constantFrom(0, 0, 40, 33.3),
    lockTarget: fc.constantFrom(true, true, false),
    skipAnalysis: rarely(),
    maxBlind: fc.constantFrom('15m', '30s'),
    maxDuration: fc.constantFrom('24h', '24h', '1m'),
    revertOnDeletion: fc.boolean(),
    configured: rarely(),
    recreate: rarely(),
    autoscaled: rarely(),
    replicas: fc.integer({ min: 1, max: 4 }),
    secondPort: fc.boolean(),
    covered: fc.constantFrom('by nothing', 'by a wildcard', 'by a wildcard and the Canary'),
    bypassed: rarely(),
    webhooks: fc.constantFrom(...webhooks),
  } satisfies { readonly [K in keyof Setup]: fc.Arbitrary<unknown> })
  .map((drawn): Setup => {
    const subsets = drawn.split.endsWith('subsets')
    const own = ['own', 'subsets', 'http route'].includes(drawn.split)
    const isIngress = drawn.split === 'ingress'
    const taken = ['iterations', ...(isIngress ? ['matched iterations'] : [])]
    const strategy = own || taken.includes(drawn.strategy) ? drawn.strategy : 'weights'
    // No mesh is around an Ingress.
    const alone = isIngress ? ({ covered: 'by nothing', bypassed: false } as const) : {}
    return { ...drawn, ...alone, labels: subsets ? 'keep' : drawn.labels, strategy, mirror: own && drawn.mirror }
  })

function rarely(): fc.Arbitrary<boolean> {
  return fc.integer({ min: 0, max: 5 }).map(number => number === 5)
}

export const images = ['web:1', 'web:2', 'web:3', 'web:broken'] as const
export type Image = (typeof images)[number]
export type CommandName = 'approve' | 'pause' | 'resume' | 'abort' | 'retry' | 'rollback'
export type Side = 'web' | 'web-primary'

/** What goes wrong in a pass; plain data, so that a counterexample can be read. */
export interface Ill {
  readonly commit: Fate
  readonly writes: readonly Fate[]
  readonly order: readonly number[]
  readonly killedAfter: number | null
  /** Somebody pushes this image between the status and the writes. */
  readonly pushed: Image | null
}

/** One thing that happens. */
export type Act =
  /** Passes and sweeps, each as it comes due, until so much time has gone by; the first passes go ill. */
  | { readonly act: 'go on'; readonly seconds: number; readonly ills: readonly Ill[] }
  | { readonly act: 'pass'; readonly ill: Ill }
  | { readonly act: 'sweep'; readonly of: Side | 'endpoints' }
  | { readonly act: 'wait'; readonly seconds: number }
  | { readonly act: 'kill' }
  | { readonly act: 'push'; readonly image: Image }
  | { readonly act: 'configure'; readonly content: number }
  | { readonly act: 'command'; readonly name: CommandName; readonly full: boolean }
  | { readonly act: 'pause the spec'; readonly paused: boolean }
  | { readonly act: 'edit the ladder'; readonly ladder: Setup['ladder'] }
  | { readonly act: 'annotate' }
  | { readonly act: 'crash'; readonly side: Side }
  | { readonly act: 'recover' }
  | { readonly act: 'scale'; readonly side: Side; readonly replicas: number }
  /** The autoscaler of a side finds that so many pods are needed, and does what its limits and its pause allow. */
  | { readonly act: 'autoscale'; readonly side: Side; readonly needed: number }
  | { readonly act: 'hand on the weight'; readonly weight: number }
  | { readonly act: 'lose'; readonly what: 'target' | 'primary' | 'routes' | 'canary service' | 'records' | 'status' }
  | { readonly act: 'mood'; readonly mood: Mood }
  | { readonly act: 'gates'; readonly gates: Gates }
  | { readonly act: 'see'; readonly kind: 'all' | 'half' }
  /** Watches tell nothing, and nothing tells so; or they begin again. */
  | { readonly act: 'fall silent' | 'hear again' }
  /** A VirtualService of the namespace leads to the Service, past the split; or it does no longer. */
  | { readonly act: 'lead past' | 'lead past no more' }
  /** The user writes a policy of this kind, whether it is there or not, or deletes it. */
  | { readonly act: 'write a policy'; readonly kind: PolicedKind; readonly version: number }
  | { readonly act: 'delete a policy'; readonly kind: PolicedKind }
  | { readonly act: 'delete' }

/** A pass in which nothing goes wrong. */
export const WELL: Ill = { commit: 'done', writes: [], order: [], killedAfter: null, pushed: null }

const fate: fc.Arbitrary<Fate> = fc.constantFrom('done', 'refused', 'unanswered')

export const ill: fc.Arbitrary<Ill> = fc.record({
  commit: fc.constantFrom('done' as const, 'done' as const, 'done' as const, 'refused' as const, 'unanswered' as const),
  writes: fc.array(fate, { maxLength: 5 }),
  order: fc.array(fc.nat(9), { maxLength: 6 }),
  killedAfter: fc.option(fc.nat(4), { nil: null, freq: 2 }),
  pushed: fc.option(fc.constantFrom(...images), { nil: null, freq: 6 }),
})

/** Passes of which the first, that many at most, go well, and then some ill in the same way: trouble that stays for a while. */
export const spell = (latest: number): fc.Arbitrary<readonly Ill[]> =>
  fc
    .record({ after: fc.nat(latest), ill, passes: fc.integer({ min: 1, max: 6 }) })
    .map(({ after, ill: one, passes }) => [
      ...Array.from({ length: after }, () => WELL),
      ...Array.from({ length: passes }, () => one),
    ])

/** The act of that name, with whatever else it says. */
const named = <A extends Act['act']>(act: A): { act: fc.Arbitrary<A> } => ({ act: fc.constant(act) })

export const moods = fc.constantFrom<Mood[]>(
  'good',
  'bad',
  'bad',
  'silent',
  'down',
  'refused',
  'not carried',
  'misrouted',
)
const gates = fc.constantFrom<Gates[]>('open', 'closed', 'closed', 'unreachable', 'hanging', 'back')
const goOn = fc.record({
  ...named('go on'),
  seconds: fc.constantFrom(1, 3, 8, 15, 40),
  ills: fc.oneof(
    { weight: 3, arbitrary: fc.constant([]) },
    { weight: 1, arbitrary: fc.array(ill, { maxLength: 12, size: 'max' }) },
    { weight: 2, arbitrary: spell(12) },
  ),
})
const push = fc.record({ ...named('push'), image: fc.constantFrom(...images) })
const side = fc.constantFrom<Side[]>('web', 'web-primary')

const act: fc.Arbitrary<Act> = fc.oneof(
  { weight: 8, arbitrary: goOn },
  { weight: 6, arbitrary: fc.record({ ...named('pass'), ill }) },
  { weight: 2, arbitrary: fc.record({ ...named('sweep'), of: fc.constantFrom('web', 'web-primary', 'endpoints') }) },
  { weight: 1, arbitrary: fc.record({ ...named('wait'), seconds: fc.constantFrom(1, 5, 30, 90) }) },
  { weight: 1, arbitrary: fc.record(named('kill')) },
  { weight: 4, arbitrary: push },
  { weight: 1, arbitrary: fc.record({ ...named('configure'), content: fc.nat(2) }) },
  {
    weight: 3,
    arbitrary: fc.record({
      ...named('command'),
      name: fc.constantFrom('approve', 'approve', 'pause', 'resume', 'abort', 'retry', 'rollback'),
      full: rarely(),
    }),
  },
  { weight: 1, arbitrary: fc.record({ ...named('pause the spec'), paused: fc.boolean() }) },
  { weight: 1, arbitrary: fc.record({ ...named('edit the ladder'), ladder: fc.constantFrom(...ladders) }) },
  { weight: 1, arbitrary: fc.record(named('annotate')) },
  { weight: 2, arbitrary: fc.record({ ...named('crash'), side }) },
  { weight: 2, arbitrary: fc.record(named('recover')) },
  { weight: 1, arbitrary: fc.record({ ...named('scale'), side, replicas: fc.integer({ min: 1, max: 4 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({
      ...named('hand on the weight'),
      weight: fc.constantFrom(0, 0.1, 10, 25, 33.3, 45, 80, 100),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      ...named('lose'),
      what: fc.constantFrom('target', 'primary', 'routes', 'canary service', 'records', 'status'),
    }),
  },
  { weight: 3, arbitrary: fc.record({ ...named('mood'), mood: moods }) },
  { weight: 2, arbitrary: fc.record({ ...named('gates'), gates }) },
  { weight: 1, arbitrary: fc.record({ ...named('see'), kind: fc.constantFrom('all', 'half') }) },
  { weight: 1, arbitrary: fc.record(named('delete')) },
)

/** Everything that happens to one canary. */
export interface History {
  readonly setup: Setup
  /** Where it begins: before the Canary was ever seen, or with one that rests. */
  readonly from: 'nothing' | 'rest'
  readonly acts: readonly Act[]
}

const release = fc.record({ ...named('push'), image: fc.constantFrom('web:2', 'web:3') })

/** Histories mostly begin with a push: a canary that rests has few ways to be wrong. */
export const history: fc.Arbitrary<History> = fc
  .record({
    setup,
    from: fc.constantFrom('nothing' as const, ...Array.from({ length: 7 }, () => 'rest' as const)),
    opening: fc.oneof(
      { weight: 5, arbitrary: fc.tuple(release, goOn) },
      { weight: 2, arbitrary: fc.tuple(fc.record({ ...named('mood'), mood: moods }), release, goOn) },
      { weight: 2, arbitrary: fc.tuple(fc.record({ ...named('gates'), gates }), release, goOn) },
      { weight: 1, arbitrary: fc.constant([] as Act[]) },
    ),
    acts: fc.array(act, { maxLength: 7 }),
  })
  .map(({ setup: drawn, from, opening, acts }) => ({ setup: drawn, from, acts: [...opening, ...acts] }))
