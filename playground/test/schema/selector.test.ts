/** What lists and watches select by: labels and fields, and what is said of selectors that are none. */
import { expect } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { parseFieldSelector } from '../../server/field-selector.ts'
import { parseSelector } from '../../schema/selector.ts'

function refusal(read: () => unknown): string {
  try {
    read()
  } catch (error) {
    return (error as Error).message
  }
  return 'accepted'
}

suite('playground: selectors', () => {
  const labels = { app: 'web', size: '10', 'example.com/tier': 'gold' }
  const rows: readonly (readonly [string, boolean])[] = [
    ['', true],
    ['app=web', true],
    ['app==web', true],
    ['app = db', false],
    ['app!=db', true],
    ['gone!=db', true],
    ['app in (db, web)', true],
    ['app in ()', false],
    ['app notin (db,web)', false],
    ['gone notin (db)', true],
    ['example.com/tier', true],
    ['!app', false],
    ['!gone', true],
    ['size>9', true],
    ['size<9', false],
    ['app>1', false],
    ['app=web,size=10,!gone', true],
    ['app=web,size=11', false],
    ['gone=', false],
  ]
  for (const [selector, selects] of rows) {
    test(`${JSON.stringify(selector)} selects ${selects ? '' : 'not '}`, () => {
      expect(parseSelector(selector)(labels)).to.equal(selects)
    })
  }

  const wrong: readonly (readonly [string, string])[] = [
    ['a===', "unable to parse requirement: found '=', expected: identifier"],
    ['!n,a b', "unable to parse requirement: found 'b', expected: in, notin, =, ==, !=, gt, lt"],
    ['a in b', "unable to parse requirement: found 'b' expected: '('"],
    ['a=b c', "found 'c', expected: ',' or 'end of string'"],
    ['a=b,', "found '', expected: identifier after ','"],
    ['=b', "found '=', expected: !, identifier, or 'end of string'"],
    [
      'a>b',
      "unable to parse requirement: values[0]: Invalid value: \"b\": for 'Gt', 'Lt' operators, the value must be an integer",
    ],
  ]
  for (const [selector, because] of wrong) {
    test(`${JSON.stringify(selector)} is no selector, and the API server says why`, () => {
      expect(refusal(() => parseSelector(selector))).to.equal(because)
    })
  }

  test('events are found by what they are about, and by nothing that they do not have', () => {
    const event: KubeObject = {
      apiVersion: 'v1',
      kind: 'Event',
      metadata: { name: 'web.1', namespace: 'shop' },
      involvedObject: { kind: 'Pod', name: 'web', fieldPath: 'spec,x' },
      type: 'Normal',
    }
    const finds = (selector: string): boolean => parseFieldSelector(kinds.Event, selector)(event)
    expect(finds('involvedObject.kind=Pod,involvedObject.name==web,type!=Warning')).to.equal(true)
    expect(finds('involvedObject.uid=1')).to.equal(false)
    expect(finds('involvedObject.uid=')).to.equal(true)
    expect(finds(String.raw`involvedObject.fieldPath=spec\,x`)).to.equal(true)
    expect(refusal(() => finds('foo=bar'))).to.equal('field label not supported: foo')
    expect(refusal(() => finds('foo'))).to.equal("invalid selector: 'foo'; can't understand 'foo'")
  })

  test('what has no fields of its own is selected by name and namespace only', () => {
    const object: KubeObject = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'a', namespace: 'shop' } }
    const finds = (selector: string): boolean => parseFieldSelector(kinds.ConfigMap, selector)(object)
    expect(finds('metadata.name=a,metadata.namespace!=default')).to.equal(true)
    expect(refusal(() => finds('data.a=1'))).to.equal(
      '"data.a" is not a known field selector: only "metadata.name", "metadata.namespace"',
    )
  })
})
