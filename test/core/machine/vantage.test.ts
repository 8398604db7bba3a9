/** The vantage point of a run: chosen when its candidate is routed, kept over a restart, and held where pods or routes have another one. */
import { expect } from 'chai'
import { decide } from '../../../src/core/machine/decide.ts'
import type { Observation, PodSample } from '../../../src/core/model/observation.ts'
import { problemOf } from '../../../src/core/problems/index.ts'
import { readStatus } from '../../../src/core/status/read-status.ts'
import { writeStatus } from '../../../src/core/status/write-status.ts'
import { bound, inAmbient, pod, service } from '../problems/ambient.given.ts'
import { observation } from '../given-objects.ts'
import { advancing, now, run } from './given.ts'

const injected: PodSample = { ...pod, annotations: { 'sidecar.istio.io/status': '{}' } }
const samples = (canary: PodSample | null): Observation['samples'] => ({ primary: pod, canary, namespaceLabels: null })
const { memory } = observation()
const atWaypoint = (given: Partial<Observation>): Observation =>
  observation({
    ...inAmbient([service({ 'istio.io/use-waypoint': 'waypoint' }, bound())]),
    memory: { ...memory, provider: 'gatewayapi:v1' },
    ...given,
  })

/** The vantage point that is shown after a pass, and the one that a new process goes on with. */
function shownAndKept(o: Observation): [string | undefined, string | null] {
  const decision = decide(o, now)
  if (!('outbox' in decision)) throw new Error('no decision')
  const status = writeStatus(o, decision, now)
  return [status.vantage, readStatus(status, now).memory.vantage]
}

const begunAtWaypoint: Observation['memory'] = { ...memory, provider: 'gatewayapi:v1', vantage: 'waypoint' }
const held =
  'Requests to Deployment shop/web are reported by the proxies of its pods now, and this run began with what the waypoint reports: no weight rises. Undo the change of pods, namespace or routes, or end the run: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/abort="$(date +%s)" --overwrite'

const rows: Readonly<
  Record<
    string,
    { given: Partial<Observation>; shown: string | undefined; kept: string | null; problem: string | null }
  >
> = {
  'it is chosen when the candidate is routed': {
    given: { state: advancing(10) },
    shown: 'waypoint',
    kept: 'waypoint',
    problem: null,
  },
  'pods that leave it are held, and judged by it': {
    given: { state: advancing(10), memory: begunAtWaypoint, samples: samples(injected) },
    shown: 'waypoint',
    kept: 'waypoint',
    problem: held,
  },
  'it stays while no pod of the candidate tells of one': {
    given: { state: advancing(10), memory: begunAtWaypoint, samples: { ...samples(null), primary: injected } },
    shown: 'waypoint',
    kept: 'waypoint',
    problem: null,
  },
  'none is chosen while no pod of the candidate tells, as after a failed read or an upgrade in mid-run': {
    given: { state: advancing(10), samples: { ...samples(null), primary: injected } },
    shown: undefined,
    kept: null,
    problem: null,
  },
  'a candidate that is not routed yet has that of its pods': {
    given: { state: run('startingPods'), memory: begunAtWaypoint, samples: samples(injected) },
    shown: 'destination',
    kept: null,
    problem: null,
  },
}

suite('the vantage point of a run', () => {
  for (const [name, { given, shown, kept, problem }] of Object.entries(rows)) {
    test(name, () => {
      const o = atWaypoint(given)
      expect(shownAndKept(o)).to.deep.equal([shown, kept])
      if (kept !== null) expect(problemOf(o, 'run')?.message ?? null).to.equal(problem)
    })
  }
})
