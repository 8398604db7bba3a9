/**
 * The PromQL contract against the real Prometheus: it gets the samples by remote write, staleness markers included, is asked
 * every case, and must answer as the committed file says and as our own Prometheus does. `GOLDEN=write` writes that file.
 */
import { expect } from 'chai'
import {
  type Answer,
  answersOf,
  difference,
  ourAnswers,
  readGolden,
  writeGolden,
} from '../../../playground/test/contract/promql.answers.ts'
import { cases } from '../../../playground/test/contract/promql.cases.ts'
import { differences } from '../../../playground/test/contract/promql.differences.ts'
import { moments, START, type Story } from '../../../playground/test/contract/promql.samples.ts'
import { LonePrometheus } from '../../lab/lone-prometheus.ts'

/** The NaN that means that a series has ended. */
const STALE = 0x7ff0000000000002n

function varint(value: number): Buffer {
  const bytes: number[] = []
  let rest = value
  for (; rest >= 128; rest = Math.floor(rest / 128)) bytes.push((rest % 128) | 128)
  return Buffer.from([...bytes, rest])
}

/** A length-delimited field of a protocol buffer. */
const field = (number: number, content: Buffer | string): Buffer => {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([varint(number * 8 + 2), varint(bytes.length), bytes])
}

/** The `WriteRequest` of remote write 1.0, samples of one moment. */
function writeRequest(second: number, series: readonly (readonly [Story['labels'], number | null])[]): Buffer {
  const time = Buffer.concat([varint(2 * 8), varint(START + second * 1000)])
  const encoded = series.map(([labels, value]) => {
    const sample = Buffer.alloc(9, 1 * 8 + 1)
    if (value === null) sample.writeBigUInt64LE(STALE, 1)
    else sample.writeDoubleLE(value, 1)
    const sorted = Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))
    const pairs = sorted.map(([name, text]) => field(1, Buffer.concat([field(1, name), field(2, text)])))
    return field(1, Buffer.concat([...pairs, field(2, Buffer.concat([sample, time]))]))
  })
  return Buffer.concat(encoded)
}

/** Snappy's block format, without compressing: the length, then one literal. */
const snappy = (content: Buffer): Buffer => {
  const length = Buffer.alloc(5, 62 << 2)
  length.writeUInt32LE(content.length - 1, 1)
  length[0] = 63 << 2
  return Buffer.concat([varint(content.length), length, content])
}

suite('The PromQL contract, on a real Prometheus', () => {
  let prometheus: LonePrometheus | undefined
  let version: string
  let real: Map<string, Answer>
  let ours: Map<string, Answer>

  suiteSetup(async () => {
    prometheus = await LonePrometheus.start('prometheus of the PromQL contract', {}, [
      '--storage.tsdb.retention.time=100y',
      '--web.enable-remote-write-receiver',
    ])
    const { url } = prometheus
    await load(url)
    const build = (await (await fetch(`${url}/api/v1/status/buildinfo`)).json()) as { data: { version: string } }
    version = build.data.version
    real = await answersOf(url, cases)
    ours = await ourAnswers(cases)
    if (process.env['GOLDEN'] === 'write') {
      writeGolden({ prometheus: version, answers: real })
    }
  })

  suiteTeardown(async () => {
    await prometheus?.stop()
  })

  /** All samples in the order of their times, as a head that is younger than them demands. */
  async function load(url: string): Promise<void> {
    for (const [second, series] of moments()) {
      const headers = {
        'content-type': 'application/x-protobuf',
        'content-encoding': 'snappy',
        'x-prometheus-remote-write-version': '0.1.0',
      }
      const body = new Uint8Array(snappy(writeRequest(second, series)))
      const response = await fetch(`${url}/api/v1/write`, { method: 'POST', headers, body })
      if (!response.ok) throw new Error(`Prometheus refused samples of second ${second}: ${await response.text()}`)
    }
  }

  test('the committed answers are those of this Prometheus', () => {
    const golden = readGolden()
    expect(golden.prometheus).to.equal(version)
    const changed = cases.filter(({ name }) => difference(real.get(name), golden.answers.get(name)) !== null)
    expect(changed.map(({ name }) => name)).to.deep.equal([])
  })

  test('our Prometheus answers the same, but for the listed differences', () => {
    const found = cases.flatMap(({ name }) => {
      const different = difference(real.get(name), ours.get(name))
      return different === null ? [] : [{ name, different, reason: differences[name] }]
    })
    console.log(`    PromQL: ${cases.length - found.length} of ${cases.length} answers equal to Prometheus ${version}`)
    for (const { name, reason } of found)
      console.log(`    differs: ${JSON.stringify(name)}: ${reason ?? 'no reason listed'}`)
    const unlisted = found.filter(({ reason }) => reason === undefined)
    expect(unlisted.map(({ name, different }) => `${name}\n    ${different}`).join('\n')).to.equal('')
    expect(Object.keys(differences).filter(name => !found.some(one => one.name === name))).to.deep.equal([])
  })
})
