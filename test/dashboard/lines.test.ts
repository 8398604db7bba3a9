/** JSON lines, however the network cuts them. */
import { expect } from 'chai'
import fc from 'fast-check'
import { LineReader } from '../../dashboard/connection/lines.ts'

suite('lines of the stream', () => {
  test('come out whole and in order, wherever the text is cut', () => {
    const values = [{ kind: 'beat', now: 1 }, { text: 'a\nb' }, { text: '<script>' }]
    const text = `${values.map(value => JSON.stringify(value)).join('\n')}\n\n`
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), cuts => {
        const at = [0, ...cuts.toSorted((a, b) => a - b), text.length]
        const reader = new LineReader()
        const read = at.slice(1).flatMap((end, index) => reader.read(text.slice(at[index], end)))
        expect(read).to.deep.equal(values)
      }),
    )
  })

  test('a line that has not ended is kept back', () => {
    const reader = new LineReader()
    expect(reader.read('{"a":')).to.deep.equal([])
    expect(reader.read('1}')).to.deep.equal([])
    expect(reader.read('\n')).to.deep.equal([{ a: 1 }])
  })

  test('characters that turn the direction of a text are taken out of it', () => {
    expect(new LineReader().read('"web\u202egnp.exe"\n')).to.deep.equal(['web\ufffdgnp.exe'])
  })
})
