/** Policies for the Service of the callers at a waypoint, and what covers direct calls to the two sides. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { parityOf } from '../../../src/core/policies/copies.ts'
import { policyWithoutEffect } from '../../../src/core/problems/copied-policies.ts'
import { renderPolicies } from '../../../src/core/render/policies.ts'
import { bound, inAmbient, service } from '../problems/ambient.given.ts'
import { live, observation, posture } from '../given-objects.ts'
import { policy } from './given.ts'

const wanted = posture({ primary: 'r1' })
const rules = [{ from: [{ source: { principals: ['cluster.local/ns/shop/sa/frontend'] } }] }]
const of = (name: string): object => ({ group: '', kind: 'Service', name })
const forServices = (name: string, ...services: readonly string[]): KubeObject =>
  policy(kinds.AuthorizationPolicy, name, { targetRefs: services.map(of), rules })
const waypoint = { 'istio.io/use-waypoint': 'waypoint' }

const at = (policies: readonly KubeObject[], apex = service(waypoint, bound())): Observation =>
  observation({ ...inAmbient([apex]), policies })

/** Name of each copy → the Services that it is for. */
const copied = (o: Observation): Record<string, unknown> =>
  Object.fromEntries((parityOf(o)?.copies ?? []).map(({ ref, spec }) => [ref.name, spec['targetRefs']]))

const rows: Readonly<Record<string, { given: Observation; copies: Record<string, unknown> }>> = {
  'one for the Service of the callers is copied for both sides': {
    given: at([forServices('callers', 'web')]),
    copies: { 'callers-web-primary': [of('web-primary'), of('web-canary')] },
  },
  'it is not lost while the waypoint is not ready': {
    given: at([forServices('callers', 'web')], service(waypoint, bound('WaypointIsNotReady'))),
    copies: { 'callers-web-primary': [of('web-primary'), of('web-canary')] },
  },
  'without a waypoint nothing obeys it, nor would a copy': {
    given: at([forServices('callers', 'web')], service()),
    copies: {},
  },
  'a side that it names itself is covered': {
    given: at([forServices('callers', 'web', 'web-canary')]),
    copies: { 'callers-web-primary': [of('web-primary')] },
  },
  'what the user wrote for a side alone stays alone there': {
    given: at([forServices('callers', 'web'), forServices('nobody', 'web-primary')]),
    copies: { 'callers-web-primary': [of('web-canary')] },
  },
  'one of another kind for a side says nothing of callers': {
    given: at([
      forServices('callers', 'web'),
      policy(kinds.Telemetry, 'logs', { targetRefs: [of('web-primary')], accessLogging: [] }),
    ]),
    copies: { 'callers-web-primary': [of('web-primary'), of('web-canary')] },
  },
  'every kind that a waypoint obeys, and every entry of it': {
    given: at([
      policy(kinds.RequestAuthentication, 'tokens', { targetRefs: [of('api'), of('web')], jwtRules: [] }),
      policy(kinds.EnvoyFilter, 'limits', { targetRefs: [of('web')], configPatches: [] }),
    ]),
    copies: {
      'tokens-web-primary': [of('web-primary'), of('web-canary')],
      'limits-web-primary': [of('web-primary'), of('web-canary')],
    },
  },
  'one for the waypoint, or for all of its class, covers all Services': {
    given: at([
      policy(kinds.AuthorizationPolicy, 'all', { targetRefs: [{ kind: 'Gateway', name: 'waypoint' }], rules }),
      policy(kinds.AuthorizationPolicy, 'each', {
        targetRefs: [{ kind: 'GatewayClass', name: 'istio-waypoint' }],
        rules,
      }),
    ]),
    copies: {},
  },
}

suite('policies for a Service at a waypoint', () => {
  for (const [name, { given, copies }] of Object.entries(rows)) {
    test(name, () => {
      expect(copied(given)).to.deep.equal(copies)
    })
  }

  test('the copy is there, follows its original, and is none of the user’s', () => {
    const o = at([forServices('callers', 'web')])
    const [write] = renderPolicies(o, wanted)
    const copy = write?.verb === 'create' ? write.object : undefined
    expect(copy?.spec).to.deep.equal({ rules, targetRefs: [of('web-primary'), of('web-canary')] })
    const made = copy as KubeObject
    const withCopy = (policies: readonly KubeObject[]): Observation => ({
      ...at([...policies, made]),
      live: { ...o.live, ...live([kinds.AuthorizationPolicy, made]) },
    })
    expect(renderPolicies(withCopy(o.policies), wanted)).to.deep.equal([])
    const edited = forServices('callers', 'web', 'web-canary')
    expect(renderPolicies(withCopy([edited]), wanted).map(({ verb }) => verb)).to.deep.equal(['replace'])
    expect(renderPolicies(withCopy([]), wanted).map(({ verb }) => verb)).to.deep.equal(['delete'])
    expect(policyWithoutEffect(withCopy(o.policies))).to.equal(null)
  })
})
