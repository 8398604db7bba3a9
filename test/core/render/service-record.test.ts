/** A user's Service that somebody deletes comes back as what it was: each of its fields, in each way of splitting. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at, type Json } from '../../../src/core/json.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { Posture } from '../../../src/core/model/posture.ts'
import type { Write } from '../../../src/core/model/write.ts'
import { renderServiceRecord } from '../../../src/core/render/service-record.ts'
import { renderApex, renderServices } from '../../../src/core/render/services.ts'
import { after, canary, live, liveOne, object, observation, posture } from '../given-objects.ts'

const ports = [{ name: 'http', port: 80, targetPort: 8080, protocol: 'TCP' }]

/** What the API server gives to each. */
const allotted = { clusterIP: '10.96.0.7', clusterIPs: ['10.96.0.7'], type: 'ClusterIP' }

interface Row {
  readonly spec?: Json
  readonly labels?: Readonly<Record<string, string>>
  readonly annotations?: Readonly<Record<string, string>>
}

const rows: Readonly<Record<string, Row>> = {
  'a cluster IP': {},
  'no cluster IP': { spec: { clusterIP: 'None', clusterIPs: ['None'] } },
  'a port of every node': { spec: { type: 'NodePort', ports: [{ ...ports[0], nodePort: 30080 }] } },
  'ports beside the one of the Canary': {
    spec: {
      type: 'NodePort',
      ports: [
        { ...ports[0], nodePort: 30080, appProtocol: 'http' },
        { name: 'dns', port: 53, targetPort: 5353, protocol: 'UDP', nodePort: 30053 },
      ],
    },
  },
  'a load balancer': {
    spec: {
      type: 'LoadBalancer',
      externalTrafficPolicy: 'Local',
      loadBalancerClass: 'example.com/internal',
      loadBalancerSourceRanges: ['10.0.0.0/8'],
      loadBalancerIP: '192.0.2.1',
      healthCheckNodePort: 32000,
      allocateLoadBalancerNodePorts: false,
    },
    annotations: { 'service.beta.kubernetes.io/aws-load-balancer-internal': 'true' },
  },
  'addresses from outside': { spec: { externalIPs: ['192.0.2.7'] } },
  'where its traffic goes': {
    spec: {
      internalTrafficPolicy: 'Local',
      trafficDistribution: 'PreferClose',
      sessionAffinity: 'ClientIP',
      sessionAffinityConfig: { clientIP: { timeoutSeconds: 600 } },
      publishNotReadyAddresses: true,
    },
  },
  'both families of addresses': {
    spec: { ipFamilies: ['IPv4', 'IPv6'], ipFamilyPolicy: 'RequireDualStack', clusterIPs: ['10.96.0.7', 'fd00::7'] },
  },
  'a field of a newer API server': { spec: { somethingNew: { enabled: true } } },
  'labels and annotations, whatever they mean': {
    labels: { team: 'a', constructor: 'b' },
    annotations: {
      'networking.istio.io/exportTo': '.',
      'external-dns.alpha.kubernetes.io/hostname': 'web.example.com',
    },
  },
}

const ways: Readonly<Record<string, () => Observation>> = {
  'two Services': () => observation(),
  'subsets of one Service': () => {
    const subsets = [
      { name: 'v1', labels: { version: 'v1' } },
      { name: 'v2', labels: { version: 'v2' } },
    ]
    const destinationRule = { name: 'web', primarySubset: 'v1', canarySubset: 'v2' }
    const rule = object(kinds.DestinationRule, 'web', { spec: { host: 'web', subsets } })
    return observation({ canary: canary({}, { destinationRule }), live: live([kinds.DestinationRule, rule]) })
  },
  'no mesh': () => observation({ canary: canary({ provider: 'kubernetes', skipAnalysis: true, analysis: undefined }) }),
}

const users = ({ spec, labels = {}, annotations = {} }: Row): KubeObject =>
  object(
    kinds.Service,
    'web',
    { spec: { ...allotted, selector: { app: 'web' }, ports, ...spec } },
    { labels, annotations },
  )

const withService = (o: Observation, service: KubeObject): Observation => ({
  ...o,
  live: { ...o.live, ...live([kinds.Service, service]) },
})

/** What is written of Services and their record. */
const writes = (o: Observation, wanted: Posture): Write[] => [
  ...renderServices(o, wanted),
  ...(o.canary.spec.provider === 'kubernetes' ? renderApex(o, wanted) : []),
  ...renderServiceRecord(o, wanted),
]

/** The world once nothing is to be written any more. */
function settled(o: Observation, wanted: Posture = posture()): Observation {
  let done = o
  for (let pass = 0; pass < 5; pass += 1) {
    const next = writes(done, wanted)
    if (next.length === 0) return done
    done = after(done, next)
  }
  throw new Error('each pass writes something')
}

function without(o: Observation, name: string): Observation {
  const kept = Object.entries(o.live).filter(([, one]) => one.kind !== 'Service' || one.metadata.name !== name)
  return { ...o, live: Object.fromEntries(kept) }
}

const web = (o: Observation): KubeObject => liveOne(o, kinds.Service, 'web')
const annotations = (o: Observation): Json => {
  const { 'sluice.dev/original': _, ...others } = web(o).metadata.annotations ?? {}
  return others
}
const records = (o: Observation): string[] =>
  Object.values(o.live).flatMap(({ kind, metadata }) => (kind === 'ControllerRevision' ? [metadata.name] : []))

suite('a user’s Service that is deleted', () => {
  for (const [way, given] of Object.entries(ways)) {
    for (const [name, row] of Object.entries(rows)) {
      test(`comes back with ${name}: ${way}`, () => {
        const adopted = settled(withService(given(), users(row)))
        const back = settled(without(adopted, 'web'))
        expect(web(back).spec).to.deep.equal(web(adopted).spec)
        expect(web(back).metadata.labels).to.deep.equal(web(adopted).metadata.labels)
        expect(annotations(back)).to.deep.equal(annotations(adopted))
        expect(
          renderServices(without(adopted, 'web'), posture()).filter(({ ref }) => ref.name !== 'web'),
        ).to.deep.equal([])
      })
    }
  }

  const off = posture({ callers: 'untouched' })

  test('comes back when the callers are moved, where it is deleted before that', () => {
    const begun = settled(withService(observation(), users(rows['a load balancer'] ?? {})), off)
    const gone = without(begun, 'web')
    expect(writes(gone, off)).to.deep.equal([])
    expect(at(web(settled(gone)).spec, 'type')).to.equal('LoadBalancer')
  })

  test('comes back together with the Services of both sides', () => {
    const adopted = settled(withService(observation(), users(rows['ports beside the one of the Canary'] ?? {})))
    const names = ['web', 'web-primary', 'web-canary']
    const back = settled(names.reduce(without, adopted))
    for (const name of names) {
      const spec = (o: Observation): unknown => liveOne(o, kinds.Service, name).spec
      expect(spec(back), name).to.deep.equal(spec(adopted))
    }
  })

  test('comes back as its user last had it, of which there is one record', () => {
    const adopted = settled(withService(observation(), users({})))
    const edited = { ...web(adopted), spec: { ...(web(adopted).spec as object), type: 'NodePort' } }
    const last = settled(withService(adopted, edited))
    expect(records(last)).to.have.lengthOf(1)
    expect(records(last)).not.to.deep.equal(records(adopted))
    expect(at(web(settled(without(last, 'web'))).spec, 'type')).to.equal('NodePort')
    expect(records(settled(withService(last, web(adopted))))).to.deep.equal(records(adopted))
  })

  test('comes back without what tools prune by, and without what is left to other clients', () => {
    const unmanagedMetadata = { annotations: ['cloud.example.com/id'] }
    const tracked = {
      labels: { team: 'a', 'app.kubernetes.io/instance': 'shop' },
      annotations: { 'argocd.argoproj.io/tracking-id': 'shop', 'cloud.example.com/id': '7' },
    }
    const o = observation({ canary: canary({}, { unmanagedMetadata }) })
    const { metadata } = web(settled(without(settled(withService(o, users(tracked))), 'web')))
    expect(metadata.labels).to.deep.equal({ team: 'a' })
    expect(Object.keys(metadata.annotations ?? {})).to.deep.equal(['sluice.dev/original'])
  })

  test('comes back with other addresses after a write failed', () => {
    const spec = { type: 'NodePort', healthCheckNodePort: 32000, ports: [{ ...ports[0], nodePort: 30080 }] }
    const gone = without(settled(withService(observation(), users({ spec }))), 'web')
    const refused = { reason: 'WriteRefused', message: 'the port is already allocated' } as const
    expect(web(settled({ ...gone, writeError: refused })).spec).to.deep.equal({
      type: 'NodePort',
      selector: { app: 'web', 'sluice.dev/role': 'primary' },
      ports,
    })
    const headless = without(settled(withService(observation(), users(rows['no cluster IP'] ?? {}))), 'web')
    expect(web(settled({ ...headless, writeError: refused })).spec).to.include({ clusterIP: 'None' })
  })

  test('is handed back to the target with what it selected', () => {
    const selector = { app: 'web', tier: 'front' }
    const given = withService(observation(), users({ spec: { selector } }))
    const back = settled(without(settled(given), 'web'))
    expect(JSON.parse(web(back).metadata.annotations?.['sluice.dev/original'] ?? '')).to.deep.include({ selector })
  })

  test('is not recorded before a primary is wanted, while it is being deleted, or where it is Sluice’s', () => {
    const o = withService(observation(), users({}))
    expect(renderServiceRecord(o, posture({ callers: 'untouched', primary: null }))).to.deep.equal([])
    const ending = { ...users({}), metadata: { ...users({}).metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } }
    expect(renderServiceRecord(withService(observation(), ending), posture())).to.deep.equal([])
    expect(records(settled(observation()))).to.deep.equal([])
  })

  test('leaves no record when the Canary is deleted', () => {
    const adopted = settled(withService(observation(), users({})))
    expect(records(adopted)).to.have.lengthOf(1)
    const gone = posture({ callers: 'untouched', traffic: null, primary: null, remove: 'everything' })
    expect(records(settled(adopted, gone))).to.deep.equal([])
  })
})
