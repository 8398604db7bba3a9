import { expect } from 'chai'
import type { Canary } from '../../../src/api/canary.ts'
import { parseCanary } from '../../../src/api/parse-canary.ts'
import type { Provider } from '../../../src/api/providers.ts'
import { problemOf, serviceRefusal } from '../../../src/core/problems/index.ts'
import { routingOf } from '../../../src/core/routers/index.ts'
import { canary, observation } from '../given-objects.ts'

const metrics = [{ name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }]

/** A Canary as it is read, given what it names, what the flag says and what was recorded. */
function read(
  spec: Readonly<Record<string, unknown>>,
  { flag = 'istio', recorded = null }: { flag?: Provider; recorded?: Provider | null },
): Canary {
  const { provider: _provider, askedProvider: _asked, ...object } = canary().spec
  const { targetRef, service } = object
  const written = { targetRef, service: { port: service.port, targetPort: service.targetPort }, analysis: { metrics } }
  const parsed = parseCanary({ ...canary(), spec: { ...written, ...spec } }, flag, recorded)
  if ('problems' in parsed) throw new Error(parsed.problems.join())
  return parsed.canary
}

const change = (asked: Provider, recorded: Provider): string =>
  `spec.provider, or --mesh-provider where it is left out, is ${asked}, but ${recorded} splits the traffic of this Canary since it was initialized, and still does. Write spec.provider: ${recorded}; or, to change it, delete the Canary, which hands the traffic back to Deployment web, and create it again.`

const rows: Readonly<
  Record<
    string,
    { spec?: Record<string, unknown>; flag?: Provider; recorded?: Provider; by: Provider; said: string | null }
  >
> = {
  'the flag chooses': { flag: 'kubernetes', by: 'kubernetes', said: null },
  'the flag chose, and what it chose is written': {
    spec: { provider: 'kubernetes' },
    flag: 'kubernetes',
    recorded: 'kubernetes',
    by: 'kubernetes',
    said: null,
  },
  'another one is written': {
    spec: { provider: 'istio' },
    flag: 'kubernetes',
    recorded: 'kubernetes',
    by: 'kubernetes',
    said: change('istio', 'kubernetes'),
  },
  'the field is removed under a flag that says another': {
    flag: 'kubernetes',
    recorded: 'istio',
    by: 'istio',
    said: change('kubernetes', 'istio'),
  },
  'another one is written, and the flag changes too': {
    spec: { provider: 'kubernetes' },
    flag: 'kubernetes',
    recorded: 'istio',
    by: 'istio',
    said: change('kubernetes', 'istio'),
  },
  'iterations where the flag chose istio': {
    spec: { analysis: { metrics, iterations: 3 } },
    by: 'istio',
    said: null,
  },
  'iterations where the flag chose kubernetes': {
    spec: { analysis: { metrics, iterations: 3 } },
    flag: 'kubernetes',
    by: 'kubernetes',
    said: null,
  },
}

suite('the provider of a Canary', () => {
  for (const [name, { spec = {}, flag = 'istio', recorded = null, by, said }] of Object.entries(rows)) {
    test(name, () => {
      const o = { ...observation(), canary: read(spec, { flag, recorded }) }
      expect(o.canary.spec.provider).to.equal(by)
      expect(routingOf(o)).to.equal(routingOf({ canary: read({ provider: by }, {}) }))
      for (const when of ['start', 'candidate', 'run', 'rest'] as const)
        expect(problemOf(o, when)?.message ?? null).to.equal(said)
    })
  }

  test('while it is another one than asked for, Services and routes stay as they are', () => {
    const o = { ...observation(), canary: read({ provider: 'kubernetes' }, { recorded: 'istio' }) }
    expect(serviceRefusal(o)?.reason).to.equal('Conflict')
  })
})
