/** What is printed, out of values alone. */
import { expect } from 'chai'
import { jsonPath } from '../../../src/cli/render/json-path.ts'
import { fitted, painter, printable, wrapped } from '../../../src/cli/render/paint.ts'
import { tableOf } from '../../../src/cli/render/table.ts'
import { unifiedDiff } from '../../../src/cli/render/unified-diff.ts'
import { nearest } from '../../../src/cli/client/canaries.ts'
import { forbiddenSentence } from '../../../src/cli/client/errors.ts'

suite('what commands print', () => {
  test('a table: columns padded, and the message cut where the terminal ends', () => {
    const columns = [
      { header: 'NAME', of: (row: string[]) => row[0] ?? '' },
      { header: 'MESSAGE', of: (row: string[]) => row[1] ?? '' },
      { header: 'AGE', of: (row: string[]) => row[2] ?? '' },
    ]
    const rows = [
      ['web', 'Weight 20 passed; waiting for approval by somebody', '3m'],
      ['api', '', ''],
    ]
    const layout = { hasHeaders: true, columns: 40 }
    expect(tableOf(columns, rows, layout).lines).to.deep.equal(
      [
        'NAME   MESSAGE                     AGE',
        'web    Weight 20 passed; waiti…   3m',
        'api    <none>                     <none>',
      ].map((line, i) => (i === 0 ? 'NAME   MESSAGE                    AGE' : line)),
    )
    expect(tableOf(columns, rows, { ...layout, columns: 8 }).lines.map(line => line.length)).to.deep.equal([8, 8, 8])
    expect(tableOf(columns, [], { hasHeaders: false, columns: null }).lines).to.deep.equal([])
  })

  test('texts that fit: cut, wrapped between words, without control characters', () => {
    expect([fitted('weight', 6), fitted('weight', 4), fitted('weight', 1), fitted('weight', 0)]).to.deep.equal([
      'weight',
      'wei…',
      'w',
      '',
    ])
    expect(wrapped('one two three four five six', 20)).to.deep.equal(['one two three four', 'five six'])
    expect(wrapped('a'.repeat(30), 20)).to.deep.equal(['a'.repeat(30)])
    expect(printable('a\u001B[31mred\nb\u202Ec')).to.equal('a [31mred b c')
    expect([painter(false)('red', 'x'), painter(true)('red', 'x')]).to.deep.equal(['x', '\u001B[31mx\u001B[39m'])
  })

  test('jsonpath', () => {
    const value = { phase: 'Failed', steps: [{ weight: 10 }, { weight: 25 }], 'a.b': { c: null } }
    const rows: readonly (readonly [string, string])[] = [
      ['{.phase}', 'Failed'],
      ['{$.steps[1].weight}', '25'],
      ['{.steps[*].weight}{"\\n"}', '10 25\n'],
      ["{['a.b'].c}", 'null'],
      ['phase={.phase}, {.missing}', 'phase=Failed, '],
      ['{.steps[0]}', '{"weight":10}'],
    ]
    for (const [template, text] of rows) expect(jsonPath(template, value), template).to.equal(text)
    for (const wrong of [
      '{.phase',
      '{range .items[*]}',
      '{.a}{end}',
      '{.a[?(@.b]}',
      '{}',
      '{..}',
      '{.a[b]}',
      '{.a[::0]}',
      '{phase}',
      '{range}',
    ])
      expect(() => jsonPath(wrong, value), wrong).to.throw('is not understood')
  })

  test('jsonpath as kubectl has it: range, filters, slices, names with dots, and everything within', () => {
    const items = [
      { name: 'web', phase: 'Failed', weight: 0, labels: { 'app.kubernetes.io/name': 'web' }, gates: [{ name: 'a' }] },
      { name: 'api', phase: 'Progressing', weight: 25, gates: [{ name: 'b' }, { name: 'c' }] },
      { name: 'db', phase: 'Succeeded', weight: 100 },
    ]
    const table: readonly (readonly [template: string, text: string])[] = [
      ['{range .items[*]}{.name}{"\\t"}{.phase}{"\\n"}{end}', 'web\tFailed\napi\tProgressing\ndb\tSucceeded\n'],
      ['{range .items[*]}[{@.name} of {$.items[0].name}]{end}!', '[web of web][api of web][db of web]!'],
      ['{range .items[*]}{.name}:{range .gates[*]} {.name}{end};{end}', 'web: a;api: b c;db:;'],
      ['{.items[?(@.phase=="Failed")].name}', 'web'],
      ["{.items[?(@.phase != 'Failed')].name}", 'api db'],
      ['{.items[?(@.weight>=25)].name}', 'api db'],
      ['{.items[?(@.weight<25)].name}', 'web'],
      ['{.items[?(@.gates)].name}', 'web api'],
      ['{.items[?(@.name==$.items[2].name)].weight}', '100'],
      ['{.items[-1].name} {.items[1:].name} {.items[0:3:2].name} {.items[0,2].name}', 'db api db web db web db'],
      ["{.items[0]['name','phase']}", 'web Failed'],
      ['{.items[0].labels.app\\.kubernetes\\.io/name}', 'web'],
      ['{..gates[*].name}', 'a b c'],
      ['{.items[*].missing}{.nothing[0].at.all}', ''],
      ['{.items[0].gates} {"}"}', '[{"name":"a"}] }'],
      ['{.name "x" .name}', 'x'],
    ]
    for (const [template, text] of table) expect(jsonPath(template, { items }), template).to.equal(text)
  })

  test('a unified diff, with the lines around each change', () => {
    const before = Array.from({ length: 20 }, (_, i) => `line ${i}`)
    const after = before.map((line, i) => (i === 4 || i === 16 ? `${line} changed` : line)).filter((_, i) => i !== 15)
    expect(unifiedDiff(before.join('\n'), after.join('\n'), ['a', 'b'])).to.deep.equal([
      '--- a',
      '+++ b',
      '@@ -2,7 +2,7 @@',
      ' line 1',
      ' line 2',
      ' line 3',
      '-line 4',
      '+line 4 changed',
      ' line 5',
      ' line 6',
      ' line 7',
      '@@ -13,8 +13,7 @@',
      ' line 12',
      ' line 13',
      ' line 14',
      '-line 15',
      '-line 16',
      '+line 16 changed',
      ' line 17',
      ' line 18',
      ' line 19',
    ])
    expect(unifiedDiff('a\n', 'a', ['a', 'b'])).to.deep.equal([])
  })

  test('the name that was meant', () => {
    const names = ['web', 'web-admin', 'checkout']
    const rows: readonly (readonly [string, string | null])[] = [
      ['wbe', 'web'],
      ['we', 'web'],
      ['chekcout', 'checkout'],
      ['web-adimn', 'web-admin'],
      ['orders', null],
    ]
    for (const [typed, meant] of rows) expect(nearest(typed, names), typed).to.equal(meant)
  })

  test('who may not do what, and how it is granted', () => {
    expect(
      forbiddenSentence(
        'canaries.sluice.dev "web" is forbidden: User "ann" cannot patch resource "canaries" in API group "sluice.dev" in the namespace "shop"',
      ),
    ).to.equal(
      'forbidden: user "ann" may not patch canaries.sluice.dev in namespace shop. Bind ClusterRole sluice-canary-editor: kubectl -n shop create rolebinding sluice-canary-editor --clusterrole=sluice-canary-editor --user="ann"',
    )
    expect(
      forbiddenSentence(
        'canaries.sluice.dev is forbidden: User "ann" cannot list resource "canaries" in API group "sluice.dev" at the cluster scope',
      ),
    ).to.equal(
      'forbidden: user "ann" may not list canaries.sluice.dev in all namespaces. Name a namespace with -n, or bind ClusterRole sluice-view to the user',
    )
    // Of Kubernetes before and with constrained impersonation.
    for (const what of ['impersonate resource "users"', 'impersonate-on:user-info:list resource "canaries"']) {
      expect(forbiddenSentence(`forbidden: User "kim" cannot ${what} in API group "" at the cluster scope`)).to.match(
        /^forbidden: user "kim" may not act as another user\. Leave --as out, or grant "kim" the verb impersonate: /,
      )
    }
    expect(forbiddenSentence('an admission webhook says no')).to.equal('forbidden: an admission webhook says no')
  })
})
