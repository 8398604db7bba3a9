/** What the answers of queries tell of the Secrets of a MetricTemplate, between the times at which its condition is evaluated. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at, isRecord, recordsOf } from '../../src/core/json.ts'
import type { Check, Finding } from '../../src/core/model/check.ts'
import { TemplateConditions } from '../../src/controller/template-conditions.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { keptLog, question } from '../adapters/prometheus/loopback.ts'
import { object } from '../core/given-objects.ts'

const template = (name: string, secret: string): KubeObject =>
  object(kinds.MetricTemplate, name, {
    spec: { provider: { type: 'prometheus', secretRef: { name: secret } }, query: 'vector(1)' },
  })

suite('what queries tell of the Secrets of MetricTemplates', () => {
  /** What the API server has, and what the caches have of it. */
  let stored: Map<string, KubeObject>
  let cached: Map<string, KubeObject>
  let log: ReturnType<typeof keptLog>
  let missing: Set<string>
  let conditions: TemplateConditions
  let finding: Finding
  const settled = (): Promise<unknown> => new Promise(setImmediate)
  const ready = (name: string): unknown =>
    recordsOf(at(stored.get(name)?.['status'], 'conditions')).map(
      ({ status, reason }) => `${String(status)} ${String(reason)}`,
    )[0]
  const asks = async (secret: string): Promise<void> => {
    const check: Check = { ...question('vector(1)'), access: { secretRef: { name: secret } } }
    const source = conditions.watching({ measure: async checks => new Map(checks.map(({ id }) => [id, finding])) })
    await source.measure([check], new AbortController().signal)
    await settled()
  }

  setup(async () => {
    stored = new Map([template('orders', 'prom'), template('others', 'prom-2')].map(one => [one.metadata.name, one]))
    cached = new Map(stored)
    log = keptLog()
    missing = new Set()
    finding = { kind: 'value', value: 1 }
    const clock = new VirtualClock()
    conditions = new TemplateConditions({
      api: {
        write: async ({ ref, ...write }) => {
          const before = stored.get(ref.name)
          if (before === undefined) throw new Error(`no ${ref.name}`)
          const { metadata, status } = 'patch' in write && isRecord(write.patch) ? write.patch : {}
          const { resourceVersion = '1' } = before.metadata
          if (at(metadata, 'resourceVersion') !== before.metadata.resourceVersion)
            throw new ApiError({ code: 409, reason: 'Conflict', message: 'it has changed' })
          const next = { ...before.metadata, resourceVersion: `${Number(resourceVersion) + 1}` }
          const now = { ...before, metadata: next, status }
          stored.set(ref.name, now)
          return now
        },
      },
      // Watch events come late; what is accepted is there at once.
      cache: {
        get: ({ name }) => cached.get(name),
        list: () => [...cached.values()],
        accept: (_kind, one) => void cached.set(one.metadata.name, one),
      },
      access: {
        problemOf: async ({ secretRef }) =>
          missing.has(secretRef?.name ?? '') ? { reason: 'SecretNotUsable', message: 'it does not exist' } : null,
      },
      settings: { metricsServers: [] },
      clock,
      steady: clock,
      random: () => 0.5,
      log,
    })
    conditions.begin()
    await settled()
  })
  teardown(() => conditions.close())

  test('one that a query could not read is said at once, of the templates that name it', async () => {
    expect([ready('orders'), ready('others')]).to.deep.equal(['True Ready', 'True Ready'])
    missing.add('prom').add('prom-2')
    finding = { kind: 'not-asked', error: 'it does not exist' }
    await asks('prom')
    expect([ready('orders'), ready('others')]).to.deep.equal(['False SecretNotUsable', 'True Ready'])
  })

  test('one that a query could read is said at once, too', async () => {
    missing.add('prom')
    finding = { kind: 'not-asked', error: 'it does not exist' }
    await asks('prom')
    expect(ready('orders')).to.equal('False SecretNotUsable')
    missing.clear()
    finding = { kind: 'value', value: 1 }
    await asks('prom')
    expect(ready('orders')).to.equal('True Ready')
  })

  test('two changes of a Secret before the watch event of the first condition are both written', async () => {
    for (const isMissing of [true, false, true]) {
      if (isMissing) missing.add('prom')
      else missing.clear()
      finding = isMissing ? { kind: 'not-asked', error: 'it does not exist' } : { kind: 'value', value: 1 }
      await asks('prom')
      expect(ready('orders')).to.equal(isMissing ? 'False SecretNotUsable' : 'True Ready')
    }
    expect(log.lines).to.deep.equal([])
  })
})
