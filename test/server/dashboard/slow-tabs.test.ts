/** A tab that reads slowly, or not at all: by an answer whose other end is in the test's hands. */
import { expect } from 'chai'
import { EventEmitter } from 'node:events'
import type { ServerResponse } from 'node:http'
import { LineStream } from '../../../src/server/dashboard/stream.ts'
import type { StreamLine } from '../../../src/server/dashboard/protocol.ts'

/** An answer that takes what is written, and says whether there is room for more. */
class Answer extends EventEmitter {
  readonly written: StreamLine[] = []
  isFull = false

  writeHead(): void {}

  write(text: string): boolean {
    this.written.push(JSON.parse(text) as StreamLine)
    return !this.isFull
  }

  end(): void {
    this.emit('close')
  }

  destroy(): void {
    this.emit('close')
  }
}

suite('a tab that reads slowly', () => {
  let answer: Answer
  let ended: Promise<void>

  const open = (patience: number): LineStream => {
    answer = new Answer()
    let end = (): void => {}
    ended = new Promise(resolve => {
      end = resolve
    })
    const timing = { gather: 1, beat: 5, patience }
    const options = { version: '1', now: () => 0, timing, ended: end }
    return new LineStream(answer as unknown as ServerResponse, options)
  }
  const list = (more: number): StreamLine[] => [{ kind: 'list', items: [], more }]
  const kinds = (): string[] => answer.written.map(line => (line.kind === 'list' ? `list ${line.more}` : line.kind))
  const gathered = (): Promise<void> => new Promise(resolve => setTimeout(resolve, 5))

  test('is sent what there is when it reads again, once, and nothing in between', async () => {
    const stream = open(60_000)
    answer.isFull = true
    stream.due(() => list(1))
    while (!kinds().includes('list 1')) await gathered()
    const before = answer.written.length
    for (const more of [2, 3, 4]) {
      stream.due(() => list(more))
      await gathered()
    }
    expect(answer.written).to.have.lengthOf(before)
    answer.isFull = false
    answer.emit('drain')
    expect(kinds().slice(before)).to.deep.equal(['list 4'])
    stream.end({ code: 'api-server', sentence: 'over' }, null)
    await ended
    expect(kinds().at(-1)).to.equal('end')
  })

  test('is sent a long list line by line, each made when there is room for it, and then what came meanwhile', async () => {
    const stream = open(60_000)
    let made = 0
    stream.due(function* () {
      for (const more of [1, 2, 3]) {
        made = more
        answer.isFull = true
        yield* list(more)
      }
    })
    while (!kinds().includes('list 1')) await gathered()
    stream.due(() => list(4))
    await gathered()
    expect(made).to.equal(1)
    for (const more of [2, 3, 4]) {
      answer.emit('drain')
      expect(
        kinds()
          .filter(kind => kind.startsWith('list'))
          .at(-1),
      ).to.equal(`list ${more}`)
    }
    stream.end({ code: 'api-server', sentence: 'over' }, null)
    await ended
  })

  test('is dropped when it does not read again', async () => {
    const stream = open(10)
    answer.isFull = true
    stream.due(() => list(1))
    await ended
    expect(stream.isOver).to.equal(true)
    const before = answer.written.length
    stream.due(() => list(2))
    stream.end({ code: 'api-server', sentence: 'over' }, null)
    await gathered()
    expect(answer.written).to.have.lengthOf(before)
  })
})
