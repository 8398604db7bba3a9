import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
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
  replicaSet,
  template,
  workload,
} from '../given-objects.ts'

const service = (o: Observation, name: string): KubeObject => liveOne(o, kinds.Service, name)
const selector = (o: Observation, name: string): unknown => at(service(o, name).spec, 'selector')
const names = (o: Observation): string[] =>
  Object.values(o.live)
    .filter(one => one.kind === 'Service')
    .map(one => one.metadata.name)

/** The world after the Services of a posture were written; a second look changes nothing. */
function settled(o: Observation, wanted: Posture = posture()): Observation {
  const done = after(o, renderServices(o, wanted))
  // What is adopted is given up again, in a pass of its own.
  const last = after(done, renderServices(done, wanted))
  expect(renderServices(last, wanted)).to.deep.equal([])
  return last
}

/** The Service `web` as a user made it. */
const users = (spec: object = {}, metadata: object = {}): KubeObject =>
  object(
    kinds.Service,
    'web',
    {
      spec: {
        type: 'NodePort',
        selector: { app: 'web' },
        ports: [{ name: 'web', port: 80, targetPort: 'http', protocol: 'TCP', nodePort: 30080 }],
        ...spec,
      },
    },
    { labels: { team: 'a' }, ...metadata },
  )

const withUsers = (spec: object = {}, more: Partial<Observation> = {}): Observation => {
  const o = observation(more)
  return { ...o, live: { ...o.live, ...live([kinds.Service, users(spec)]) } }
}

suite('Services', () => {
  test('apex and primary select the primary, canary selects only what was judged', () => {
    const o = settled(observation(), posture({ judged: observation().target?.revision ?? '' }))
    const hash = replicaSet(deployment('web'), 2).metadata.labels?.['pod-template-hash']
    expect(selector(o, 'web')).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
    expect(selector(o, 'web-primary')).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
    expect(selector(o, 'web-canary')).to.deep.equal({ app: 'web', 'pod-template-hash': hash })
    expect(at(service(o, 'web').spec, 'ports')).to.deep.equal([
      { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
    ])
  })

  test('before anything was judged the canary Service selects nobody, and afterwards what it selected', () => {
    const fresh = settled(observation())
    expect(selector(fresh, 'web-canary')).to.deep.equal({ app: 'web', 'pod-template-hash': 'none-yet' })
    const judged = settled(observation(), posture({ judged: observation().target?.revision ?? '' }))
    const before = selector(judged, 'web-canary')
    expect(selector(settled(judged), 'web-canary')).to.deep.equal(before)
  })

  test('a push does not move the canary Service to the new pods', () => {
    const judged = observation().target?.revision ?? ''
    const o = settled(observation(), posture({ judged }))
    const pushed = deployment('web', { template: template('web:2') })
    const both = workload(pushed, [replicaSet(pushed, 1), replicaSet(pushed, 2, template('web:1'))])
    expect(renderServices({ ...o, target: both }, posture({ judged }))).to.deep.equal([])
  })

  test('callers stay where they are until they are moved, and nothing is made before a primary is wanted', () => {
    expect(names(settled(observation(), posture({ callers: 'untouched' })))).to.have.members([
      'web-primary',
      'web-canary',
    ])
    expect(names(settled(observation(), posture({ callers: 'untouched', primary: null })))).to.deep.equal([])
    expect(renderServices(withUsers(), posture({ callers: 'untouched', primary: null }))).to.deep.equal([])
  })

  test('the metadata of the spec is on them, except what somebody else manages', () => {
    const labels = { team: 'a', tier: 'front' }
    const apex = { labels, annotations: { note: 'x', theirs: 'y' } }
    const unmanagedMetadata = { labels: ['tier'], annotations: ['theirs'] }
    const o = settled(
      observation({ canary: canary({}, { apex, unmanagedMetadata, canary: { labels: { side: 'canary' } } }) }),
    )
    expect(service(o, 'web').metadata.labels).to.deep.equal({ team: 'a', 'sluice.dev/canary': 'web' })
    expect(Object.keys(service(o, 'web').metadata.annotations ?? {})).to.have.members(['note', 'sluice.dev/rendered'])
    expect(service(o, 'web-canary').metadata.labels).to.include({ side: 'canary' })
  })

  test('headless, traffic distribution and application protocol are on all three', () => {
    const o = settled(
      observation({ canary: canary({}, { headless: true, trafficDistribution: 'PreferClose', appProtocol: 'http2' }) }),
    )
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(service(o, name).spec).to.include({ clusterIP: 'None', trafficDistribution: 'PreferClose' })
      expect(JSON.stringify(service(o, name).spec)).to.contain('"appProtocol":"http2"')
    }
  })

  test('a Service that exists is not made headless, for the API server would refuse it', () => {
    const o = settled(observation())
    const headless = { ...o, canary: canary({}, { headless: true }) }
    expect(renderServices(headless, posture())).to.deep.equal([])
  })

  test('port discovery adds the other ports of the target, without those of proxies', () => {
    const containers = [
      {
        name: 'web',
        ports: [{ name: 'http', containerPort: 8080 }, { containerPort: 9090 }, { name: 'grpc', containerPort: 9000 }],
      },
      { name: 'istio-proxy', ports: [{ name: 'admin', containerPort: 15000 }] },
    ]
    const target = workload(deployment('web', { template: template('web:1', { app: 'web' }, { containers }) }))
    const o = settled(observation({ canary: canary({}, { portDiscovery: true }), target }))
    expect(at(service(o, 'web-canary').spec, 'ports')).to.deep.equal([
      { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
      { name: 'tcp-web-1', port: 9090, targetPort: 9090, protocol: 'TCP' },
      { name: 'grpc', port: 9000, targetPort: 9000, protocol: 'TCP' },
    ])
  })

  test('an edit of the selector is put right', () => {
    const o = settled(observation())
    const edited = service(o, 'web')
    const moved = { ...edited, spec: { ...(edited.spec as object), selector: { app: 'web' } } }
    const put = after(o, renderServices({ ...o, live: { ...o.live, ...live([kinds.Service, moved]) } }, posture()))
    expect(selector(put, 'web')).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
  })

  test('a port that somebody adds to the apex stays there, and comes to both sides', () => {
    const o = settled(observation())
    const edited = service(o, 'web')
    const ports = [...(at(edited.spec, 'ports') as object[]), { name: 'more', port: 81 }]
    const withPort = { ...edited, spec: { ...(edited.spec as object), ports } }
    const done = settled({ ...o, live: { ...o.live, ...live([kinds.Service, withPort]) } })
    expect(at(service(done, 'web').spec, 'ports')).to.deep.equal(ports)
    for (const name of ['web-primary', 'web-canary']) {
      expect(at(service(done, name).spec, 'ports'), name).to.deep.equal([
        { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
        { name: 'more', port: 81, protocol: 'TCP' },
      ])
    }
  })

  test('Services of the sides that somebody else made are left alone', () => {
    const foreign = object(kinds.Service, 'web-primary', { spec: { selector: { app: 'other' } } })
    const o = observation()
    const done = settled({ ...o, live: { ...o.live, ...live([kinds.Service, foreign]) } })
    expect(service(done, 'web-primary').spec).to.deep.equal(foreign.spec)
  })

  test('with subsets the apex alone is there and selects both sides', () => {
    const rule = object(kinds.DestinationRule, 'web', {
      spec: {
        host: 'web',
        subsets: [
          { name: 'v1', labels: { version: 'v1' } },
          { name: 'v2', labels: { version: 'v2' } },
        ],
      },
    })
    const o = observation({
      canary: canary({}, { destinationRule: { name: 'web', primarySubset: 'v1', canarySubset: 'v2' } }),
    })
    const done = settled({ ...o, live: { ...o.live, ...live([kinds.DestinationRule, rule]) } })
    expect(names(done)).to.deep.equal(['web'])
    expect(selector(done, 'web')).to.deep.equal({ app: 'web' })
  })
})

suite('adopting the Service that callers already use', () => {
  test('it keeps its type, labels, node ports and names, and gets the key that leads to the primary', () => {
    const done = settled(withUsers())
    const web = service(done, 'web')
    expect(web.metadata.labels).to.deep.equal({ team: 'a' })
    expect(web.metadata.ownerReferences).to.equal(undefined)
    expect(web.spec).to.deep.equal({
      type: 'NodePort',
      selector: { app: 'web', 'sluice.dev/role': 'primary' },
      ports: [{ name: 'web', port: 80, targetPort: 8080, protocol: 'TCP', nodePort: 30080 }],
    })
    expect(JSON.parse(web.metadata.annotations?.['sluice.dev/original'] ?? '')).to.deep.equal({
      selector: { app: 'web' },
      ports: (users().spec as { ports: unknown }).ports,
      labels: {},
      annotations: {},
      written: { ports: (web.spec as { ports: unknown }).ports },
    })
  })

  test('it is ours no longer once it is as it should be, so that the next apply of its owner meets no conflict', () => {
    const adopted = after(withUsers(), renderServices(withUsers(), posture()))
    expect(service(adopted, 'web').metadata.managedFields).to.have.lengthOf(1)
    expect(service(settled(withUsers()), 'web').metadata.managedFields).to.equal(undefined)
  })

  test('one without labels is adopted once', () => {
    const o = observation()
    const { labels: _, ...metadata } = users().metadata
    const bare: KubeObject = { ...users(), metadata }
    expect(selector(settled({ ...o, live: { ...o.live, ...live([kinds.Service, bare]) } }), 'web')).to.include({
      'sluice.dev/role': 'primary',
    })
  })

  test('what its owner selects by stays, as far as the primary has it', () => {
    const target = workload(deployment('web', { template: template('web:1', { app: 'web', tier: 'front' }) }))
    const kept = settled(withUsers({ selector: { app: 'web', tier: 'front' } }, { target }))
    expect(selector(kept, 'web')).to.deep.equal({ app: 'web', tier: 'front', 'sluice.dev/role': 'primary' })
    const dropped = settled(withUsers({ selector: { app: 'other' } }))
    expect(selector(dropped, 'web')).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
  })

  test('without a targetPort of the Canary its own is followed, by the sides too', () => {
    const done = settled(withUsers({}, { canary: canary({}, { targetPort: undefined }) }))
    for (const name of ['web', 'web-primary', 'web-canary']) {
      expect(JSON.stringify(service(done, name).spec), name).to.contain('"targetPort":"http"')
    }
  })

  test('our port is added to its ports, which then all have a name', () => {
    const done = settled(withUsers({ ports: [{ port: 443, targetPort: 8443 }] }))
    expect(at(service(done, 'web').spec, 'ports')).to.deep.equal([
      { port: 443, targetPort: 8443, name: 'port-443' },
      { name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' },
    ])
  })

  test('the first original survives what its owner does to it later', () => {
    const done = settled(withUsers())
    const original = service(done, 'web').metadata.annotations?.['sluice.dev/original']
    const reapplied = { ...service(done, 'web'), spec: users().spec }
    const again = settled({ ...done, live: { ...done.live, ...live([kinds.Service, reapplied]) } })
    expect(service(again, 'web').metadata.annotations?.['sluice.dev/original']).to.equal(original)
    expect(selector(again, 'web')).to.include({ 'sluice.dev/role': 'primary' })
  })
})

suite('handing Services back', () => {
  const target = posture({ callers: 'target', traffic: null })
  const removed = posture({ callers: 'untouched', traffic: null, primary: null, remove: 'everything' })

  test('an adopted one leads to the target again and forgets us; its ports only with revertOnDeletion', () => {
    for (const revertOnDeletion of [true, false]) {
      const o = settled(withUsers({}, { canary: canary({ revertOnDeletion }) }))
      const back = settled(o, target)
      expect(selector(back, 'web')).to.deep.equal({ app: 'web' })
      const gone = settled(back, removed)
      expect(names(gone)).to.deep.equal(['web'])
      const web = service(gone, 'web')
      expect([web.metadata.labels, web.metadata.annotations]).to.deep.equal([{ team: 'a' }, {}])
      const targetPort = at((at(web.spec, 'ports') as unknown[])[0], 'targetPort')
      expect(targetPort).to.equal(revertOnDeletion ? 'http' : 8080)
    }
  })

  test('labels and annotations of service.apex are put on an adopted one, and taken back with revertOnDeletion', () => {
    const apex = { labels: { team: 'b', tier: 'web' }, annotations: { 'example.com/dashboard': 'web' } }
    for (const revertOnDeletion of [true, false]) {
      const spec = canary({ revertOnDeletion }, { apex, trafficDistribution: 'PreferClose' })
      const adopted = settled(withUsers({}, { canary: spec }))
      expect(service(adopted, 'web').metadata.labels).to.deep.equal(apex.labels)
      expect(service(adopted, 'web').metadata.annotations).to.include(apex.annotations)
      expect(at(service(adopted, 'web').spec, 'trafficDistribution')).to.equal('PreferClose')
      const web = service(settled(settled(adopted, target), removed), 'web')
      expect(web.metadata.labels).to.deep.equal(revertOnDeletion ? { team: 'a' } : apex.labels)
      expect(web.metadata.annotations).to.deep.equal(revertOnDeletion ? {} : apex.annotations)
    }
  })

  test('one that we made goes on serving the target, without our label', () => {
    const back = settled(settled(observation()), target)
    expect(selector(back, 'web')).to.deep.equal({ app: 'web' })
    const gone = settled(back, removed)
    expect(names(gone)).to.deep.equal(['web'])
    expect(service(gone, 'web').metadata.labels).to.deep.equal({})
    expect(service(gone, 'web').metadata.managedFields).to.equal(undefined)
  })

  test('a Canary that comes back takes it up again as its own', () => {
    const gone = settled(settled(settled(observation()), target), removed)
    const back = settled(gone)
    expect(service(back, 'web').metadata.labels).to.deep.equal({ 'sluice.dev/canary': 'web' })
    expect(selector(back, 'web')).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
  })

  test('a Service that was never adopted is not touched, whatever goes', () => {
    expect(renderServices(withUsers(), removed)).to.deep.equal([])
  })

  test('without a target nothing is led anywhere, and what is ours still goes', () => {
    const o = { ...settled(observation()), target: null }
    expect(renderServices(o, target)).to.deep.equal([])
    const writes = renderServices(o, removed)
    expect(writes.map(write => `${write.verb} ${write.ref.name}`)).to.deep.equal([
      'merge web',
      'delete web-primary',
      'delete web-canary',
    ])
    // A Deployment that comes later without a Canary has no label of ours.
    expect(selector(settled(o, removed), 'web')).to.deep.equal({ app: 'web' })
    const switching = observation({ canary: canary({ primary: { labels: 'switch' } }) })
    const switched = settled({ ...switching, memory: { ...switching.memory, labels: 'switch' } })
    expect(selector(switched, 'web')).to.deep.equal({ app: 'web-primary' })
    expect(selector(settled({ ...switched, target: null }, removed), 'web')).to.deep.equal({ app: 'web' })
  })

  test('an owner reference of ours goes with our label, or the Service would go with the Canary', () => {
    const o = observation()
    const owned = settled({ ...o, settings: { ...o.settings, ownerReferences: true } })
    expect(service(owned, 'web').metadata.ownerReferences).to.have.lengthOf(1)
    expect(service(settled(owned, removed), 'web').metadata.ownerReferences).to.equal(undefined)
  })
})
