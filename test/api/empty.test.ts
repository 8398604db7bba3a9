import { assert } from 'chai'
import fc from 'fast-check'
import { cases } from '../../e2e/crd/cases.ts'
import { emptyRows, fieldsThatCountEmpty } from '../../e2e/crd/empty.ts'
import { canary, inline, ourKindOf } from '../../e2e/crd/given.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { acceptingEmpty, withoutEmpty } from '../../src/api/empty.ts'
import type { JsonSchema } from '../../src/api/json-schema.ts'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import { isRecord, type Json, recordOf } from '../../src/core/json.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { installed } from '../../playground/test/installed.ts'
import { readingOf } from './reading.ts'

/** The spec as the program has it, or what is wrong with it. */
function specOrProblems(object: KubeObject): unknown {
  const read = readingOf(object)
  return 'problems' in read ? read.problems : read.spec
}

/** Nothing stays in its namespace. */
const user = installed(new VirtualClock()).as('kubectl')
user.namespace('default')

function remove(object: KubeObject): void {
  user.delete(ourKindOf(object), 'default', object.metadata.name)
}

/** What the API server says to the object: nothing, or why it is refused. */
function admissionOf(object: KubeObject): string | null {
  try {
    user.create(object)
    remove(object)
    return null
  } catch (error) {
    if (error instanceof ApiError) return error.message
    throw error
  }
}

/** What was written, and under it what else is there. */
function under(written: unknown, more: unknown): unknown {
  if (!isRecord(written) || !isRecord(more)) return written ?? more
  const keys = [...new Set([...Object.keys(written), ...Object.keys(more)])]
  return Object.fromEntries(keys.map(key => [key, key in written ? under(written[key], more[key]) : more[key]]))
}

suite('fields that say nothing', () => {
  test('are all but these', () => {
    const metric = ['thresholdRange', 'thresholdRange.min', 'thresholdRange.max', 'threshold']
    assert.sameMembers(
      [...fieldsThatCountEmpty],
      [
        'Canary.spec.analysis',
        'Canary.spec.analysis.threshold',
        'Canary.spec.analysis.lockTarget',
        'Canary.spec.autoscalerRef.primaryScalerReplicas.minReplicas',
        'Canary.spec.autoscalerRef.primaryScalerReplicas.maxReplicas',
        ...metric.map(field => `Canary.spec.analysis.metrics[].${field}`),
        ...metric.map(field => `Canary.spec.analysis.steps[].metrics[].${field}`),
        'Canary.spec.service.retries.attempts',
        'Canary.spec.service.retries.retryRemoteLocalities',
      ],
    )
    assert.isAbove(emptyRows.length, 250)
  })

  for (const { name, object, without } of emptyRows) {
    test(`${name} is as if it were left out`, () => {
      assert.deepEqual(specOrProblems(object), specOrProblems(without))
      assert.equal(admissionOf(object), admissionOf(without))
    })
  }

  for (const { name, kind, object, without } of emptyRows.filter(row => admissionOf(row.without) === null)) {
    test(`${name} can be written and removed later`, () => {
      user.create(without)
      try {
        for (const next of [object, without]) {
          const { resourceVersion = '' } = user.get(kind, 'default', next.metadata.name)?.metadata ?? {}
          user.replace({ ...next, metadata: { ...next.metadata, resourceVersion } })
        }
      } finally {
        remove(without)
      }
    })
  }

  test('change nothing beside any others, in any Canary that is accepted', () => {
    const objects = cases
      .filter(one => one.sentence === null && one.object.kind === 'Canary')
      .map(({ object }) => object)
    const empties = emptyRows.filter(({ kind, name }) => kind === kinds.Canary && !name.includes('[].'))
    fc.assert(
      fc.property(fc.constantFrom(...objects), fc.subarray([...empties]), (object, some) => {
        const filled = some.reduce((before, row) => recordOf(under(before, row.object)), object as Json)
        const both = filled as KubeObject
        assert.deepEqual(specOrProblems(both), specOrProblems(object))
        assert.equal(admissionOf(both), null)
      }),
      { numRuns: 100 },
    )
  })

  test('of what is passed on to Istio only the whole can be empty', () => {
    const service = {
      trafficPolicy: { tls: {}, connectionPool: { tcp: { maxConnections: 0 } } },
      match: [{}],
      retries: { attempts: 0, perTryTimeout: '', retryOn: '' },
      corsPolicy: { allowCredentials: false },
    }
    const { spec } = read(canary({ service }))
    const { trafficPolicy, match, retries, corsPolicy } = spec.service
    assert.deepEqual<unknown>({ trafficPolicy, match, retries, corsPolicy }, { ...service, retries: { attempts: 0 } })
  })

  test('a threshold of 0 is 1, and limits of 0 are limits', () => {
    const metrics = [{ ...inline, thresholdRange: { min: 0, max: 0 } }]
    const { analysis } = read(canary({ analysis: { threshold: 0, metrics } })).spec
    assert.equal(analysis.threshold, 1)
    assert.deepEqual(analysis.metrics[0]?.thresholdRange, { min: 0, max: 0 })
  })

  test('an unlocked target stays unlocked', () => {
    assert.isFalse(read(canary({ analysis: { lockTarget: false } })).spec.analysis.lockTarget)
  })

  test('suspend pauses, and suspend: false does not end what paused says', () => {
    const paused = (spec: Record<string, unknown>): boolean => read(canary(spec)).spec.paused
    assert.deepEqual(
      [{ suspend: true }, { suspend: true, paused: false }, { suspend: false, paused: true }, { suspend: false }].map(
        paused,
      ),
      [true, true, true, false],
    )
  })

  function read(object: KubeObject) {
    const parsed = parseCanary(object)
    if ('problems' in parsed) throw new Error(parsed.problems.join('; '))
    return parsed.canary
  }
})

suite('a schema that accepts empty values', () => {
  const text: JsonSchema = { type: 'string', minLength: 1 }
  const rule = (cel: string) => ({ 'x-kubernetes-validations': [{ rule: cel, message: 'no' }] })
  const of = (properties: Record<string, JsonSchema>, more: JsonSchema = {}): JsonSchema =>
    acceptingEmpty({ type: 'object', properties, ...more })

  test('keeps what is required in what is there', () => {
    assert.deepEqual(of({ name: text }, { required: ['name'] }).properties?.['name'], text)
  })

  test('asks for what is required in an object that may be empty, unless it is', () => {
    const inner = of({ ref: { type: 'object', properties: { name: text }, required: ['name'] } }).properties?.['ref']
    assert.deepEqual(inner, {
      type: 'object',
      properties: { name: { type: 'string' } },
      'x-kubernetes-validations': [
        {
          rule: `!((has(self.name) && self.name != '')) || ((has(self.name) && self.name != ''))`,
          message: 'name is required',
        },
      ],
    })
  })

  test('does not ask a rule of an empty value', () => {
    const { text: ruledText, list } = of({
      text: { ...text, ...rule('self.matches("a")') },
      list: { type: 'array', minItems: 1, ...rule('self.isSorted()') },
    }).properties as Record<string, JsonSchema>
    assert.deepEqual(ruledText?.['x-kubernetes-validations']?.[0]?.rule, `self == '' || (self.matches("a"))`)
    assert.deepEqual(list, { type: 'array', ...rule('size(self) == 0 || (self.isSorted())') })
  })

  test('escapes names that CEL has taken', () => {
    const { 'x-kubernetes-validations': rules } = of(
      { ref: { type: 'object', properties: { namespace: text } } },
      rule('has(self.ref)'),
    )
    const set = `(has(self.ref.__namespace__) && self.ref.__namespace__ != '')`
    assert.equal(rules?.[0]?.rule, `(has(self.ref) && (${set}))`)
  })

  test('reads names of JavaScript as names', () => {
    const written = JSON.parse('{"__proto__": "", "constructor": "", "other": ""}') as unknown
    const read = withoutEmpty(written, { type: 'object', properties: { other: text } }) as object
    assert.deepEqual(Object.keys(read), ['__proto__', 'constructor'])
  })
})
