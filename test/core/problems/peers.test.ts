/** NetworkPolicies of any pods that let those of the target through, and not those of its primary. */
import { assert } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { policy, switched } from '../policies/given.ts'

const pods = (app: string): object => ({ podSelector: { matchLabels: { app } } })
const inNamespaces = (namespaceSelector: object, app = 'web'): object => ({ namespaceSelector, ...pods(app) })
const named = (name: string): object => ({ matchLabels: { 'kubernetes.io/metadata.name': name } })
const postgres = { ports: [{ port: 5432 }] }
const metrics = { ports: [{ port: 9090 }] }

/** Of the pods `app: db`, in the namespace of the Canary where no other is said. */
const db = (spec: Readonly<Record<string, unknown>>, namespace = 'shop', name = 'db'): KubeObject =>
  policy(kinds.NetworkPolicy, name, { ...pods('db'), ...spec }, { namespace })

const from = (...peers: readonly object[]): object => ({ from: peers })
const web = { ingress: [from(pods('web'))] }

interface Row {
  readonly policies: () => readonly KubeObject[]
  /** Which policy is named; null: none. */
  readonly named: string | null
}

const rows: Readonly<Record<string, Row>> = {
  'the target alone, as who calls': { policies: () => [db(web)], named: 'shop/db' },
  'the target alone, as who is called': { policies: () => [db({ egress: [{ to: [pods('web')] }] })], named: 'shop/db' },
  'both, by two peers': { policies: () => [db({ ingress: [from(pods('web'), pods('web-primary'))] })], named: null },
  'the target by one port, the primary by another': {
    policies: () => [
      db({
        ingress: [
          { ...from(pods('web')), ...postgres },
          { ...from(pods('web-primary')), ...metrics },
        ],
      }),
    ],
    named: 'shop/db',
  },
  'the target by one port, the primary by all': {
    policies: () => [db({ ingress: [{ ...from(pods('web')), ...postgres }, from(pods('web-primary'))] })],
    named: null,
  },
  'everybody beside the target': { policies: () => [db({ ingress: [from(pods('web')), {}] })], named: null },
  'a direction that is not among its types': { policies: () => [db({ ...web, policyTypes: ['Egress'] })], named: null },
  'the primary by another policy of the same pods': {
    policies: () => [db(web), db({ ingress: [from(pods('web-primary'))] }, 'shop', 'more')],
    named: null,
  },
  'the primary by a policy of all pods of the namespace': {
    policies: () => [
      db(web),
      policy(kinds.NetworkPolicy, 'all', { podSelector: {}, ingress: [from({ podSelector: {} })] }),
    ],
    named: null,
  },
  'the primary by a policy of other pods': {
    policies: () => [
      db(web),
      policy(kinds.NetworkPolicy, 'api', { ...pods('api'), ingress: [from(pods('web-primary'))] }),
    ],
    named: 'shop/db',
  },
  'the primary in the other direction': {
    policies: () => [db(web), db({ egress: [{ to: [pods('web-primary')] }] }, 'shop', 'more')],
    named: 'shop/db',
  },
  'the target in all namespaces': { policies: () => [db({ ingress: [from(inNamespaces({}))] })], named: 'shop/db' },
  'all pods of the namespace': {
    policies: () => [db({ ingress: [from(pods('web'), { namespaceSelector: named('shop') })] })],
    named: null,
  },
  'the target, in a policy of another namespace': {
    policies: () => [db({ ingress: [from(inNamespaces(named('shop')))] }, 'data')],
    named: 'data/db',
  },
  'both, in policies of another namespace': {
    policies: () => [
      db({ ingress: [from(inNamespaces(named('shop')))] }, 'data'),
      db({ ingress: [from(inNamespaces(named('shop'), 'web-primary'))] }, 'data', 'more'),
    ],
    named: null,
  },
  'pods of that name in another namespace': {
    policies: () => [db(web, 'data'), db({ ingress: [from(inNamespaces(named('data')))] })],
    named: null,
  },
  'pods of namespaces by labels that are not known': {
    policies: () => [db({ ingress: [from(inNamespaces({ matchLabels: { team: 'shop' } }))] }, 'data')],
    named: null,
  },
  addresses: { policies: () => [db({ ingress: [from({ ipBlock: { cidr: '10.0.0.0/8' } })] })], named: null },
}

suite('policies that let pods through as peers', () => {
  for (const [what, { policies, named: expected }] of Object.entries(rows)) {
    test(`${what}: ${expected === null ? 'nothing stands in the way' : `${expected} stops the start`}`, () => {
      const found = problemOf(switched(policies()), 'start')
      assert.equal(found === null ? null : /^NetworkPolicy (\S+)/.exec(found.message)?.[1], expected)
    })
  }

  test('once the primary serves it is only told of', () => {
    const o = switched([db(web)])
    const found = {
      reason: 'PolicyNotKept',
      message:
        'NetworkPolicy shop/db lets the pods of Deployment web through as peers, and not those of Deployment web-primary. Add the same peer with app: web-primary in podSelector.matchLabels, beside the one that is there.',
    }
    assert.deepEqual<unknown>(problemOf(o, 'start'), found)
    assert.isNull(problemOf(o, 'rest'))
    assert.deepEqual<unknown>(warningsOf(o), [found])
  })
})
