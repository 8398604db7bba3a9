/** docs/ways-in.md against the routers: what is written for each way in, what a Gateway takes, and what is found wrong. */
import { expect } from 'chai'
import { type Kind, type KubeObject, kinds } from '../../src/api/object.ts'
import { recordOf } from '../../src/core/json.ts'
import { weighted } from '../../src/core/model/traffic.ts'
import type { Write } from '../../src/core/model/write.ts'
import { receptionOf } from '../../src/core/routers/istio/gateways.ts'
import { routing } from '../../src/core/routers/index.ts'
import { canary, live, object, observation, posture } from '../core/given-objects.ts'
import { ofCandidates, ofTheStart, ofWarnings } from '../core/problems/ways-in.rows.ts'
import { read } from './pages.ts'

type Spec = Readonly<Record<string, unknown>>

const { text } = read('docs/ways-in.md')

/** The rows of the table whose head begins so. */
function rowsUnder(head: string): string[][] {
  const [, after = ''] = text.split(`\n| ${head} |`)
  const [table = ''] = after.split('\n\n')
  const lines = table.split('\n').slice(2)
  return lines.map(line => line.split(' | ').map(cell => cell.replaceAll(/^\| | \|$/g, '').trim()))
}
const codes = (cell: string): string[] => [...cell.matchAll(/`([^`]*)`/g)].map(([, code = '']) => code)

const metrics = [{ name: 'errors', query: 'x', thresholdRange: { max: 1 } }]
const gatewayRefs = [{ name: 'public', namespace: 'infra' }]
const hosts = ['shop.example.com']
const service = { kind: 'Service', name: 'web', port: 80 }
const users = (kind: Kind, spec: Spec): KubeObject => object(kind, 'storefront', { spec })

/** Rows of the first table: the Canary, and what of the user's it names. */
const ways: Readonly<Record<string, { spec?: Spec; service?: Spec; object?: [Kind, KubeObject]; weight?: number }>> = {
  'callers in the mesh': {},
  "Istio's Gateways": { service: { gateways: ['infra/public'], hosts } },
  both: { service: { gateways: ['infra/public', 'mesh'], hosts } },
  'your VirtualServices': {
    service: { virtualServices: [{ name: 'storefront' }] },
    object: [
      kinds.VirtualService,
      users(kinds.VirtualService, { hosts, http: [{ route: [{ destination: { host: 'web' } }] }] }),
    ],
  },
  'a VirtualService of yours that delegates': { service: { delegation: true } },
  'Gateways of the Gateway API': { spec: { provider: 'gatewayapi:v1' }, service: { gatewayRefs, hosts } },
  'those, and the Service': {
    spec: { provider: 'gatewayapi:v1' },
    service: { gatewayRefs: [...gatewayRefs, service], hosts },
  },
  'your routes of the Gateway API': {
    spec: { provider: 'gatewayapi:v1' },
    service: { routes: [{ name: 'storefront' }] },
    object: [
      kinds.HTTPRoute,
      users(kinds.HTTPRoute, { parentRefs: gatewayRefs, rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] }),
    ],
  },
  'your Ingress, by ingress-nginx': {
    spec: {
      provider: 'nginx',
      ingressRef: { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'storefront' },
    },
    object: [
      kinds.Ingress,
      users(kinds.Ingress, {
        rules: [{ http: { paths: [{ path: '/', backend: { service: { name: 'web', port: { number: 80 } } } }] } }],
      }),
    ],
  },
  'whatever leads to the Service': {
    spec: { provider: 'kubernetes', analysis: { iterations: 1, metrics } },
    weight: 100,
  },
}

const told = (write: Write): string[] => {
  if (write.verb === 'patch') return [`weights in ${write.ref.kind.kind} \`${write.ref.name}\``]
  if (write.verb !== 'apply') return []
  const fields = Object.keys(recordOf(write.object.spec)).toSorted()
  return [`${write.ref.kind.kind} \`${write.ref.name}\` (${fields.map(field => `\`${field}\``).join(', ')})`]
}

suite('The page of ways in', () => {
  test('has a row for each way, and no other', () => {
    expect(rowsUnder('way in').map(([name]) => name)).to.deep.equal(Object.keys(ways))
  })

  for (const [name = '', fields = '', writes] of rowsUnder('way in')) {
    test(`says what is written for ${name}`, () => {
      const way = ways[name] ?? {}
      const written = canary(way.spec, way.service)
      const o = observation({ canary: written, ...(way.object === undefined ? {} : { live: live(way.object) }) })
      const wanted = posture({ traffic: weighted(way.weight ?? 10), judged: o.target?.revision ?? null })
      expect(routing[written.spec.provider].render(o, wanted).flatMap(told)).to.deep.equal([writes])
      for (const field of codes(fields).filter(code => code.startsWith('service.'))) {
        expect(Object.keys(way.service ?? {})).to.include(field.split(/[.:]/)[1])
      }
    })
  }

  const reception = (server: Spec, of: readonly string[] = hosts): string =>
    receptionOf(
      object(kinds.IstioGateway, 'public', { spec: { servers: [server] } }, { namespace: 'infra' }),
      of,
      'shop',
    )

  test('says what each kind of server does with requests', () => {
    const rows = rowsUnder('server of the Gateway')
    expect(rows).to.have.length.greaterThan(4)
    for (const [said = '', becomes] of rows) {
      const [protocols, options = ''] = said.split(' with ')
      const [option = '', ...more] = codes(options)
      const values = option === '' ? [{}] : [option, ...more].map(one => optionOf(option, one))
      for (const protocol of codes(protocols ?? '')) {
        for (const tls of values) {
          expect(
            reception({ hosts, port: { number: 80, protocol }, tls }),
            `${protocol} ${JSON.stringify(tls)}`,
          ).to.equal(becomes)
        }
      }
    }
  })

  test('says which hosts of a server take which of a VirtualService', () => {
    const rows = rowsUnder('`hosts` of a server')
    expect(rows).to.have.length.greaterThan(4)
    for (const [server = '', own = '', becomes] of rows) {
      const port = { number: 80, protocol: 'HTTP' }
      expect(reception({ hosts: codes(server), port }, codes(own)), `${server} ${own}`).to.equal(becomes)
    }
  })

  test('lists what is found, with its reason and what it stops', () => {
    const row =
      (what: string) =>
      ([name, { reason = 'Conflict' }]: [string, { reason?: string }]): string[] => [name, `\`${reason}\``, what]
    expect(rowsUnder('what is wrong')).to.deep.equal([
      ...Object.entries(ofTheStart).map(row('a release before it begins')),
      ...Object.entries(ofCandidates).map(row('a candidate before it gets traffic')),
      ...Object.entries(ofWarnings).map(row('nothing')),
    ])
  })
})

/** `tls.mode: SIMPLE`, and of the further values of a list `MUTUAL` alone. */
function optionOf(first: string, one: string): Spec {
  const [path = '', value = ''] = (one.includes(':') ? one : `${first.split(':')[0]}: ${one}`).split(': ')
  return { [path.replace('tls.', '')]: value === 'true' ? true : value }
}
