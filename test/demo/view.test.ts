/** What the demo shows, as text. */
import { expect } from 'chai'
import { picture, plain } from '../../demo/screen.ts'
import { clock, comparison, figure, plainLine, type View } from '../../demo/view.ts'

const view: View = {
  seconds: 72.4,
  act: 'a good release: demo/web:1.1.0',
  status: {
    phase: 'Progressing',
    canaryWeight: 25,
    step: '2/4',
    message: 'Weight 10 → 25',
    checks: [
      {
        name: 'request-success-rate',
        verdict: 'pass',
        value: 99.8231,
        min: 99,
        message: '',
        at: '2026-01-01T00:00:00Z',
      },
      { name: 'request-duration', verdict: 'fail', value: 1640.4, max: 500, message: '', at: '2026-01-01T00:00:00Z' },
    ],
  },
  answers: [
    { image: 'demo/web:1.0.0', requests: 75, errors: 0 },
    { image: 'demo/web:1.1.0', requests: 25, errors: 2 },
  ],
  hookCalls: [],
}

suite('what the demo shows', () => {
  test('figures have the digits that matter', () => {
    expect([0, 41.26, 0.03123, 99.8231, 100, 1640.4].map(figure)).to.deep.equal([
      '0',
      '41.3',
      '0.0312',
      '99.82',
      '100',
      '1640',
    ])
    expect(comparison({ min: 99 })).to.equal('no data ≥ 99')
    expect([0, 59.9, 72.4].map(clock)).to.deep.equal(['0:00', '0:59', '1:12'])
  })

  test('a picture has the weight, each gate against its limit, and who answers', () => {
    expect(picture(view, 80, plain)).to.deep.equal([
      'sluice  a good release: demo/web:1.1.0  1:12',
      '',
      `  Progressing                ${'█'.repeat(10)}${'░'.repeat(30)}  25 %  step 2/4`,
      '  Weight 10 → 25',
      '  ',
      '',
      '  gates, against their limits',
      '  ✔ request-success-rate     99.82 ≥ 99',
      '  ✘ request-duration         1640 ≤ 500',
      '',
      '  who answers the callers',
      `  demo/web:1.0.0             ${'█'.repeat(30)}${'░'.repeat(10)}  75 %`,
      `  demo/web:1.1.0             ${'█'.repeat(10)}${'░'.repeat(30)}  25 %  2 of 25 failed`,
    ])
  })

  test('a picture is as high before anything is known as with two lines to say', () => {
    const empty = picture({ ...view, status: {}, answers: [] }, 80, plain)
    const long = picture({ ...view, status: { message: 'word '.repeat(60) }, answers: [] }, 80, plain)
    expect(empty.length).to.equal(long.length)
  })

  test('where there is no terminal a line is written for each change, and none for what was said', () => {
    expect(plainLine(view, null)).to.equal(
      '1:12  ── a good release: demo/web:1.1.0\n1:12  Progressing       25 %  Weight 10 → 25  [request-success-rate 99.82 ≥ 99, request-duration 1640 ≤ 500]',
    )
    expect(plainLine({ ...view, seconds: 80 }, view)).to.equal(null)
    expect(plainLine({ ...view, status: { phase: 'Failed', message: 'Rolled back' } }, view)).to.equal(
      '1:12  Failed             0 %  Rolled back',
    )
  })

  const call = { name: 'approval', type: 'confirm-promotion', phase: 'WaitingPromotion', weight: 25 } as const
  const closed = { ...call, answer: { status: 403, text: 'closed' } }
  const open = { ...call, answer: { status: 200, text: 'yes' } }
  const event = { ...open, name: 'chat', type: 'event' } as const

  test('a picture has the last answer of each webhook', () => {
    const lines = picture({ ...view, hookCalls: [closed, { ...closed }, event] }, 80, plain)
    expect(lines.slice(10, 14)).to.deep.equal([
      '  webhooks, and what they answered',
      '  · approval       confirm-promotion          403 closed  2 calls',
      '  ✔ chat           event                      200 yes',
      '',
    ])
  })

  test('a call of a webhook is a line; one that is answered as before is none, nor is that of an event', () => {
    const first = { ...view, hookCalls: [closed] }
    const line = (answer: string): string =>
      `1:12  webhook           25 %  approval (confirm-promotion), called in WaitingPromotion, answered ${answer}`
    expect(plainLine(first, view)).to.equal(line('403: closed'))
    expect(plainLine({ ...first, hookCalls: [closed, { ...closed }, event] }, first)).to.equal(null)
    expect(plainLine({ ...first, hookCalls: [closed, { ...closed }, open] }, first)).to.equal(line('200: yes'))
  })
})
