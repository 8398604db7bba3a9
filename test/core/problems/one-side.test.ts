import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { problemOf, warningsOf } from '../../../src/core/problems/index.ts'
import { canary, deployment, live, noSurroundings, object, observation, template, workload } from '../given-objects.ts'

type Spec = Readonly<Record<string, unknown>>

const metrics = [{ name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }]
const service = (name: string, spec: Spec): KubeObject => object(kinds.Service, name, { spec })
const given = (provider: string, spec: Spec = {}, on: Spec = {}): Observation['canary'] =>
  canary({ provider, ...(provider === 'kubernetes' ? { analysis: { metrics } } : {}), ...spec }, on)

const named = (length: number, provider = 'kubernetes'): Observation => {
  const name = 'w'.repeat(length)
  const targetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name }
  const own = given(provider, { targetRef }, { name: 'web' })
  return observation({ canary: own, target: workload(deployment(name)) })
}

const beside = (
  selector: Spec,
  provider = 'kubernetes',
  labels: 'keep' | 'switch' = 'keep',
  port: Spec = { port: 80, targetPort: 8080 },
): Observation => {
  const containers = [{ name: 'web', ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9090 }] }]
  const target = workload(
    deployment('web', { template: template('web:1', { app: 'web', tier: 'front' }, { containers }) }),
  )
  const o = observation({ canary: given(provider), target })
  const services = [service('all', { selector, ports: [{ name: 'other', port: 1, targetPort: 9090 }, port] })]
  return { ...o, memory: { ...o.memory, labels }, surroundings: { ...noSurroundings, services } }
}

const headless = (clusterIP: string, provider = 'kubernetes'): Observation =>
  observation({
    canary: given(provider),
    live: live([kinds.Service, service('web', { clusterIP, selector: { app: 'web' }, ports: [{ port: 80 }] })]),
  })

const tooLong = (length: number): string =>
  `Deployment shop/${'w'.repeat(length)} has a name of ${length} characters; with provider kubernetes it must have at most 54, because names of pods are cut and those of ${'w'.repeat(length)}-primary would begin like its own. Create a Deployment with a shorter name, and a Canary for that; delete this one once the other serves.`
const bothSides = (apart = 'sluice.dev/role: primary'): string =>
  `Service shop/all selects the pods of both sides, so its callers reach a candidate before it has passed. Let them use Service web, or, while this Canary exists, add ${apart} to its selector`
const cached =
  'Service shop/web is headless: callers that cache DNS answers for longer than spec.analysis.drain call pods that have ended. Write a longer spec.analysis.drain, or recreate the Canary with a Service that has a cluster IP'

const stopped: Readonly<Record<string, { o: Observation; said: string | null }>> = {
  'a name of 54 characters': { o: named(54), said: null },
  'a name of 55 characters': { o: named(55), said: tooLong(55) },
  'a name of 55 characters, where each side has a Service': { o: named(55, 'istio'), said: null },
}

const warned: Readonly<Record<string, { o: Observation; said: readonly string[] }>> = {
  'another Service of both sides': { o: beside({ app: 'web' }), said: [bothSides()] },
  'another Service of both sides, where routes split': { o: beside({ app: 'web' }, 'istio'), said: [bothSides()] },
  'another Service of both sides, by the name of the port': {
    o: beside({ app: 'web' }, 'gatewayapi:v1', 'keep', { port: 81, targetPort: 'http' }),
    said: [bothSides()],
  },
  'another Service of both sides, where labels are switched': {
    o: beside({ tier: 'front' }, 'istio', 'switch'),
    said: [bothSides('app: web-primary')],
  },
  'another Service that leads to the metrics of both': {
    o: beside({ app: 'web' }, 'istio', 'keep', { port: 9090 }),
    said: [],
  },
  'another Service of the primary': { o: beside({ app: 'web', 'sluice.dev/role': 'primary' }), said: [] },
  'another Service, where labels are switched': { o: beside({ app: 'web' }, 'kubernetes', 'switch'), said: [] },
  'a headless Service of callers': { o: headless('None'), said: [cached] },
  'a headless Service, where routes split': { o: headless('None', 'istio'), said: [] },
  'a Service with a cluster IP': { o: headless('10.0.0.1'), said: [] },
  'a Service that will be headless': {
    o: observation({ canary: given('kubernetes', {}, { headless: true }) }),
    said: [cached],
  },
}

suite('a Service that selects one side', () => {
  for (const [name, { o, said }] of Object.entries(stopped)) {
    test(name, () => {
      for (const when of ['start', 'candidate', 'run', 'rest'] as const)
        expect(problemOf(o, when)?.message ?? null).to.equal(said)
    })
  }
  for (const [name, { o, said }] of Object.entries(warned)) {
    test(name, () => {
      const here = warningsOf(o).map(({ message }) => message)
      expect(here).to.deep.equal(said)
    })
  }

  test('another Service of both sides is no news before there is a primary to lead it to', () => {
    const o = beside({ app: 'web' })
    const state = { phase: 'Initializing', stage: 'cloning', revision: null, carriedAt: null, waiting: null } as const
    expect(warningsOf({ ...o, state })).to.deep.equal([])
  })
})
