import { expect } from 'chai'
import { isEnclosed } from '../../../src/adapters/prometheus/merge.ts'

suite('a query stays within the parentheses around it', () => {
  const enclosed = [
    'sum(rate(x{a="b"}[1m])) by (le)',
    'x{a="has ) and } in it"}',
    String.raw`x{a="an escaped \" quote )"}`,
    "x{a='single ) quotes'}",
    'x{a=`raw \\ ) quotes`}',
    'x # a comment with )',
    'x # a comment with "\n + y',
    'x{a="not # a comment"}',
  ]
  for (const query of enclosed) test(`${JSON.stringify(query)} does`, () => expect(isEnclosed(query)).to.equal(true))

  const not = ['x)', '(x', ')x(', 'x{a="b"', 'x]', '(x]', 'x{a="open}', 'x{a=`open}', 'x "', "x '"]
  for (const query of not) test(`${JSON.stringify(query)} does not`, () => expect(isEnclosed(query)).to.equal(false))
})
