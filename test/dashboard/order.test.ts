/** Which canaries the list shows, and in which order. */
import { expect } from 'chai'
import { countTones, type Filter, NO_FILTER, ordered, type Sort } from '../../dashboard/list/order.ts'
import type { Tone } from '../../src/core/view/view.ts'
import type { CanaryRow, RowView } from '../../src/server/dashboard/protocol.ts'

const side = (image: string): RowView['sides']['primary'] => ({
  workload: { kind: 'Deployment', name: 'web' },
  revision: null,
  images: [image],
  pods: null,
})

const row = (namespace: string, name: string, tone: Tone, weight = 0, startedAt: string | null = null): CanaryRow =>
  ({
    namespace,
    name,
    uid: `${namespace}/${name}`,
    view: {
      tone,
      message: `message of ${name}`,
      traffic: { requested: weight, carried: weight, mirror: 0, among: 'all requests' },
      sides: { primary: side(`registry/${name}:1`), canary: side(`registry/${name}:2`) },
      run: startedAt === null ? null : { id: '1', candidate: 'abc', startedAt, deadline: null },
    },
  }) as unknown as CanaryRow

const rows = [
  row('shop', 'web', 'good'),
  row('shop', 'cart', 'working', 25, '2026-01-01T00:00:00Z'),
  row('billing', 'web', 'person', 50, '2026-01-02T00:00:00Z'),
  row('billing', 'api', 'stalled'),
  row('shop', 'search', 'failed'),
]

const shown = (filter: Partial<Filter>, sort: Sort = 'name'): string =>
  ordered(rows, { ...NO_FILTER, ...filter }, sort)
    .map(({ namespace, name }) => `${namespace}/${name}`)
    .join(' ')

suite('the list of canaries', () => {
  const table: readonly (readonly [string, Partial<Filter>, Sort, string])[] = [
    ['by name', {}, 'name', 'billing/api shop/cart shop/search billing/web shop/web'],
    ['by namespace', {}, 'namespace', 'billing/api billing/web shop/cart shop/search shop/web'],
    ['what needs attention first', {}, 'attention', 'billing/api billing/web shop/search shop/cart shop/web'],
    ['the highest weight first', {}, 'weight', 'billing/web shop/cart billing/api shop/search shop/web'],
    ['the latest run first', {}, 'started', 'billing/web shop/cart billing/api shop/search shop/web'],
    ['of one namespace', { namespace: 'billing' }, 'name', 'billing/api billing/web'],
    ['of one tone', { tone: 'failed' }, 'name', 'shop/search'],
    ['whose name has a word', { text: 'CART' }, 'name', 'shop/cart'],
    [
      'that have all words, in name, message or image',
      { text: 'shop :2 message' },
      'name',
      'shop/cart shop/search shop/web',
    ],
    ['that match nothing', { text: 'nothing' }, 'name', ''],
  ]
  for (const [name, filter, sort, wanted] of table) {
    test(name, () => expect(shown(filter, sort)).to.equal(wanted))
  }

  test('each tone is counted', () => {
    expect(Object.fromEntries(countTones([...rows, row('a', 'b', 'good')]))).to.deep.equal({
      good: 2,
      working: 1,
      person: 1,
      stalled: 1,
      failed: 1,
    })
  })
})
