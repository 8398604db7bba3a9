/** Names that every JavaScript object knows, wherever a user may choose one: they are names like any other. */
import { expect } from 'chai'
import fc from 'fast-check'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { kinds } from '../../src/api/object.ts'
import { at, canonicalJson, covers, entryOf, present, sameJson, textsOf } from '../../src/core/json.ts'
import { selects } from '../../src/core/render/labels.ts'
import { mergePatch } from '../../src/core/render/merge.ts'
import { gatesOf } from '../../src/core/analysis/gate.ts'
import { fillIn, readTemplate } from '../../src/core/analysis/templates.ts'
import { followLabels } from '../../src/core/render/scheduling.ts'
import { mergePatch as applied } from '../../playground/json.ts'
import { metric } from '../core/analysis/given.ts'
import { World } from '../scenarios/world.ts'

const known = Object.getOwnPropertyNames(Object.prototype)

suite('names that JavaScript knows', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const minute = 60_000

  /** One release that is promoted and one that is rolled back, with this template and this route. */
  async function releases(template: string, route: string, label: string): Promise<void> {
    const routes = { name: route, route: [{ destination: { host: 'web' } }] }
    world.user.create({
      apiVersion: 'networking.istio.io/v1',
      kind: 'VirtualService',
      metadata: { name: 'front', namespace: 'shop' },
      spec: { hosts: ['web'], http: [routes] },
    })
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'MetricTemplate',
      metadata: { name: template, namespace: 'shop' },
      spec: { provider: { type: 'prometheus' }, query: 'max(saturation{of="{{ variables.constructor }}"})' },
    })
    world.metrics.values.set('max(saturation{of="web"})', 1)
    const named = {
      name: 'toString',
      templateRef: { name: template },
      templateVariables: { constructor: 'web' },
      thresholdRange: { max: 5 },
    }
    world.deploy('demo/web:1.0.0', { labels: { [label]: 'x' } })
    await world.clock.advance(5000)
    world.canary({
      service: { port: 80, targetPort: 8080, virtualServices: [{ name: 'front', routes: [{ name: route }] }] },
      analysis: {
        interval: '10s',
        threshold: 2,
        metrics: [named, { name: '__proto__', query: 'vector(1)', thresholdRange: { max: 2 } }],
      },
    })
    await world.until('Initialized')
    world.setImage('demo/web:1.1.0')
    await world.until('Progressing 25', minute)
    await world.until('Succeeded', 5 * minute)
    expect(world.status.checks?.map(({ name, verdict }) => [name, verdict])).to.deep.equal([
      ['toString', 'pass'],
      ['__proto__', 'pass'],
    ])
    await world.clock.advance(minute)

    world.setImage('demo/web:1.2.0')
    await world.until('Progressing 10', minute)
    world.metrics.values.set('max(saturation{of="web"})', 9)
    await world.until('Failed', 5 * minute)
    expect(world.status.message).to.match(/toString 9 is above 5 \(2 of 2 failed checks\)$/)
    await world.clock.advance(minute)
    const front = world.object(kinds.VirtualService, 'front')
    expect(at(front?.spec, 'http')).to.deep.equal([routes])
    expect(front?.metadata.annotations ?? {}).to.deep.equal({})
    expect(world.mesh.shares()).to.deep.equal({ 'web-primary': 100 })
  }

  test('S7: templateRef.name constructor and a route named __proto__', () =>
    releases('constructor', '__proto__', 'constructor'))

  test('S7, other values: a MetricTemplate and a route named constructor, a label named hasOwnProperty', () =>
    releases('constructor', 'toString', 'hasOwnProperty'))

  test('S7, other values: a MetricTemplate of such a name that does not exist is said to be missing', async () => {
    const metrics = [{ name: 'valueOf', templateRef: { name: 'constructor' }, thresholdRange: { max: 5 } }]
    await world.initialized()
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { analysis: { interval: '10s', metrics } } })
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(minute)
    expect(world.status.message).to.match(
      /spec\.analysis\.metrics\[0\]\.templateRef names MetricTemplate shop\/constructor, which does not exist/,
    )
  })

  test('S7, other values: a ConfigMap named constructor is tracked and copied like any other', async () => {
    await world.initialized()
    const config = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'constructor', namespace: 'shop' } }
    world.user.create({ ...config, data: { toString: 'a', valueOf: 'b' } })
    const volumes = [{ name: 'hasownproperty', configMap: { name: 'constructor' } }]
    world.user.merge(kinds.Deployment, 'shop', 'web', { spec: { template: { spec: { volumes } } } })
    await world.until('Progressing 10', minute)
    await world.until('Succeeded', 5 * minute)
    const mounted = at(world.object(kinds.Deployment, 'web-primary')?.spec, 'template', 'spec', 'volumes')
    expect(JSON.stringify(mounted)).to.match(/"configMap":\{[^}]*"name":"constructor-[0-9a-f]{10}"/)
    await world.clock.advance(minute)
    world.user.merge(kinds.ConfigMap, 'shop', 'constructor', { data: { toString: 'c' } })
    await world.until('Progressing 10', minute)
    await world.until('Succeeded', 5 * minute)
    expect(at(world.object(kinds.Deployment, 'web-primary')?.spec, 'template', 'spec', 'volumes')).to.not.deep.equal(
      mounted,
    )
  })

  const name = fc.constantFrom(...known, 'app')
  const labels = fc
    .uniqueArray(fc.tuple(name, fc.constantFrom('x', 'y')), { selector: ([key]) => key })
    .map(entries => Object.fromEntries(entries))

  test('S7, other values: records keep entries of any name, and have none that nobody wrote', () => {
    fc.assert(
      fc.property(labels, labels, name, (one, other, key) => {
        expect(entryOf(one, key)).to.equal(Object.getOwnPropertyDescriptor(one, key)?.value)
        expect(at(one, key)).to.equal(entryOf(one, key))
        expect(canonicalJson(textsOf(one))).to.equal(canonicalJson(one))
        expect(canonicalJson(present(one))).to.equal(canonicalJson(one))
        const patch = mergePatch(one, other)
        const patched = patch === null ? one : applied(one, patch)
        expect(
          sameJson(patch === null ? one : JSON.parse(JSON.stringify(patched)), other) || hasProto(one, other),
        ).to.equal(true)
        expect(covers(one, other)).to.equal(Object.keys(other).every(k => entryOf(one, k) === entryOf(other, k)))
        expect(selects(other, one)).to.equal(Object.keys(other).length > 0 && covers(one, other))
      }),
    )
  })

  test('S7, other values: gates, variables and scheduling terms by any name', () => {
    fc.assert(
      fc.property(name, name, labels, (one, two, variables) => {
        const written = { name: one, templateRef: { name: two }, thresholdRange: { max: 1 } }
        expect(gatesOf([metric(written)], {}).problems).to.have.lengthOf(1)
        const names = { name: 'n', namespace: 's', target: 't', service: 's', ingress: 'i', route: 'r', interval: '1s' }
        const filled = fillIn(readTemplate(`x{{ variables.${one} }}`, variables), names)
        const value = entryOf(variables, one)
        expect('query' in filled ? filled.query : null).to.equal(value === undefined ? null : `x${value}`)
        const given = { ...written, templateVariables: variables }
        const parsed = parseCanary({
          apiVersion: 'sluice.dev/v1beta1',
          kind: 'Canary',
          metadata: { name: 'web', namespace: 'shop' },
          spec: {
            targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
            service: { port: 80 },
            analysis: { metrics: [given] },
          },
        })
        const kept = 'canary' in parsed ? parsed.canary.spec.analysis.metrics[0]?.templateVariables : null
        expect(canonicalJson(kept ?? {})).to.equal(canonicalJson(variables))
        const terms = { affinity: { labelSelector: { matchLabels: variables } } }
        expect(followLabels(terms, { [one]: 'x' }, {})).to.equal(terms)
      }),
    )
  })
})

/** The playground's own merge is not what is tested here. */
const hasProto = (...records: object[]): boolean => records.some(record => Object.hasOwn(record, '__proto__'))
