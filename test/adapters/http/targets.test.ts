/** What the text of a URL tells of whether a webhook is called. */
import { expect } from 'chai'
import { problemBeforeLookup } from '../../../src/adapters/http/targets.ts'

const all: readonly string[] = []

suite('a URL that is never called is told before it is', () => {
  for (const [url, allow, deny, problem] of [
    ['http://127.0.0.1:1/token', all, [], '127.0.0.1 is a loopback address'],
    ['http://[::1]/', all, [], '::1 is a loopback address'],
    ['http://localhost/', ['*.test'], [], 'localhost leads to the loopback address 127.0.0.1'],
    ['http://127.0.0.1/', ['127.0.0.0/8'], [], null],
    ['http://[/', all, [], 'it is not a URL'],
    ['http://10.1.2.3/', ['192.168.0.0/16'], [], '10.1.2.3 is an unlisted address'],
    ['http://10.1.2.3/', ['*.test'], [], '10.1.2.3 is an unlisted address'],
    ['http://10.1.2.3/', ['10.0.0.0/8'], ['10.1.0.0/16'], '10.1.2.3 is a denied address'],
    ['http://Bad.test./', all, ['bad.test'], 'bad.test. is denied'],
    ['http://gate.example/', ['*.test'], [], 'gate.example is not allowed'],
    ['http://gate.test/', ['*.test'], [], null],
    // It may have an address of the range.
    ['http://gate.example/', ['*.test', '10.0.0.0/8'], [], null],
    ['http://gate.example/', all, ['10.0.0.0/8'], null],
  ] as const) {
    test(`${url} with ${allow.join() || 'all'} but ${deny.join() || 'none'}: ${problem ?? 'the call tells'}`, () => {
      expect(problemBeforeLookup(url, { allow, deny })).to.equal(problem)
    })
  }
})
