/** Requests that callers with sidecars send past the waypoint: when they are asked for, what is remembered, and what is said. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { startRun } from '../../../src/core/machine/rules/start-run.ts'
import { runChecks } from '../../../src/core/machine/rules/checks.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { AnalysisPhase } from '../../../src/core/model/state.ts'
import { gatewayApi } from '../../../src/core/routers/gateway-api/index.ts'
import { warningsOf } from '../../../src/core/problems/index.ts'
import { object, observation } from '../given-objects.ts'
import { bound, inAmbient, pod, service } from '../problems/ambient.given.ts'
import { around, routes } from '../problems/given.ts'
import { advancing, now, promoted, second, target } from './given.ts'

const { memory } = observation()
const services = ['web', 'web-primary', 'web-canary'].map(name =>
  service({ 'istio.io/use-waypoint': 'waypoint' }, bound(), name),
)
const due = advancing(10, { lastCheckTime: now - 10 * second })

/** A check of a run at a waypoint is due. */
const at = (given: Partial<Observation> = {}): Observation<AnalysisPhase> => ({
  ...observation({
    ...inAmbient(services),
    memory: { ...memory, provider: 'gatewayapi:v1', vantage: 'waypoint' },
    ...given,
  }),
  state: due,
})
const found = (pastWaypoint: number): Pick<Observation, 'memory'> => ({
  memory: { ...memory, provider: 'gatewayapi:v1', vantage: 'waypoint', pastWaypoint },
})

/** The questions of the check that is due, and what is remembered once they are answered; all others with 0. */
function checked(o: Observation<AnalysisPhase>, past: Finding): { asked: readonly Check[]; remembered: number } {
  const said = runChecks(o, now)
  if (said === undefined || !('ask' in said)) throw new Error('nothing is asked')
  const asked = said.ask.filter(({ subject }) => subject.measure === 'past-waypoint')
  const answers = said.ask.map(one => [one.id, asked.includes(one) ? past : ({ kind: 'value', value: 0 } as const)])
  const decided = runChecks({ ...o, findings: Object.fromEntries(answers) }, now)
  if (decided === undefined || 'ask' in decided || 'read' in decided) throw new Error('not decided')
  return { asked, remembered: ('passed' in decided ? decided.passed : decided).memory.pastWaypoint }
}

const value = (number: number): Finding => ({ kind: 'value', value: number })
const gatewayRefs = [
  { name: 'public', namespace: 'infra' },
  { kind: 'Service', name: 'web', port: 80 },
]
const route = (...names: readonly string[]): KubeObject =>
  object(kinds.HTTPRoute, 'edge', {
    spec: { parentRefs: [{ name: 'public' }], rules: names.map(name => ({ backendRefs: [{ name, port: 80 }] })) },
  })

/** What is found around the Canary in a cluster with this VirtualService. */
function amid(virtualService: KubeObject): Partial<Observation> {
  const v1 = gatewayApi('v1')
  const indexed = [...v1.kinds, ...v1.neighbours].find(({ kind }) => kind === kinds.VirtualService)
  const { otherApiRoutes } = v1.surroundings(
    at(),
    (kind, index, key) =>
      kind === kinds.VirtualService && indexed?.indexes[index]?.(virtualService).includes(key) === true
        ? [virtualService]
        : [],
    () => true,
  )
  return around({ otherApiRoutes })
}
const injected = { ...pod, annotations: { 'sidecar.istio.io/status': '{}' } }

suite('requests past the waypoint', () => {
  const rows: Readonly<Record<string, [o: Observation<AnalysisPhase>, finding: Finding, remembered: number]>> = {
    'are counted by what callers report': [at(), value(174.6), 175],
    'are counted beside a route of others that leads to the Service': [
      at(around({ routes: [route('web')] })),
      value(3),
      3,
    ],
    'are none where no caller reports any': [at(), { kind: 'no-data', because: 'nothing matched' }, 0],
    'of an earlier check are kept where the next one finds none': [at(found(40)), value(0), 40],
    'of an earlier check are kept while nothing can be asked': [
      at(found(40)),
      { kind: 'unavailable', error: 'connect ECONNREFUSED' },
      40,
    ],
    'of an earlier check make way for those of the next': [at(found(40)), value(7), 7],
  }
  for (const [name, [o, finding, remembered]] of Object.entries(rows)) {
    test(name, () => {
      const { asked, ...rest } = checked(o, finding)
      expect(asked.map(({ query }) => query.replaceAll(/\[\d+s\]/g, '[1m]'))).to.deep.equal([
        String.raw`sum((last_over_time(istio_requests_total{reporter="source",destination_service=~"(web-canary)\\.shop\\.svc\\..+"}[1m]) - min_over_time(istio_requests_total{reporter="source",destination_service=~"(web-canary)\\.shop\\.svc\\..+"}[1m])))`,
      ])
      expect(rest).to.deep.equal({ remembered })
    })
  }

  test('of the run before are forgotten when the next one starts', () => {
    const state = { phase: 'Succeeded', promoted: promoted.revision, rejected: null } as const
    const move = startRun({ ...at(found(40)), state, target: target('web:2', 2, { paused: false }) }, now)
    expect([move?.state.phase, move?.memory.pastWaypoint]).to.deep.equal(['Progressing', 0])
  })

  const unasked: Readonly<Record<string, Observation<AnalysisPhase>>> = {
    'a Gateway splits too, whose requests the waypoint may report': at(inAmbient(services, { said: { gatewayRefs } })),
    'a route of others leads a gateway to a side': at(around({ routes: [route('web-canary')] })),
    'a route of others leads a gateway to the Service and to a side': at(
      around({ routes: [route('web', 'web-canary')] }),
    ),
    'a VirtualService of others leads a gateway to a side': at(
      amid(
        routes('edge', {
          gateways: ['infra/public'],
          hosts: ['shop.example.com'],
          http: [{ route: [{ destination: { host: 'web-canary' } }] }],
        }),
      ),
    ),
    'the proxies of the pods report all requests': at({
      ...inAmbient(services, { sample: injected }),
      memory: { ...memory, provider: 'gatewayapi:v1' },
    }),
  }
  for (const [name, o] of Object.entries(unasked)) {
    test(`are not asked for where ${name}`, () => {
      expect(checked(o, value(5))).to.deep.equal({ asked: [], remembered: 0 })
    })
  }

  const message =
    'Callers with sidecars send requests to Service shop/web-canary past the waypoint. Their proxies split by the same weights, but no built-in metric counts these requests (status.requestsPastWaypoint), and no policy of the waypoint applies to them. Move these callers to ambient'
  const said: Readonly<Record<string, [o: Observation, messages: readonly string[]]>> = {
    'in a run': [at(found(175)), [message]],
    'after it, until the next one': [observation({ ...inAmbient(services), ...found(175) }), [message]],
    'where there are none: not': [at(), []],
    'once the pods have proxies: not': [
      observation({
        ...inAmbient(services, { sample: injected }),
        memory: { ...memory, provider: 'gatewayapi:v1', pastWaypoint: 175 },
      }),
      [],
    ],
  }
  for (const [name, [o, messages]] of Object.entries(said)) {
    test(`are named ${name}`, () => {
      const warned = warningsOf(o).filter(({ reason }) => reason === 'Bypassed')
      expect(warned.map(one => one.message)).to.deep.equal(messages)
      for (const one of messages) expect(Buffer.byteLength(one)).to.be.at.most(320)
    })
  }
})
