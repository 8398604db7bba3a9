/** What Jaeger has of a release: one tree, which tells what the status told meanwhile, also where the controller is killed at each phase. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { CanaryStatus } from '../../../src/api/status.ts'
import { recordOf } from '../../../src/core/json.ts'
import { read } from '../../../test/docs/pages.ts'
import { bundle, Controller } from '../../fixtures/controller.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import type { Timeline } from '../../fixtures/timeline.ts'
import { pathOf } from '../../lab/api.ts'
import { collectorUrl, hasJaeger, searchJaeger, type StoredSpan, withJaeger } from '../../lab/jaeger.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { waitFor } from '../../lab/wait.ts'

/** What the status of a Canary told of one run, each thing once. */
interface Told {
  id: string
  /** Name and time, as a span has them. */
  readonly steps: Set<string>
  /** Name, verdict and time. */
  readonly checks: Set<string>
}

const line = (...words: (string | number)[]): string => words.join(' at ')
const timeOf = (text: string): number => Date.parse(text)

/** Writes down what a status tells of steps and checks, by run. */
class Witness {
  readonly runs = new Map<string, Told>()
  readonly #seenChecks = new Set<string>()
  readonly #end = new AbortController()
  readonly #following: Promise<void>

  constructor({ lab: { api }, namespace }: Shop) {
    const path = `${pathOf(kinds.Canary, namespace)}?fieldSelector=metadata.name%3Dweb`
    const see = (status: CanaryStatus): void => this.#see(status)
    this.#following = api.follow(path, ({ object }) => see(recordOf(object['status'])), this.#end.signal)
  }

  #see({ run, history = [], traces = [], checks = [] }: CanaryStatus): void {
    for (const trace of traces) {
      const told = this.runs.get(trace.run) ?? { id: trace.id, steps: new Set(), checks: new Set() }
      this.runs.set(trace.run, told)
      for (const { name, at } of trace.steps ?? []) told.steps.add(line(name, timeOf(at)))
    }
    const told = this.runs.get(run?.id ?? history[0]?.id ?? '')
    for (const { name, verdict, at } of checks) {
      const check = line(name, verdict, timeOf(at))
      // The checks of a run are in the status until those of the next one take their place.
      if (!this.#seenChecks.has(check)) told?.checks.add(check)
      this.#seenChecks.add(check)
    }
  }

  async stop(): Promise<void> {
    this.#end.abort()
    await this.#following
  }
}

/** One that has just begun. */
interface Release {
  readonly controller: Controller
  readonly timeline: Timeline
  readonly since: number
  readonly isBad: boolean
}

const named = (spans: readonly StoredSpan[], word: string): StoredSpan[] =>
  spans.filter(({ name }) => name.startsWith(`${word} `))

const stepsIn = (spans: readonly StoredSpan[]): StoredSpan[] =>
  spans.filter(({ tags }) => 'cicd.pipeline.task.name' in tags)

const stepLines = (spans: readonly StoredSpan[]): string[] =>
  stepsIn(spans).map(({ tags, startedAt }) => line(String(tags['cicd.pipeline.task.name']), startedAt))

const checkLines = (spans: readonly StoredSpan[]): string[] =>
  named(spans, 'check').map(({ tags, startedAt }) =>
    line(String(tags['sluice.check.name']), String(tags['sluice.check.verdict']), startedAt),
  )

/** Each span once: one that was sent again, by a process that did not know that it had arrived, is the same in every field. */
function sameSpans(spans: readonly StoredSpan[]): StoredSpan[] {
  const byId = new Map<string, StoredSpan>()
  for (const span of spans) {
    const known = byId.get(span.spanId) ?? span
    // Jaeger's own remarks are about all that it has.
    const again = { ...span, warnings: known.warnings }
    expect(again, `span ${span.spanId}, ${span.name}, as it was sent again`).to.deep.equal(known)
    byId.set(span.spanId, known)
  }
  return [...byId.values()]
}

suite('The trace of a release in Jaeger', () => {
  if (!hasJaeger) return
  let world: Lab
  const [, template = ''] = /traceLink: (\S+)/.exec(read('docs/traces.md').text) ?? []

  suiteSetup(async () => {
    world = await lab()
    await withJaeger(world)
  })

  /** The trace of the last run, once Jaeger has its root. */
  async function traceOf(shop: Shop): Promise<{ status: CanaryStatus; spans: StoredSpan[] }> {
    const sent = await waitFor('the whole trace was sent', 30, async () => {
      const status = recordOf((await shop.get(kinds.Canary, 'web'))?.['status']) as CanaryStatus
      return status.traces?.[0]?.sent === true && status
    })
    const id = sent.traces?.[0]?.id ?? ''
    const tags = JSON.stringify({ 'cicd.pipeline.run.id': sent.history?.[0]?.id })
    return waitFor(`Jaeger has the root of ${id}`, 20, async () => {
      const found = await searchJaeger(`service=sluice&tags=${encodeURIComponent(tags)}`)
      const spans = found.find(([first]) => first?.traceId === id)
      return spans !== undefined && { status: sent, spans }
    })
  }

  /** One root, no span without its parent, none twice, and nothing that is of no known kind. */
  function expectTree(spans: readonly StoredSpan[], namespace: string): void {
    const ids = new Set(spans.map(({ spanId }) => spanId))
    expect([...ids], 'no span twice').to.have.lengthOf(spans.length)
    expect(spans.filter(({ parentId }) => parentId === '').map(({ name }) => name)).to.deep.equal([
      `RUN ${namespace}/web`,
    ])
    expect(spans.filter(({ parentId }) => parentId !== '' && !ids.has(parentId))).to.deep.equal([])
    // What follows from the last step outlasts it, which Jaeger takes for two clocks where a span does not say its address.
    const warnings = spans
      .flatMap(span => span.warnings)
      .filter(one => !/^(clock skew adjustment disabled|duplicate span IDs)/.test(one))
    expect(warnings).to.deep.equal([])
    const calls = named(spans, 'query').length + spans.filter(({ tags }) => 'sluice.write.object' in tags).length
    expect(1 + stepsIn(spans).length + named(spans, 'check').length + calls, 'all spans').to.equal(spans.length)
    expect(named(spans, 'query'), 'queries').to.not.have.lengthOf(0)
  }

  function expectSuccess({ status, spans }: Awaited<ReturnType<typeof traceOf>>): void {
    const root = spans.find(({ parentId }) => parentId === '')
    expect(root?.tags).to.include({ 'cicd.pipeline.result': 'success', 'sluice.outcome': 'Succeeded' })
    expect(root?.tags).to.not.have.any.keys('error', 'error.type')
    const results = stepsIn(spans).map(({ tags }) => tags['cicd.pipeline.task.run.result'])
    expect(new Set(results)).to.deep.equal(new Set(['success']))
    expect(status.phase).to.equal('Succeeded')
  }

  function expectFailure({ status, spans }: Awaited<ReturnType<typeof traceOf>>): void {
    const root = spans.find(({ parentId }) => parentId === '')
    const [record] = status.history ?? []
    expect(root?.tags).to.include({
      'cicd.pipeline.result': 'failure',
      'error.type': 'ThresholdReached',
      error: true,
      'otel.status_description': record?.message,
    })
    expect(record?.reason).to.equal('ThresholdReached')
    const results = stepsIn(spans).map(({ tags }) => tags['cicd.pipeline.task.run.result'])
    expect(results).to.have.members(['success', 'failure'])
    const failed = named(spans, 'check').filter(({ tags }) => tags['sluice.check.verdict'] === 'fail')
    expect(failed[0]?.tags).to.include({ 'sluice.check.name': 'request-success-rate', 'sluice.check.min': 99 })
  }

  /** Failed requests of both sides in the middle of the run, as a collector with the processor `k8sattributes` has them. */
  async function expectLinkToCanary({ traceLink = '', history = [] }: CanaryStatus): Promise<void> {
    const [from = 0, to = 0] = [history[0]?.startedAt, history[0]?.endedAt].map(text => timeOf(text ?? ''))
    const time = `${Math.round((from + to) / 2)}000000`
    const failedAt = (deployment: string, id: string): object => ({
      resource: {
        attributes: Object.entries({ 'service.name': 'web', 'k8s.deployment.name': deployment }).map(
          ([key, stringValue]) => ({ key, value: { stringValue } }),
        ),
      },
      scopeSpans: [
        {
          spans: [
            {
              traceId: id.repeat(32),
              spanId: id.repeat(16),
              name: 'GET /',
              kind: 2,
              startTimeUnixNano: time,
              endTimeUnixNano: time,
              status: { code: 2 },
            },
          ],
        },
      ],
    })
    const body = JSON.stringify({ resourceSpans: [failedAt('web', 'a'), failedAt('web-primary', 'b')] })
    const headers = { 'content-type': 'application/json' }
    expect((await fetch(`${collectorUrl}/v1/traces`, { method: 'POST', headers, body })).ok).to.equal(true)
    await waitFor('Jaeger has both', 20, async () => (await searchJaeger('service=web')).length === 2)
    const { searchParams } = new URL(traceLink)
    const { error, ...tags } = recordOf(JSON.parse(searchParams.get('tags') ?? ''))
    expect(error).to.equal('true')
    // Jaeger 1.76 reads the text "true" as false where traces are kept in memory: internal/storage/v2/memory/tenant.go, validSpan.
    searchParams.set('tags', JSON.stringify(tags))
    const found = await searchJaeger(String(searchParams))
    expect(found.map(spans => spans.map(({ traceId }) => traceId))).to.deep.equal([['a'.repeat(32)]])
  }

  /** A good release and a bad one in a shop of its own, by a controller of its own; `during` is called at the start of each. */
  async function releases(topic: string, during: (release: Release) => Promise<void>): Promise<void> {
    const isKilled = topic === 'killed'
    await Shop.within(world, topic, async shop => {
      const { namespace } = shop
      const witness = new Witness(shop)
      const flags = ['--leader-elect=false', '--namespace', namespace, '--trace-link', template]
      const env = { OTEL_EXPORTER_OTLP_ENDPOINT: collectorUrl }
      const controller = await Controller.start(world, flags, { ...bundle(world), env })
      try {
        await shop.deployWeb({ version: 'v1' })
        await shop.behave('v3', { errorRate: 1 })
        await shop.reachable('client')
        const client = shop.load('client', { rate: 60 })
        const timeline = shop.timeline()
        // Every check moves the run, so the status tells of each.
        await shop.apply(shop.canary({ analysis: { checkInterval: '2s', stepWeights: [20, 60] } }))
        await timeline.untilPhase('Initialized', 90)

        const good = await shop.setImage('v2')
        await during({ controller, timeline, since: good, isBad: false })
        await timeline.untilPhase('Succeeded', 90, good)
        const succeeded = await traceOf(shop)
        expectNoFailure(client)

        const bad = await shop.setImage('v3')
        await during({ controller, timeline, since: bad, isBad: true })
        await timeline.untilPhase('Failed', 90, bad)
        await timeline.untilWeight(0, 20, bad)
        const failed = await traceOf(shop)

        await witness.stop()
        expectSuccess(succeeded)
        expectFailure(failed)
        if (!isKilled) await expectLinkToCanary(failed.status)
        for (const { status, spans: stored } of [succeeded, failed]) {
          // A process that is killed between the answer of the collector and the write of `sent` leaves the end to be sent again.
          const spans = isKilled ? sameSpans(stored) : stored
          expectTree(spans, namespace)
          const told = witness.runs.get(status.history?.[0]?.id ?? '')
          expect(told?.id).to.equal(spans[0]?.traceId)
          expect(stepLines(spans), 'steps').to.have.members([...(told?.steps ?? [])])
          const checks = checkLines(spans)
          const knownChecks = [...(told?.checks ?? [])]
          // Of checks that hold the run, which are many, the status tells every ten seconds.
          const counted = checks.filter(check => !check.includes(' at hold at '))
          expect(knownChecks, 'checks').to.include.members(counted)
          // A check that was made and not sent yet goes with the process.
          if (!isKilled) expect(checks, 'checks').to.include.members(knownChecks)
          expect(counted.length, 'checks').to.be.greaterThan(1)
        }
        const ofShop = encodeURIComponent(JSON.stringify({ 'cicd.pipeline.name': `${namespace}/web` }))
        expect(await searchJaeger(`service=sluice&tags=${ofShop}`), 'one trace a release').to.have.lengthOf(2)
      } finally {
        await witness.stop()
        await controller.close()
      }
    })
  }

  /** While the pods start, at the first weight, and while it ends. */
  async function killAtEachPhase({ controller, timeline, since, isBad }: Release): Promise<void> {
    const again = async (): Promise<void> => {
      await controller.kill()
      await controller.start()
    }
    await timeline.untilPhase('Progressing', 60, since)
    await again()
    await timeline.untilWeight(20, 60, since)
    await again()
    await timeline.untilPhase(isBad ? 'Failed' : 'Promoting', 90, since)
    await again()
    if (isBad) return
    await timeline.untilPhase('Finalising', 90, since)
    await again()
  }

  test('is one tree with the steps and checks that the status told, also where the controller is killed at each phase', async () => {
    const ended = await Promise.allSettled([
      releases('traces', async () => undefined),
      releases('killed', killAtEachPhase),
    ])
    for (const one of ended) if (one.status === 'rejected') throw one.reason
  }).timeout(1_200_000)
})
