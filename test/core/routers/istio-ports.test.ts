import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { istio } from '../../../src/core/routers/istio/index.ts'
import { carriedBy, weighted } from '../../../src/core/model/traffic.ts'
import { canary, live, object, observation, posture } from '../given-objects.ts'
import { removed, settled, split, toTarget, virtualService } from './istio.given.ts'

suite('the VirtualService of Sluice with several ports', () => {
  /** The http routes for a Service with an admin port, a database's, and these fields of the Canary. */
  const httpOf = (service: Record<string, unknown>, wanted = posture(), [first] = [80]): unknown => {
    const ports = [
      { name: 'http', port: first, targetPort: 8080 },
      { name: 'http-admin', port: 9090, targetPort: 9091 },
      { name: 'tcp-db', port: 5432, targetPort: 5432 },
    ]
    const web = object(kinds.Service, 'web', { spec: { selector: { app: 'web' }, ports } })
    const o = settled(observation({ canary: canary({}, service), live: live([kinds.Service, web]) }))
    return at(virtualService(settled(o, wanted)).spec, 'http')
  }
  /** What `match` leaves out in the mesh goes to the Service, at the port that was called. */
  const unmatched = (ports: readonly number[]) =>
    ports.map(port => ({
      match: [{ gateways: ['mesh'], port }],
      route: [{ destination: { host: 'web', port: { number: port } } }],
    }))
  const to = (port: number) => split(100, { port: { number: port } })

  test('each of the mesh has its route, but those that are not HTTP', () => {
    expect(httpOf({})).to.deep.equal([
      { match: [{ port: 80 }], route: to(80) },
      { match: [{ port: 9090 }], route: to(9090) },
    ])
  })

  test('at gateways alone one route names the port of the Canary', () => {
    expect(httpOf({ gateways: ['public'] })).to.deep.equal([{ route: to(80) }])
  })

  test('what comes by a gateway, whose own port says nothing, comes after the ports of the mesh', () => {
    expect(httpOf({ gateways: ['public', 'mesh'] })).to.deep.equal([
      { match: [{ gateways: ['mesh'], port: 80 }], route: to(80) },
      { match: [{ gateways: ['mesh'], port: 9090 }], route: to(9090) },
      { match: [{ gateways: ['public'] }], route: to(80) },
    ])
  })

  test('callers of another host come by port 80, wherever the port of the Canary is', () => {
    expect(httpOf({ hosts: ['web.example.com'] })).to.deep.equal([
      { match: [{ port: 80 }], route: to(80) },
      { match: [{ port: 9090 }], route: to(9090) },
    ])
    expect(httpOf({ port: 9090, targetPort: 9091, hosts: ['web.example.com'] }, posture(), [81])).to.deep.equal([
      { match: [{ port: 81 }], route: to(81) },
      { match: [{ port: 9090 }], route: to(9090) },
      { match: [{ port: 80 }], route: to(9090) },
    ])
  })

  test('where another delegates, what is not of the mesh comes to the port of the Canary', () => {
    expect(httpOf({ delegation: true })).to.deep.equal([
      { match: [{ gateways: ['mesh'], port: 80 }], route: to(80) },
      { match: [{ gateways: ['mesh'], port: 9090 }], route: to(9090) },
      { route: to(80) },
    ])
  })

  test('a match of callers by their labels stays one, for Istio reads no labels where gateways are named', () => {
    const match = [{ sourceLabels: { app: 'shop' } }, { sourceNamespace: 'team', gateways: ['mesh', 'public'] }]
    expect(httpOf({ gateways: ['mesh', 'public'], match })).to.deep.equal([
      ...[80, 9090].map(port => ({
        match: [
          { sourceLabels: { app: 'shop' }, port },
          { sourceNamespace: 'team', gateways: ['mesh'], port },
        ],
        route: to(port),
      })),
      {
        match: [{ sourceLabels: { app: 'shop' } }, { sourceNamespace: 'team', gateways: ['public'] }],
        route: to(80),
      },
      ...unmatched([80, 9090]),
    ])
  })

  test('matches of the user hold on every port, each where it was meant', () => {
    const match = [
      { uri: { prefix: '/api' } },
      { headers: { team: { exact: 'a' } }, gateways: ['mesh'], port: 9090 },
      { uri: { prefix: '/public' }, gateways: ['public'], port: 443 },
    ]
    expect(httpOf({ gateways: ['mesh', 'public'], match })).to.deep.equal([
      { match: [{ uri: { prefix: '/api' }, gateways: ['mesh'], port: 80 }], route: to(80) },
      {
        match: [
          { uri: { prefix: '/api' }, gateways: ['mesh'], port: 9090 },
          { headers: { team: { exact: 'a' } }, gateways: ['mesh'], port: 9090 },
        ],
        route: to(9090),
      },
      {
        match: [
          { uri: { prefix: '/api' }, gateways: ['public'] },
          { uri: { prefix: '/public' }, gateways: ['public'], port: 443 },
        ],
        route: to(80),
      },
      ...unmatched([80, 9090]),
    ])
  })

  test('in what is left after a deletion each port is named too', () => {
    const apex = (port: number) => [{ destination: { host: 'web', port: { number: port } }, weight: 100 }]
    const left = [
      { match: [{ gateways: ['mesh'], port: 80 }], route: apex(80) },
      { match: [{ gateways: ['mesh'], port: 9090 }], route: apex(9090) },
      { match: [{ gateways: ['public'] }], route: apex(80) },
    ]
    expect(httpOf({ gateways: ['public', 'mesh'] }, toTarget)).to.deep.equal(left)
    expect(httpOf({ gateways: ['public', 'mesh'] }, removed)).to.deep.equal(left)
    const match = [{ uri: { prefix: '/' }, gateways: ['mesh'] }]
    expect(httpOf({ gateways: ['public', 'mesh'], match }, removed)).to.deep.equal([
      ...[80, 9090].map(port => ({ match: [{ ...match[0], port }], route: apex(port) })),
      ...unmatched([80, 9090]),
    ])
  })

  test('every route is read, whichever port it is for', () => {
    const ports = [{ port: 80 }, { name: 'admin', port: 81 }]
    const web = object(kinds.Service, 'web', { spec: { ports } })
    const o = settled(observation({ live: live([kinds.Service, web]) }), posture({ traffic: weighted(10) }))
    expect(istio.read(o)).to.deep.equal(carriedBy([10, 10]))
    const [first, ...others] = at(virtualService(o).spec, 'http') as object[]
    const http = [{ ...first, route: split(70) }, ...others]
    const byHand = { ...virtualService(o), spec: { ...(virtualService(o).spec as object), http } }
    expect(istio.read({ ...o, live: { ...o.live, ...live([kinds.VirtualService, byHand]) } })).to.deep.equal(
      carriedBy([10, 30]),
    )
  })
})
