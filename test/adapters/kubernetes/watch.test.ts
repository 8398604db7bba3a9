import { assert } from 'chai'
import * as fc from 'fast-check'
import { eventOf, Lines } from '../../../src/adapters/kubernetes/watch.ts'
import { ApiError } from '../../../src/core/errors.ts'

suite('lines of a watch', () => {
  test('come out whole, however the bytes are cut', () => {
    const texts = fc.array(
      fc.string({ unit: 'grapheme', minLength: 1 }).filter(text => !text.includes('\n') && text.trim() !== ''),
    )
    fc.assert(
      fc.property(texts, fc.integer({ min: 1, max: 7 }), (lines, size) => {
        const bytes = Buffer.from(lines.map(line => `${line}\n`).join(''))
        const splitter = new Lines()
        const found: string[] = []
        for (let at = 0; at < bytes.length; at += size) found.push(...splitter.push(bytes.subarray(at, at + size)))
        assert.deepEqual(found, lines)
      }),
    )
  })

  test('that never end are given up', () => {
    const splitter = new Lines(10)
    splitter.push(Buffer.from('12345678\n1234567'))
    assert.throws(() => splitter.push(Buffer.from('8901')), 'A line of the watch is longer than 10 characters.')
  })

  test('are events, errors, or refused', () => {
    const object = { metadata: { name: 'a' } }
    assert.deepEqual(eventOf(JSON.stringify({ type: 'ADDED', object })), { type: 'ADDED', object } as never)
    const gone = { type: 'ERROR', object: { kind: 'Status', code: 410, reason: 'Expired', message: 'too old' } }
    try {
      eventOf(JSON.stringify(gone))
      assert.fail('an ERROR was taken for an event')
    } catch (error) {
      assert.instanceOf(error, ApiError)
      assert.include(error, { code: 410, reason: 'Expired', message: 'too old' })
    }
    assert.throws(() => eventOf('{"type":"AD'), 'is not JSON: {"type":"AD')
    assert.throws(() => eventOf('{"type":"ADDED"}'), 'is no event')
    assert.throws(() => eventOf('{"type":"ERROR","object":7}'), 'an error that says nothing')
  })
})
