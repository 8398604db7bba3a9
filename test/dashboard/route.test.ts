/** What the address of the page says. */
import { expect } from 'chai'
import { fragmentOf, linkIn, namespacesIn, queryFor, routeOf } from '../../dashboard/route.ts'

suite('the address of the page', () => {
  const routes: readonly (readonly [string, ReturnType<typeof routeOf>])[] = [
    ['', { kind: 'list' }],
    ['#/', { kind: 'list' }],
    ['#/shop/web', { kind: 'canary', namespace: 'shop', name: 'web' }],
    ['#/shop', { kind: 'list' }],
    ['#/shop/', { kind: 'list' }],
    ['#/shop/web/more', { kind: 'list' }],
    ['#/shop/%E0%A4%A', { kind: 'list' }],
    ['#link=abc', { kind: 'list' }],
  ]
  for (const [fragment, route] of routes) {
    test(`${JSON.stringify(fragment)} shows ${route.kind}`, () => expect(routeOf(fragment)).to.deep.equal(route))
  }

  test('a fragment leads back to its canary, whatever the names are', () => {
    expect(routeOf(fragmentOf('a/b', 'c#d%'))).to.deep.equal({ kind: 'canary', namespace: 'a/b', name: 'c#d%' })
  })

  test('a link is found in the fragment alone', () => {
    expect(linkIn('#link=a-b_c')).to.equal('a-b_c')
    expect(linkIn('#/link=a/b')).to.equal(null)
    expect(linkIn('#link=')).to.equal(null)
  })

  test('namespaces come from the query, one by one or as a list', () => {
    expect(namespacesIn('?ns=shop&ns=billing, search&other=1')).to.deep.equal(['shop', 'billing', 'search'])
    expect(namespacesIn(queryFor(['a', 'b']))).to.deep.equal(['a', 'b'])
    expect(queryFor([])).to.equal('')
  })
})
