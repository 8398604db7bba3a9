/** The table of what each way of splitting can carry, against what is refused. */
import { expect } from 'chai'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { read } from './pages.ts'

type Fields = Readonly<Record<string, unknown>>

const metrics = [{ name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }]

/** How a row of the table is written in a Canary. */
const ways: Readonly<Record<string, readonly Fields[]>> = {
  'VirtualService of Sluice, with or without subsets': [
    {},
    { service: { destinationRule: { name: 'web', primarySubset: 'v1', canarySubset: 'v2' } } },
  ],
  'HTTPRoute of Sluice (provider `gatewayapi:v1`)': [
    { provider: 'gatewayapi:v1' },
    { provider: 'gatewayapi:v1beta1', service: { gatewayRefs: [{ name: 'public' }] } },
  ],
  'your routes of the Gateway API (`service.routes`)': [
    { provider: 'gatewayapi:v1', service: { routes: [{ name: 'web' }] } },
  ],
  'your VirtualServices (`service.virtualServices`)': [{ service: { virtualServices: [{ name: 'web' }] } }],
  'provider `kubernetes`': [{ provider: 'kubernetes' }],
  'Ingress by ingress-nginx (provider `nginx`)': [
    { provider: 'nginx', ingressRef: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' } },
  ],
}

/** How a column is. */
const strategies: Readonly<Record<string, Fields>> = {
  steps: { stepWeights: [10, 50] },
  'blue/green': { iterations: 2 },
  '`match`': { iterations: 2, match: [{ headers: { 'x-user': { exact: 'a' } } }] },
  '`mirror`': { iterations: 2, mirror: true },
  '`sessionAffinity`': { stepWeights: [10], sessionAffinity: { cookieName: 'web' } },
}

const isAccepted = (way: Fields, analysis: Fields): boolean => {
  const { service, ...rest } = way
  const spec = {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    ...rest,
    service: { port: 80, ...(service as Fields | undefined) },
    analysis: { metrics, ...analysis },
  }
  const object = {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata: { name: 'web', namespace: 'shop' },
    spec,
  }
  return !('problems' in parseCanary(object))
}

const cells = (line: string): string[] =>
  line
    .split('|')
    .slice(1, -1)
    .map(cell => cell.trim())

suite('The table of strategies', () => {
  const { text } = read('docs/strategies.md')
  const [, after = ''] = text.split('What each way of splitting can carry:')
  const [head = [], , ...rows] = (after.match(/^\|.*$/gm) ?? []).map(cells)
  const own = rows.slice(0, Object.keys(ways).length)

  test('has a row for each way, and a column for each strategy', () => {
    expect(head.slice(1)).to.deep.equal(Object.keys(strategies))
    expect(own.map(([name]) => name)).to.have.members(Object.keys(ways))
  })

  for (const [name = '', ...said] of own) {
    test(`says of ${name} what is accepted`, () => {
      for (const way of ways[name] ?? []) {
        const accepted = head.slice(1).map(strategy => (isAccepted(way, strategies[strategy] ?? {}) ? 'yes' : 'no'))
        expect(accepted, JSON.stringify(way)).to.deep.equal(said)
      }
    })
  }
})
