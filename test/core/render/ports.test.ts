import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, type Json, recordsOf } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import { apexPorts, sidePorts } from '../../../src/core/render/ports.ts'
import { isHttp } from '../../../src/core/routers/istio/protocols.ts'
import { renderServices } from '../../../src/core/render/services.ts'
import {
  after,
  canary,
  deployment,
  live,
  liveOne,
  object,
  observation,
  posture,
  template,
  workload,
} from '../given-objects.ts'

type Spec = Readonly<Record<string, unknown>>

const service = (o: Observation, name = 'web'): KubeObject => liveOne(o, kinds.Service, name)
const portsOf = (o: Observation, name = 'web'): readonly Json[] => recordsOf(at(service(o, name).spec, 'ports'))
const told = (ports: readonly Json[]): string[] =>
  ports.map(
    ({ name, port, targetPort, protocol }) =>
      `${String(name)} ${String(port)}→${String(targetPort)} ${String(protocol)}`,
  )

const withService = (o: Observation, spec: Spec, metadata: object = {}): Observation => {
  const users = object(kinds.Service, 'web', { spec: { selector: { app: 'web' }, ...spec } }, metadata)
  return { ...o, live: { ...o.live, ...live([kinds.Service, users]) } }
}

/** With a Service of these ports, and these container ports. */
const given = (
  ports: readonly Spec[],
  service_: Spec = {},
  declared: readonly Spec[] = [{ containerPort: 8080 }],
): Observation => {
  const containers = [{ name: 'web', ports: declared }]
  const target = workload(deployment('web', { template: template('web:1', { app: 'web' }, { containers }) }))
  return withService(observation({ target, canary: canary({}, service_) }), { ports })
}

function settled(o: Observation, wanted: Posture = posture()): Observation {
  const done = after(o, renderServices(o, wanted))
  const last = after(done, renderServices(done, wanted))
  expect(renderServices(last, wanted)).to.deep.equal([])
  return last
}

/** The user edits the Service. */
const edited = (o: Observation, change: (spec: Spec) => Spec): Observation => {
  const web = service(o)
  return { ...o, live: { ...o.live, ...live([kinds.Service, { ...web, spec: change(web.spec as Spec) }]) } }
}

const main = { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }
const removed = posture({ callers: 'untouched', traffic: null, primary: null, remove: 'everything' })

suite('ports of an adopted Service', () => {
  test('names that the Service needs say no protocol, and a single port needs none', () => {
    const plain = { port: 80, targetPort: 8080, protocol: 'TCP' }
    expect(sidePorts(given([plain]))).to.deep.equal([plain])
    const more = [{ containerPort: 8080 }, { name: 'grpc', containerPort: 9000 }]
    expect(told(sidePorts(given([plain], { portDiscovery: true }, more)))).to.deep.equal([
      'port-80 80→8080 TCP',
      'grpc 9000→9000 TCP',
    ])
  })

  test('discovery names no port twice, keeps UDP, and adds none that a port leads to by number or name', () => {
    const declared = [
      { name: 'http', containerPort: 8080 },
      { name: 'admin', containerPort: 9090 },
      { name: 'dns', containerPort: 53, protocol: 'UDP' },
      { name: 'http2', containerPort: 9000 },
    ]
    const ports = [
      { ...main, targetPort: 'http' },
      { name: 'http2', port: 81, targetPort: 9090, protocol: 'TCP' },
    ]
    expect(told(sidePorts(given(ports, { portDiscovery: true, targetPort: undefined }, declared)))).to.deep.equal([
      'http 80→http TCP',
      'http2 81→9090 TCP',
      'dns 53→53 UDP',
      'http2-9000 9000→9000 TCP',
    ])
  })

  test('a container whose name would make too long a name for its port', () => {
    const containers = [{ name: 'c'.repeat(60), ports: [{ containerPort: 8080 }, { containerPort: 9000 }] }]
    const target = workload(deployment('web', { template: template('web:1', { app: 'web' }, { containers }) }))
    const o = observation({ target, canary: canary({}, { portDiscovery: true }) })
    expect(told(sidePorts(o))).to.deep.equal(['http 80→8080 TCP', 'port-9000 9000→9000 TCP'])
  })

  test('a port that was discovered stays as long as the primary has it, whatever the candidate declares', () => {
    const declared = [{ containerPort: 8080 }, { name: 'admin', containerPort: 9090 }]
    const serving = workload(
      deployment('web-primary', {
        template: template('web:1', {}, { containers: [{ name: 'web', ports: declared }] }),
      }),
    )
    const o = settled(given([main], { portDiscovery: true }, declared))
    const less = given([main], { portDiscovery: true }).target
    expect(told(sidePorts({ ...o, target: less, primary: serving }))).to.deep.equal([
      'http 80→8080 TCP',
      'admin 9090→9090 TCP',
    ])
    expect(told(apexPorts({ ...o, target: less, primary: less }))).to.deep.equal(['http 80→8080 TCP'])
  })

  test('one that was discovered is not taken away by a port of the user that leads there too', () => {
    const declared = [{ containerPort: 8080 }, { name: 'admin', containerPort: 9090 }]
    const o = settled(given([main], { portDiscovery: true }, declared))
    const more = { name: 'http-admin', port: 81, targetPort: 9090, protocol: 'TCP' }
    const done = settled(edited(o, spec => ({ ...spec, ports: [...(spec['ports'] as object[]), more] })))
    expect(told(portsOf(done, 'web-primary'))).to.deep.equal([
      'http 80→8080 TCP',
      'admin 9090→9090 TCP',
      'http-admin 81→9090 TCP',
    ])
  })

  test('the sides have no node ports', () => {
    const o = settled(given([{ ...main, nodePort: 30080 }]))
    expect(portsOf(o)).to.deep.equal([{ ...main, nodePort: 30080 }])
    expect(portsOf(o, 'web-canary')).to.deep.equal([main])
  })

  test('what the Canary says no more follows the Service as it was, and an edit of the user is the user’s', () => {
    const o = settled(given([{ ...main, targetPort: 'http' }], { targetPort: 8081, appProtocol: 'http2' }))
    expect(portsOf(o, 'web-primary')).to.deep.equal([{ ...main, targetPort: 8081, appProtocol: 'http2' }])
    const silent = canary({}, { targetPort: undefined })
    expect(portsOf(settled({ ...o, canary: silent }), 'web-primary')).to.deep.equal([{ ...main, targetPort: 'http' }])
    const byUser = edited(o, spec => ({ ...spec, ports: [{ ...main, targetPort: 9999, appProtocol: 'http2' }] }))
    expect(portsOf(settled({ ...byUser, canary: silent }), 'web-primary')).to.deep.equal([
      { ...main, targetPort: 9999 },
    ])
  })

  for (const revertOnDeletion of [true, false]) {
    test(`on deletion ${revertOnDeletion ? 'ours go, and the user’s stay as the user has them now' : 'all stay'}`, () => {
      const declared = [{ containerPort: 8080 }, { name: 'grpc', containerPort: 9000 }]
      const before = given(
        [{ port: 443, targetPort: 8443 }],
        { portDiscovery: true, trafficDistribution: 'PreferClose' },
        declared,
      )
      const o = settled({
        ...before,
        canary: canary({ revertOnDeletion }, { portDiscovery: true, trafficDistribution: 'PreferClose' }),
      })
      expect(told(portsOf(o))).to.deep.equal(['port-443 443→8443 undefined', 'http 80→8080 TCP', 'grpc 9000→9000 TCP'])
      const later = edited(o, spec => ({
        ...spec,
        ports: [{ ...portsOf(o)[0], targetPort: 8444 }, ...portsOf(o).slice(1), { name: 'late', port: 81 }],
      }))
      const gone = settled(settled(later, posture({ callers: 'target', traffic: null })), removed)
      expect(portsOf(gone)).to.deep.equal(
        revertOnDeletion
          ? [
              { port: 443, targetPort: 8444 },
              { name: 'late', port: 81 },
            ]
          : [
              { name: 'port-443', port: 443, targetPort: 8444 },
              main,
              { name: 'grpc', port: 9000, targetPort: 9000, protocol: 'TCP' },
              { name: 'late', port: 81 },
            ],
      )
      expect(at(service(gone).spec, 'trafficDistribution')).to.equal(revertOnDeletion ? undefined : 'PreferClose')
      expect(service(gone).metadata.annotations).to.deep.equal({})
    })
  }

  test('a label that service.apex says no more is again what it was', () => {
    const o = withService(observation(), { ports: [main] }, { labels: { team: 'a' } })
    const apex = { labels: { team: 'b', tier: 'web' }, annotations: { note: 'x' } }
    const said = settled({ ...o, canary: canary({}, { apex }) })
    const less = settled({ ...said, canary: canary({}, { apex: { labels: { tier: 'web' } } }) })
    expect(service(less).metadata.labels).to.deep.equal({ team: 'a', tier: 'web' })
    expect(service(less).metadata.annotations).to.not.have.property('note')
  })

  test('families of addresses follow to a side that is made, and to none whose first one is another', () => {
    const families = { ipFamilyPolicy: 'PreferDualStack', ipFamilies: ['IPv6', 'IPv4'] }
    const o = settled(withService(observation(), { ports: [main], ...families }))
    expect(service(o, 'web-primary').spec).to.deep.include(families)
    const primary = object(
      kinds.Service,
      'web-primary',
      { spec: { selector: {}, ports: [main], ipFamilyPolicy: 'SingleStack', ipFamilies: ['IPv4'] } },
      { labels: { 'sluice.dev/canary': 'web' } },
    )
    const other = withService(observation(), { ports: [main], ...families })
    const made = settled({ ...other, live: { ...other.live, ...live([kinds.Service, primary]) } })
    expect(service(made, 'web-primary').spec).not.to.deep.include({ ipFamilies: ['IPv6', 'IPv4'] })
  })

  test('a spec.service that is refused changes the judged pods and nothing else', () => {
    const judged = observation().target?.revision ?? ''
    const o = settled(given([main], { targetPort: undefined }))
    const refused = { ...o, canary: canary({}, { port: 81, targetPort: 'none', trafficDistribution: 'PreferClose' }) }
    const wanted = posture({ service: 'as it was' })
    expect(renderServices(refused, wanted)).to.deep.equal([])
    const next = settled({ ...refused, target: observation().target }, { ...wanted, judged })
    const hash = at(service(next, 'web-canary').spec, 'selector', 'pod-template-hash')
    expect(hash).not.to.equal('none-yet')
    expect(service(next, 'web-canary').spec).to.deep.equal({
      selector: { app: 'web', 'pod-template-hash': hash },
      ports: [main],
    })
    expect([service(next).spec, service(next, 'web-primary').spec]).to.deep.equal([
      service(o).spec,
      service(o, 'web-primary').spec,
    ])
  })
})

suite('what Istio reads as HTTP', () => {
  const rows: readonly [Spec, boolean][] = [
    [{ port: 80 }, true],
    [{ port: 80, name: 'web' }, true],
    [{ port: 80, name: 'HTTP-web' }, true],
    [{ port: 80, name: 'grpc-web' }, true],
    [{ port: 80, name: 'tcp' }, false],
    [{ port: 443, name: 'https-web' }, false],
    [{ port: 80, name: 'tcp-web', appProtocol: 'http' }, true],
    [{ port: 80, name: 'http', appProtocol: 'TLS' }, false],
    [{ port: 80, appProtocol: 'kubernetes.io/h2c' }, true],
    [{ port: 80, appProtocol: 'kubernetes.io/wss' }, false],
    [{ port: 53, protocol: 'UDP', name: 'http' }, false],
    [{ port: 3306 }, false],
    [{ port: 3306, name: 'http-db' }, true],
  ]
  for (const [port, is] of rows) {
    test(JSON.stringify(port), () => {
      expect(isHttp(port)).to.equal(is)
    })
  }
})
