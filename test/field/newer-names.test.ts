/** Names that JavaScript knows, in what came after the first releases: webhooks, alerts, links, routes of both APIs, policies. */
import { expect } from 'chai'
import fc from 'fast-check'
import { ALERT_NAMES, filledTemplate, readAlertTemplate } from '../../src/api/alert-template.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { at, canonicalJson, type Json } from '../../src/core/json.ts'
import { ORIGINAL_ANNOTATION } from '../../src/core/model/names.ts'
import { differingLabels, selectsAllOf, selectsPods } from '../../src/core/policies/pod-selector.ts'
import { originalOf } from '../../src/core/render/original.ts'
import { httpRouteMatch } from '../../src/core/routers/gateway-api/matches.ts'
import { outsideOf } from '../../src/core/routers/istio/delegation.ts'
import { coversMatch } from '../../src/core/routers/istio/matches.ts'
import { productOf } from '../../src/core/routers/istio/products.ts'
import { keysOf, recall } from '../../src/core/routers/remembered-weights.ts'
import { problemOfTraceLink } from '../../src/core/signals/trace-link.ts'
import { World } from '../scenarios/world.ts'

const known = Object.getOwnPropertyNames(Object.prototype)
const name = fc.constantFrom(...known, 'app')
const minute = 60_000

suite('names that JavaScript knows, in newer features', () => {
  test('S7, other values: conditions on headers, parameters and labels by any name', () => {
    const fields = fc.constantFrom('headers', 'withoutHeaders', 'queryParams', 'sourceLabels')
    fc.assert(
      fc.property(fields, name, name, (field, one, other) => {
        const said = field === 'sourceLabels' ? 'x' : { regex: 'x' }
        const named = (key: string): Json => ({ [field]: Object.fromEntries([[key, said]]) })
        // A root that says nothing, or of something else, leaves a delegate as it is.
        expect(outsideOf({}, named(one))).to.equal(null)
        if (one !== other) expect(outsideOf(named(other), named(one))).to.equal(null)
        expect(coversMatch(named(one), {})).to.equal(false)
        if (one.toLowerCase() !== other.toLowerCase()) {
          expect(coversMatch(named(one), named(other))).to.equal(false)
          const both = at(productOf(named(one), named(other)), field) as object
          expect(Object.keys(both)).to.have.lengthOf(2)
        }
        if (field === 'headers' || field === 'queryParams') {
          expect(httpRouteMatch(named(one))).to.deep.include({
            [field]: [{ type: 'RegularExpression', name: one, value: 'x' }],
          })
        }
      }),
    )
  })

  test('S7, other values: what a Canary says by name is read as it is written', () => {
    const names = [...known, 'app']
    const by = (value: unknown): Json => Object.fromEntries(names.map(key => [key, value]))
    const match = { headers: by({ exact: 'x' }), withoutHeaders: by({ prefix: 'x' }), queryParams: by({ exact: 'x' }) }
    const matches = [{ ...match, sourceLabels: by('x') }]
    const webhooks = [{ name: 'toString', url: 'https://gate.test/', metadata: by('x') }]
    const apex = { labels: by('x'), annotations: by('x') }
    const service = { port: 80, match: matches, headers: { request: { set: by('x') } }, apex }
    const parsed = parseCanary({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata: { name: 'web', namespace: 'shop' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        service,
        analysis: { iterations: 2, match: matches, webhooks },
      },
    })
    if ('problems' in parsed) throw new Error(parsed.problems.join('. '))
    const { spec } = parsed.canary
    expect(canonicalJson(spec.analysis.match)).to.equal(canonicalJson(matches))
    expect(canonicalJson(spec.service.match)).to.equal(canonicalJson(matches))
    expect(canonicalJson(spec.service.headers)).to.equal(canonicalJson(service.headers))
    expect(canonicalJson(spec.service.apex)).to.equal(canonicalJson(apex))
    expect(canonicalJson(spec.analysis.webhooks[0]?.metadata)).to.equal(canonicalJson(by('x')))
  })

  test('S7, other values: selectors of policies and remembered labels by any name', () => {
    fc.assert(
      fc.property(name, name, (one, other) => {
        const labels = (key: string): Record<string, string> => Object.fromEntries([[key, 'x']])
        const selector = { matchLabels: labels(one), matchExpressions: [] }
        expect(selectsPods(selector, labels(other))).to.equal(one === other)
        expect(selectsAllOf(selector, { matchLabels: labels(other), matchExpressions: [] })).to.equal(one === other)
        const absent = { matchLabels: {}, matchExpressions: [{ key: one, operator: 'DoesNotExist', values: [] }] }
        expect(selectsPods(absent, labels(other))).to.equal(one !== other)
        expect([...differingLabels(labels(one), labels(other))]).to.have.lengthOf(one === other ? 0 : 2)
        const annotations = { [ORIGINAL_ANNOTATION]: JSON.stringify({ labels: labels(one) }) }
        const service: KubeObject = { apiVersion: 'v1', kind: 'Service', metadata: { name: 'web', annotations } }
        expect(canonicalJson(originalOf(service)?.labels)).to.equal(canonicalJson(labels(one)))
        const rules = [{ name: one }, { name: `${other}-2` }]
        expect(keysOf(rules)).to.deep.equal([one, `${other}-2`])
        expect(recall({}, rules, [0]).size).to.equal(0)
      }),
    )
  })

  test('S7, other values: templates of alerts and links name what they have, and keep fields of any name', () => {
    for (const one of known) {
      const template = `{"text": {${JSON.stringify(one)}: "{{ message }}"}}`
      const read = readAlertTemplate(template)
      const values = Object.fromEntries(ALERT_NAMES.map(key => [key, key])) as Record<
        (typeof ALERT_NAMES)[number],
        string
      >
      const filled = 'template' in read ? filledTemplate(read.template, values) : null
      expect(canonicalJson(filled)).to.equal(`{"text":{${JSON.stringify(one)}:"message"}}`)
      expect(readAlertTemplate(`{"text": "{{ ${one} }}"}`)).to.have.property('problem')
      expect(problemOfTraceLink(`https://jaeger.test/{${one}}`)).to.match(/is not known/)
    }
  })

  test('S7, other values: a release with webhooks, alerts and metrics of such names', async () => {
    const world = new World()
    world.start()
    // The playground prunes the one name that is no entry of its own records.
    const metadata = Object.fromEntries(known.filter(key => key !== '__proto__').map(key => [key, 'x']))
    const hook = (type: string, called: string) => ({ type, name: called, url: 'https://gate.test/', metadata })
    await world.initialize({
      analysis: {
        interval: '10s',
        threshold: 2,
        stepWeights: [20, 100],
        alerts: ['__proto__', 'toString'].map(called => ({ name: called, providerRef: { name: 'constructor' } })),
        webhooks: [hook('rollout', '__proto__'), hook('confirm-promotion', 'valueOf'), hook('event', 'constructor')],
        metrics: [{ name: 'hasOwnProperty', query: 'vector(1)', thresholdRange: { max: 2 } }],
      },
    })
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'AlertProvider',
      metadata: { name: 'constructor', namespace: 'shop' },
      spec: { type: 'slack', address: 'https://chat.test/hooks/x' },
    })
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded', 5 * minute)
    await world.clock.advance(minute)
    const called = new Set(world.receivers.calls.map(call => call.hook.name))
    expect([...called].toSorted()).to.deep.equal(['__proto__', 'constructor', 'valueOf'])
    for (const { payload } of world.receivers.calls) {
      expect(payload.metadata).to.include(metadata)
    }
    const told = world.chats.taken.map(({ alert }) => alert.reason)
    const reasons = ['NewRevision', 'WaitingForWebhook', 'Succeeded']
    expect(told).to.deep.equal(reasons.flatMap(reason => [reason, reason]))
    expect(world.object(kinds.Canary, 'web')?.['status']).to.deep.include({ pendingEvents: [] })
    await world.close()
  })
})
