/** A collector that does not take what it is sent delays nothing: every write comes at the same millisecond as where nothing is traced. */
import { expect } from 'chai'
import { OtlpExporter } from '../../src/adapters/otlp/exporter.ts'
import { otlpSettings } from '../../src/adapters/otlp/settings.ts'
import type { Log } from '../../src/core/ports.ts'
import { type Answering, plain } from '../adapters/http/servers.ts'
import { World } from './world.ts'

const silent: Log = { debug: () => {}, info: () => {}, warn: () => {}, error: () => {} }

/** Of one test; a collector that hangs does so for all of it. */
const TIMEOUT = '60000'

interface Releases {
  readonly writes: readonly string[]
  readonly phases: readonly (string | undefined)[]
}

/** A good release and a bad one, and a minute after each. @param url of a collector; null: nothing is traced. */
async function releases(url: string | null): Promise<Releases> {
  const world = new World()
  const { settings } = otlpSettings(
    url === null ? {} : { OTEL_EXPORTER_OTLP_ENDPOINT: url, OTEL_EXPORTER_OTLP_TIMEOUT: TIMEOUT },
  )
  const about = {
    environment: null,
    clock: world.clock,
    random: () => 0.5,
    log: silent,
    version: '1',
    instance: 'test',
    host: 'test',
  }
  const exporter = settings === null ? null : new OtlpExporter({ ...about, settings, dropped: () => {} })
  const { api } = world.start({}, exporter === null ? {} : { spans: exporter })
  await world.initialized({ analysis: { interval: '10s', threshold: 2, stepWeights: [10, 50] } })
  const writes: string[] = []
  let stand = ''
  api.faults.add({
    after: ({ verb, write, kind, ref }) => {
      // That the trace was given up is written into the status, too: of statuses it counts when a phase or a weight is new.
      if (write === null || (verb === 'status' && world.stand === stand)) return
      stand = world.stand
      writes.push(`${world.clock.now()} ${verb} ${kind.kind} ${ref?.name}: ${stand}`)
    },
  })
  const phases: (string | undefined)[] = []
  for (const [image, phase] of [
    ['demo/web:1.1.0', 'Succeeded'],
    ['demo/web:2.0.0-errors', 'Failed'],
  ] as const) {
    world.setImage(image)
    await world.until('Progressing')
    await world.until(phase)
    await world.clock.advance(60_000)
    phases.push(world.status.phase)
  }
  const closed = exporter?.close(0)
  await world.close()
  await closed
  return { writes, phases }
}

suite('a release whose collector', () => {
  let untraced: Releases
  suiteSetup(async () => {
    untraced = await releases(null)
    expect(untraced.phases).to.deep.equal(['Succeeded', 'Failed'])
    expect(untraced.writes.length).to.be.greaterThan(20)
  })

  const html: Answering = response => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<html>Jaeger</html>')
  }
  const collectors: Readonly<Record<string, Answering>> = {
    'never answers': () => {},
    'answers 400': response => void response.writeHead(400).end('{"message":"no"}'),
    'answers with a page': html,
  }

  for (const [what, answer] of Object.entries(collectors)) {
    test(`${what} writes each object at the same millisecond`, async () => {
      let calls = 0
      const server = await plain((response, body) => {
        calls += 1
        answer(response, body)
      })
      try {
        expect(await releases(server.url)).to.deep.equal(untraced)
        expect(calls, 'calls of the collector').to.be.greaterThan(0)
      } finally {
        await server.close()
      }
    })
  }

  test('is down writes each object at the same millisecond', async () => {
    const server = await plain(() => {})
    await server.close()
    expect(await releases(server.url)).to.deep.equal(untraced)
  })
})
