/** What stands in the way where a policy of the target cannot be kept equal for the primary. */
import { assert } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { deployment, live, object, template, workload } from '../given-objects.ts'
import { allow, policy, switched, web } from '../policies/given.ts'

const strict = { mtls: { mode: 'STRICT' } }
const tiered = (): Partial<Observation> => ({
  target: workload(deployment('web', { template: template('web:1', { app: 'web', tier: 'backend' }) })),
})
const exclusion = (operator: string, values: readonly string[]): object => ({
  podSelector: { matchExpressions: [{ key: 'app', operator, values }] },
})

interface Row {
  readonly given: () => Observation
  readonly reason: string
  readonly message: string
}

const stopping: Readonly<Record<string, Row>> = {
  'an expression that excludes the primary': {
    given: () => switched([policy(kinds.NetworkPolicy, 'callers', { ...exclusion('NotIn', ['web-primary']) })]),
    reason: 'PolicyNotKept',
    message:
      'NetworkPolicy shop/callers selects the pods of Deployment web and excludes the pods of Deployment web-primary by app NotIn [web-primary], so what serves would be without it. Remove this expression, or select by a label that both have.',
  },
  'another one that would decide in place of the copy': {
    given: () =>
      switched(
        [
          policy(kinds.PeerAuthentication, 'strict', { ...web, ...strict }),
          policy(kinds.PeerAuthentication, 'backend', {
            selector: { matchLabels: { tier: 'backend' } },
            mtls: { mode: 'DISABLE' },
          }),
        ],
        tiered(),
      ),
    reason: 'PolicyNotKept',
    message:
      'PeerAuthentication shop/strict decides for the pods of Deployment web, and the oldest decides alone: on the pods of Deployment web-primary that would be PeerAuthentication shop/backend, which selects them too and says something else. Write the same spec in both, or narrow the selector of backend so that it does not select app: web-primary.',
  },
  'two whose copies have one name': {
    given: () => switched([allow('istio-system-callers'), allow('callers', { namespace: 'istio-system' }, 'ops')]),
    reason: 'PolicyNotKept',
    message:
      'AuthorizationPolicy shop/istio-system-callers and AuthorizationPolicy istio-system/callers both select the pods of Deployment web, and both would be copied for web-primary as AuthorizationPolicy istio-system-callers-web-primary. Create one of them under another name, then delete the old one.',
  },
  'another client’s object that has the name of the copy': {
    given: () =>
      switched([allow('callers')], {
        live: live([kinds.AuthorizationPolicy, object(kinds.AuthorizationPolicy, 'callers-web-primary')]),
      }),
    reason: 'Conflict',
    message:
      'AuthorizationPolicy shop/callers-web-primary exists and was not made by this Canary, which needs that name. Rename it, or delete it: callers-web-primary is made from AuthorizationPolicy shop/callers.',
  },
}

const attached = policy(kinds.AuthorizationPolicy, 'callers', {
  targetRefs: [{ kind: 'Service', group: '', name: 'web' }],
})
const withService = (status: object): Partial<Observation> => ({
  live: live([kinds.Service, object(kinds.Service, 'web', { status })]),
})

suite('policies that cannot be kept equal', () => {
  for (const [what, { given, reason, message }] of Object.entries(stopping)) {
    test(`${what} stops the start: ${reason}`, () => {
      assert.deepEqual<unknown>(problemOf(given(), 'start'), { reason, message })
    })

    test(`${what} is only told of in a run`, () => {
      assert.isNull(problemOf(given(), 'run'))
    })
  }

  for (const [what, policies] of Object.entries({
    'policies that select all pods': [policy(kinds.NetworkPolicy, 'all', { podSelector: {} })],
    'a policy that is copied': [allow()],
  })) {
    test(`${what}: nothing stands in the way`, () => {
      assert.isNull(problemOf(switched(policies), 'start'))
      assert.deepEqual(warningsOf(switched(policies)), [])
    })
  }

  test('one that names the Service where there is no waypoint is named, and nothing is stopped', () => {
    const o = switched([attached])
    assert.isNull(problemOf(o, 'start'))
    assert.deepEqual(warningsOf(o), [
      {
        reason: 'PolicyWithoutEffect',
        message:
          'AuthorizationPolicy shop/callers names Service web in spec.targetRefs, which only a waypoint obeys, and this Service is bound to none: no request meets the policy. Write spec.selector.matchLabels with app: web in place of spec.targetRefs; it is then kept equal for web-primary',
      },
    ])
  })

  test('an EnvoyFilter has its labels elsewhere', () => {
    const filter = policy(kinds.EnvoyFilter, 'f', { targetRefs: [{ kind: 'Service', group: '', name: 'web' }] })
    assert.include(warningsOf(switched([filter]))[0]?.message, 'Write spec.workloadSelector.labels with app: web')
  })

  test('one that names a Service that is bound to a waypoint has its effect there', () => {
    const conditions = [{ type: 'istio.io/WaypointBound', status: 'True' }]
    assert.deepEqual(warningsOf(switched([attached], withService({ conditions }))), [])
  })
})
