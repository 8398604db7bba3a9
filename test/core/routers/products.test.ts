import { expect } from 'chai'
import type { Json } from '../../../src/core/json.ts'
import { type Clash, productOf } from '../../../src/core/routers/istio/products.ts'

const user = (rule: Json): Json => ({ headers: { 'x-user': rule } })
const clash = (field: string, disjoint: boolean): Clash => ({ field, disjoint })

/** Two matches, and the one that takes what both take; or on which field they cannot be joined. */
const rows: Readonly<Record<string, readonly [one: Json, other: Json, both: Json | Clash]>> = {
  'conditions on different things': [
    { uri: { prefix: '/api' }, method: { exact: 'GET' } },
    { ...user({ exact: 'a' }), queryParams: { beta: { exact: '1' } } },
    {
      uri: { prefix: '/api' },
      method: { exact: 'GET' },
      ...user({ exact: 'a' }),
      queryParams: { beta: { exact: '1' } },
    },
  ],
  'the same condition': [user({ regex: 'a.*' }), user({ regex: 'a.*' }), user({ regex: 'a.*' })],
  'headers of different names': [
    user({ exact: 'a' }),
    { headers: { 'x-team': { exact: 'b' } } },
    { headers: { 'x-user': { exact: 'a' }, 'x-team': { exact: 'b' } } },
  ],
  'a path within a prefix': [{ uri: { prefix: '/api' } }, { uri: { exact: '/api/v1' } }, { uri: { exact: '/api/v1' } }],
  'a longer prefix': [{ uri: { prefix: '/api/v1' } }, { uri: { prefix: '/' } }, { uri: { prefix: '/api/v1' } }],
  'two paths that no request has': [{ uri: { prefix: '/api' } }, { uri: { exact: '/app' } }, clash('uri', true)],
  'a path and a regular expression': [{ uri: { prefix: '/api' } }, { uri: { regex: '/a.*' } }, clash('uri', false)],
  'paths of which one minds no case': [
    { uri: { prefix: '/api' }, ignoreUriCase: true },
    { uri: { exact: '/api/v1' } },
    clash('uri', false),
  ],
  'a word about the case of no path': [
    { uri: { prefix: '/api' } },
    { ...user({ exact: 'a' }), ignoreUriCase: true },
    { uri: { prefix: '/api' }, ...user({ exact: 'a' }) },
  ],
  'a path that minds no case': [
    { uri: { prefix: '/api' }, ignoreUriCase: true },
    user({ exact: 'a' }),
    { uri: { prefix: '/api' }, ignoreUriCase: true, ...user({ exact: 'a' }) },
  ],
  'two conditions on a header': [user({ exact: 'a' }), user({ regex: '.*' }), clash('headers.x-user', false)],
  'two values of a header': [user({ exact: 'a' }), user({ exact: 'b' }), clash('headers.x-user', true)],
  'two conditions on the absence of a header': [
    { withoutHeaders: { bot: { exact: 'a' } } },
    { withoutHeaders: { bot: { exact: 'b' } } },
    clash('withoutHeaders.bot', false),
  ],
  'two ports': [{ port: 80 }, { port: 81 }, clash('port', true)],
  'gateways of both': [{ gateways: ['a/b', 'mesh'] }, { gateways: ['mesh'] }, { gateways: ['mesh'] }],
  'no gateway of both': [{ gateways: ['a/b'] }, { gateways: ['mesh'] }, clash('gateways', true)],
  // Istio reads of a match that names gateways no labels, and would take the requests of every caller.
  'callers in the mesh with labels': [
    { gateways: ['mesh'], port: 80 },
    { sourceLabels: { app: 'front' } },
    { port: 80, sourceLabels: { app: 'front' } },
  ],
  'callers at a gateway with labels': [
    { gateways: ['a/b'] },
    { sourceLabels: { app: 'front' } },
    clash('gateways', true),
  ],
}

suite('what two matches take together', () => {
  for (const [name, [one, other, both]] of Object.entries(rows)) {
    test(name, () => {
      expect(productOf(one, other)).to.deep.equal(both)
      expect(productOf(other, one)).to.deep.equal(both)
    })
  }
})
