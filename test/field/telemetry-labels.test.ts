/** Labels that a Telemetry (`tagOverrides`) or a relabeling of the scrape leaves out of the metrics: nothing is promoted for want of them. */
import { expect } from 'chai'
import { exact } from '../../playground/mesh/draw.ts'
import { Telemetry } from '../../playground/mesh/telemetry.ts'
import { type Labels, inOrder, keyOf } from '../../playground/prometheus/labels.ts'
import { InMemoryMetrics } from '../../playground/test/metrics.ts'
import { World } from '../scenarios/world.ts'

type Relabeling = (labels: Labels) => Record<string, string>

suite('field: labels that metrics do not have', () => {
  let world: World
  teardown(() => world.close())

  /** A release judged by metrics whose labels are these; series that come to have the same are added up, as a Telemetry does it. */
  async function releaseOf(image: string, relabeling: Relabeling): Promise<void> {
    world = new World()
    const telemetry = new Telemetry(world.mesh, world.clock, { interval: 1000, draw: exact })
    const { samples } = telemetry
    const scrape = samples.scrape.bind(samples)
    samples.scrape = (target, exposed, at) => scrape(target, addedUp(exposed, relabeling), at)
    world.start({}, { metrics: new InMemoryMetrics(telemetry) })
    await world.initialized({ analysis: { interval: '10s', threshold: 2, maxBlind: '1h' } })
    world.setImage(image)
    await world.clock.advance(180_000)
  }

  function addedUp(exposed: Iterable<readonly [Labels, number]>, relabeling: Relabeling): [Labels, number][] {
    const sums = new Map<string, [Labels, number]>()
    for (const [labels, value] of exposed) {
      const relabeled = inOrder(relabeling(labels))
      const key = keyOf(relabeled)
      sums.set(key, [relabeled, (sums.get(key)?.[1] ?? 0) + value])
    }
    return [...sums.values()]
  }

  const without =
    (name: string): Relabeling =>
    labels =>
      Object.fromEntries(Object.entries(labels).filter(([key]) => key !== name))
  /** A server of gRPC says what went wrong in the trailers of a 200. */
  const ofGrpc =
    (status: (code: string) => Record<string, string>): Relabeling =>
    ({ response_code = '', ...labels }) => ({
      ...labels,
      request_protocol: 'grpc',
      response_code: '200',
      ...status(response_code),
    })

  const untold: readonly (readonly [what: string, relabeling: Relabeling])[] = [
    ['response_code', without('response_code')],
    ['grpc_response_status, of gRPC', ofGrpc(() => ({}))],
  ]
  for (const [label, relabeling] of untold) {
    test(`without ${label} a release that answers errors is not promoted, and the check says what is missing`, async () => {
      await releaseOf('demo/web:2.0.0-errors', relabeling)
      expect(world.status).to.include({ phase: 'Progressing', canaryWeight: 10, reason: 'MetricsUnavailable' })
      expect(world.status.message).to.match(
        /^Holding at weight 10: request-success-rate has no data for the last 60s: (\d+) of \1 requests are reported without saying how they were answered \(response_code, /,
      )
    })
  }

  test('with grpc_response_status a good release of gRPC is promoted, and a bad one is rolled back', async () => {
    const told = ofGrpc(code => ({ grpc_response_status: code === '500' ? '13' : '0' }))
    await releaseOf('demo/web:1.1.0', told)
    expect(world.status.phase).to.equal('Succeeded')
    await world.close()
    await releaseOf('demo/web:2.0.0-errors', told)
    expect(world.status).to.include({ phase: 'Failed', reason: 'ThresholdReached' })
  })

  for (const label of ['reporter', 'destination_workload', 'destination_workload_namespace', 'le']) {
    test(`without ${label} nothing is promoted either`, async () => {
      await releaseOf(label === 'le' ? 'demo/web:1.1.0' : 'demo/web:2.0.0-errors', without(label))
      expect(world.status).to.include({ phase: 'Progressing', canaryWeight: 10, reason: 'MetricsUnavailable' })
    })
  }
})
