/** Which policies are copied for the primary, and what the copies say. */
import { assert } from 'chai'
import fc from 'fast-check'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { parityOf } from '../../../src/core/policies/copies.ts'
import { nameOfCopy } from '../../../src/core/policies/copy.ts'
import { policyKinds } from '../../../src/core/policies/index.ts'
import { type PodSelector, selectsPods } from '../../../src/core/policies/pod-selector.ts'
import { pairsOf } from '../../../src/core/policies/sides.ts'
import { primaryLabels, primarySelector } from '../../../src/core/render/labels.ts'
import { canary, deployment, live, object, observation, record, template, workload } from '../given-objects.ts'
import { allow, policy, switched, web } from './given.ts'

const { AuthorizationPolicy, NetworkPolicy, PeerAuthentication, PodDisruptionBudget } = kinds

const strict = { mtls: { mode: 'STRICT' } }
const disable = { mtls: { mode: 'DISABLE' } }
const backend = { selector: { matchLabels: { tier: 'backend' } } }
const ofPrimary = { selector: { matchLabels: { app: 'web-primary' } } }
const root = { namespace: 'istio-system' }

/** Its pods have `tier: backend` as well. */
const tiered = (): Partial<Observation> => ({
  target: workload(deployment('web', { template: template('web:1', { app: 'web', tier: 'backend' }) })),
  recorded: [],
})

const copied = (o: Observation): string[] =>
  (parityOf(o)?.copies ?? []).map(({ ref }) => `${ref.kind.kind} ${ref.name}`)

interface Row {
  readonly policies: () => KubeObject[]
  readonly copies: readonly string[]
  readonly unequal?: readonly string[]
  readonly around?: () => Partial<Observation>
}

const rows: Readonly<Record<string, Row>> = {
  'one that selects the label that differs': {
    policies: () => [allow()],
    copies: ['AuthorizationPolicy frontend-web-primary'],
  },
  'one that selects a label that both have covers both': {
    policies: () => [policy(AuthorizationPolicy, 'a', { ...backend, rules: [] })],
    copies: [],
    around: tiered,
  },
  'one without a selector is for all': {
    policies: () => [policy(AuthorizationPolicy, 'a', { rules: [] }), policy(NetworkPolicy, 'n', { podSelector: {} })],
    copies: [],
  },
  'one whose selector is empty is for all': {
    policies: () =>
      [{}, { matchLabels: {} }].flatMap((selector, i) => [
        policy(AuthorizationPolicy, `a${i}`, { selector, rules: [] }),
        policy(NetworkPolicy, `n${i}`, { podSelector: selector }),
        policy(PeerAuthentication, `p${i}`, { selector, mtls: { mode: 'STRICT' } }),
      ]),
    copies: [],
  },
  'one that selects other pods is none of ours': {
    policies: () => [policy(AuthorizationPolicy, 'a', { selector: { matchLabels: { app: 'api' } }, rules: [] })],
    copies: [],
  },
  'every one of those that count together': {
    policies: () => [allow('one'), allow('two')],
    copies: ['AuthorizationPolicy one-web-primary', 'AuthorizationPolicy two-web-primary'],
  },
  'none that the user has written for the primary already': {
    policies: () => [
      allow('one'),
      policy(AuthorizationPolicy, 'hand-made', { ...(allow().spec as object), ...ofPrimary }),
    ],
    copies: [],
  },
  'one of the root namespace, into the namespace of the Canary': {
    policies: () => [allow('everywhere', root)],
    copies: ['AuthorizationPolicy istio-system-everywhere-web-primary'],
  },
  'none of the root namespace where that selects no pods of others': {
    policies: () => [policy(PeerAuthentication, 'p', { ...web, ...strict }, root)],
    copies: [],
  },
  'one of the root namespace beside one of that name': {
    policies: () => [allow('deny'), allow('deny', root, 'ops')],
    copies: ['AuthorizationPolicy deny-web-primary', 'AuthorizationPolicy istio-system-deny-web-primary'],
  },
  'two that need one name: that of the older one is kept': {
    policies: () => [allow('istio-system-deny'), allow('deny', root, 'ops')],
    copies: ['AuthorizationPolicy istio-system-deny-web-primary'],
    unequal: ['doubled'],
  },
  'of PeerAuthentications only the oldest': {
    policies: () => [
      policy(PeerAuthentication, 'old', { ...web, ...strict }),
      policy(PeerAuthentication, 'young', { ...web, ...disable }),
    ],
    copies: ['PeerAuthentication old-web-primary'],
  },
  'of PeerAuthentications none where the oldest selects both': {
    policies: () => [
      policy(PeerAuthentication, 'old', { ...backend, ...strict }),
      policy(PeerAuthentication, 'young', { ...web, ...disable }),
    ],
    copies: [],
    around: tiered,
  },
  'of PeerAuthentications one that would decide in place of the copy': {
    policies: () => [
      policy(PeerAuthentication, 'old', { ...web, ...strict }),
      policy(PeerAuthentication, 'young', { ...backend, ...disable }),
    ],
    copies: [],
    unequal: ['overruled'],
    around: tiered,
  },
  'of PeerAuthentications one that says the same as what would decide': {
    policies: () => [
      policy(PeerAuthentication, 'old', { ...web, ...strict }),
      policy(PeerAuthentication, 'young', { ...backend, ...strict }),
    ],
    copies: ['PeerAuthentication old-web-primary'],
    around: tiered,
  },
  'of PeerAuthentications none where the user has one for the primary': {
    policies: () => [
      policy(PeerAuthentication, 'web', { ...web, ...strict }),
      policy(PeerAuthentication, 'primary', { ...ofPrimary, ...disable }),
    ],
    copies: [],
  },
  'a budget, but never a second one': {
    policies: () => [policy(PodDisruptionBudget, 'web', { ...web, minAvailable: 1 })],
    copies: ['PodDisruptionBudget web-web-primary'],
  },
  'no budget where the primary has one': {
    policies: () => [
      policy(PodDisruptionBudget, 'web', { ...web, minAvailable: 1 }),
      policy(PodDisruptionBudget, 'all', { ...backend, minAvailable: 1 }),
    ],
    copies: [],
    around: tiered,
  },
  'an expression that lists several': {
    policies: () => [
      policy(NetworkPolicy, 'n', {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'In', values: ['web', 'api'] }] },
      }),
    ],
    copies: ['NetworkPolicy n-web-primary'],
  },
  'an expression that excludes the primary': {
    policies: () => [
      policy(NetworkPolicy, 'n', {
        podSelector: { matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['web-primary'] }] },
      }),
    ],
    copies: [],
    unequal: ['excludes'],
  },
  'an expression beside the label that differs, which the primary fits': {
    policies: () => [
      policy(NetworkPolicy, 'n', {
        podSelector: {
          matchLabels: { app: 'web' },
          matchExpressions: [{ key: 'app', operator: 'NotIn', values: ['api'] }],
        },
      }),
    ],
    copies: ['NetworkPolicy n-web-primary'],
  },
  'one whose equal for the primary is only tried out': {
    policies: () => [
      allow('one'),
      policy(
        AuthorizationPolicy,
        'tried',
        { ...(allow().spec as object), ...ofPrimary },
        { annotations: { 'istio.io/dry-run': 'true' } },
      ),
    ],
    copies: ['AuthorizationPolicy one-web-primary'],
  },
  'one for a label that only the template on record has': {
    policies: () => [
      policy(AuthorizationPolicy, 'v1', { selector: { matchLabels: { app: 'web', version: 'v1' } }, rules: [] }),
    ],
    copies: ['AuthorizationPolicy v1-web-primary'],
    around: () => ({ recorded: [record(template('web:1', { app: 'web', version: 'v1' }))] }),
  },
  'one for the Service alone has no pods': {
    policies: () => [policy(AuthorizationPolicy, 't', { targetRefs: [{ kind: 'Service', name: 'web' }] })],
    copies: [],
  },
}

suite('policies that the primary would lose', () => {
  for (const [what, { policies, copies, unequal = [], around }] of Object.entries(rows)) {
    test(what, () => {
      const o = switched(policies(), around?.())
      assert.deepEqual(copied(o), copies)
      assert.deepEqual(
        (parityOf(o)?.unequal ?? []).map(({ why }) => why),
        unequal,
      )
    })
  }

  test('once a copy is there, what comes later does not overrule it', () => {
    const old = policy(PeerAuthentication, 'old', { ...web, ...strict })
    const labels = { 'sluice.dev/canary': 'web' }
    const annotations = { 'sluice.dev/copy-of': 'shop/old' }
    const copy = policy(PeerAuthentication, 'old-web-primary', { ...ofPrimary, ...strict }, { labels, annotations })
    const young = policy(PeerAuthentication, 'young', { ...backend, ...disable })
    assert.deepEqual(copied(switched([old, copy, young], tiered())), ['PeerAuthentication old-web-primary'])
  })

  test('of a kind with subsets, the labels of the primary’s subset take the place of the canary’s', () => {
    const rule = object(kinds.DestinationRule, 'web', {
      spec: { host: 'web', subsets: ['v1', 'v2'].map(name => ({ name, labels: { version: name } })) },
    })
    const service = { destinationRule: { name: 'web', primarySubset: 'v1', canarySubset: 'v2' } }
    const target = workload(deployment('web', { template: template('web:1', { app: 'web', version: 'v2' }) }))
    const o = observation({
      canary: canary({}, service),
      target,
      recorded: [],
      live: live([kinds.DestinationRule, rule]),
    })
    const v2 = policy(AuthorizationPolicy, 'v2', { selector: { matchLabels: { version: 'v2' } }, rules: [] })
    const both = policy(AuthorizationPolicy, 'both', { ...web, action: 'DENY', rules: [] })
    const serving = { ...o, live: primaryOf(o), policies: [v2, both] }
    assert.deepEqual(parityOf({ ...serving, subsets: null }), parityOf(serving), 'where the rule is deleted')
    const [copy, ...others] = parityOf(serving)?.copies ?? []
    assert.deepEqual(others, [])
    assert.deepEqual(copy?.spec, {
      selector: { matchLabels: { app: 'web', version: 'v1', 'sluice.dev/role': 'primary' } },
      rules: [],
    })
  })

  test('without a target and a primary nothing is known of what to select', () => {
    assert.isNull(parityOf({ ...switched([allow()]), target: null }))
  })

  const primaryOf = (o: Observation): Observation['live'] => {
    const labels = { 'sluice.dev/canary': 'web' }
    const primary = deployment('web-primary', { selector: primarySelector(o) }, { labels })
    return { ...o.live, ...live([kinds.Deployment, primary]) }
  }

  for (const [what, later] of Object.entries<Partial<Observation>>({
    'the target is deleted': { target: null },
    'Sluice is started with other labels to switch': {
      settings: { ...observation().settings, selectorLabels: ['tier'] },
    },
  })) {
    test(`where ${what}, the primary that serves keeps its copies, and these follow`, () => {
      const o = switched([allow()])
      const serving = { ...o, live: primaryOf(o) }
      assert.deepEqual(parityOf({ ...serving, ...later }), parityOf(serving))
      assert.deepEqual(copied(serving), ['AuthorizationPolicy frontend-web-primary'])
    })
  }

  test('names are as long as Kubernetes allows, and tell two policies apart', () => {
    const long = 'p'.repeat(250)
    const [one, other] = [nameOfCopy(`${long}a`, 'web-primary'), nameOfCopy(`${long}b`, 'web-primary')]
    assert.equal(one.length, 253)
    assert.notEqual(one, other)
    assert.equal(nameOfCopy('p', 'web-primary'), 'p-web-primary')
  })

  for (const kind of policyKinds) {
    test(`the copy of a ${kind.kind.kind} selects the primary’s pods alone and says everything else that it said`, () => {
      const selector: PodSelector = { matchLabels: { app: 'web' }, matchExpressions: [] }
      const said = { more: { of: ['it'] } }
      const original = policy(kind.kind, 'p', kind.withSelector(said, selector))
      const o = switched([original])
      const [copy] = parityOf(o)?.copies ?? []
      const [pair] = pairsOf(o)
      assert.isDefined(copy)
      assert.isDefined(pair)
      const own = kind.selectorOf({ ...original, spec: copy.spec })
      assert.isNotNull(own)
      assert.deepEqual([selectsPods(own, pair.primary), selectsPods(own, pair.target)], [true, false])
      assert.deepEqual(kind.withSelector({ ...copy.spec }, selector), original.spec)
    })
  }

  const key = fc.constantFrom('app', 'tier', 'version', 'team')
  const value = fc.constantFrom('web', 'api', 'v1', 'v2')
  const labels = fc.dictionary(key, value)
  const expression = fc.record({
    key,
    operator: fc.constantFrom('In', 'NotIn', 'Exists', 'DoesNotExist'),
    values: fc.array(value, { minLength: 1, maxLength: 3 }),
  })
  const anySelector: fc.Arbitrary<PodSelector> = fc.record({
    matchLabels: labels,
    matchExpressions: fc.array(expression, { maxLength: 3 }),
  })

  test('with labels kept, whatever selects the pods of the target selects those of the primary', () => {
    const o = observation()
    fc.assert(
      fc.property(labels, anySelector, (ofTarget, selector) => {
        const onPrimary = primaryLabels(o, { ...ofTarget, app: 'web' })
        assert.isNotNull(onPrimary)
        return !selectsPods(selector, { ...ofTarget, app: 'web' }) || selectsPods(selector, onPrimary)
      }),
    )
    assert.deepEqual(pairsOf(o), [])
  })

  test('with labels switched, each policy that selects pods of the target has one for the primary, or is named', () => {
    fc.assert(
      fc.property(labels, anySelector, (ofTarget, podSelector) => {
        const all = { ...ofTarget, app: 'web' }
        const target = workload(deployment('web', { template: template('web:1', all) }))
        const o = switched([policy(NetworkPolicy, 'n', { podSelector })], { target, recorded: [] })
        const [pair] = pairsOf(o)
        assert.isDefined(pair)
        const parity = parityOf(o)
        const selectors = [podSelector, ...(parity?.copies ?? []).map(({ spec }) => spec['podSelector'] as PodSelector)]
        const covered = selectors.some(one =>
          selectsPods({ matchLabels: one.matchLabels, matchExpressions: one.matchExpressions ?? [] }, pair.primary),
        )
        return !selectsPods(podSelector, pair.target) || covered || (parity?.unequal ?? []).length > 0
      }),
    )
  })
})
