/** What the checks said since the page was opened. */
import { expect } from 'chai'
import { type LogEntry, withView } from '../../dashboard/state/check-log.ts'
import type { View } from '../../src/core/view/view.ts'
import { viewOf, inState } from '../core/view/given.ts'
import { advancing, now, second } from '../core/machine/given.ts'

const view = (message: string, said: string, at: number): View =>
  viewOf(
    inState(advancing(10), 'Analysing', message, {
      memory: {
        checks: [
          { name: 'request-duration', verdict: 'pass', value: 1, min: null, max: 500, requests: 1, message: said, at },
        ],
      },
    }),
  )

const told = (log: readonly LogEntry[]): string[] => log.map(({ gate, sentence }) => `${gate}: ${sentence}`)

suite('the log of checks', () => {
  const first = view('Weight 10', 'was 1 ms', now)

  test('begins with the findings that are known, without the message of which the time is not known', () => {
    expect(told(withView([], null, first, now))).to.deep.equal(['request-duration: was 1 ms'])
  })

  test('a view that says nothing new adds nothing', () => {
    const log = withView([], null, first, now)
    expect(withView(log, first, first, now + second)).to.equal(log)
  })

  test('the newest is first', () => {
    const log = withView([], null, first, now)
    const next = view('Weight 25', 'was 2 ms', now + second)
    expect(told(withView(log, first, next, now + 2 * second))).to.deep.equal([
      ': Weight 25',
      'request-duration: was 2 ms',
      'request-duration: was 1 ms',
    ])
  })

  test('at most 200 are kept', () => {
    let [log, before]: [readonly LogEntry[], View | null] = [[], null]
    for (let index = 0; index < 210; index += 1) {
      const next = view('Weight 10', `was ${index} ms`, now + index * second)
      log = withView(log, before, next, now)
      before = next
    }
    expect(log).to.have.lengthOf(200)
    expect(log[0]?.sentence).to.equal('was 209 ms')
  })
})
