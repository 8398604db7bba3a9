import { expect } from 'chai'
import { fillIn, readTemplate, templateOf } from '../../../src/core/analysis/templates.ts'
import { metric } from './given.ts'

const names = {
  name: 'web-canary-object',
  namespace: 'shop',
  target: 'web',
  service: 'web-svc',
  ingress: 'web-ing',
  route: 'web-route',
  interval: '30s',
}
const render = (template: string, variables: Record<string, string> = {}) =>
  fillIn(readTemplate(template, variables), names)

suite('templates', () => {
  test('every name is filled in, with any white space around it', () => {
    expect(
      render('{{ name }} {{namespace}} {{- target -}} {{  service}} {{ingress  }} {{ route }} [{{ interval }}]'),
    ).to.deep.equal({ query: 'web-canary-object shop web web-svc web-ing web-route [30s]' })
  })

  test('a name may stand within a word', () => {
    expect(render('sum(rate(x{job="{{ target }}-primary"}[{{ interval }}]))')).to.deep.equal({
      query: 'sum(rate(x{job="web-primary"}[30s]))',
    })
  })

  test('variables are filled in by name', () => {
    expect(render('x{tier="{{ variables.tier }}"}', { tier: 'gold|silver' })).to.deep.equal({
      query: 'x{tier="gold|silver"}',
    })
  })

  test('white space is collapsed and comments go, except within strings', () => {
    expect(render('sum( # of all\n  x{a="two  spaces # kept"}\n\n)\n# end')).to.deep.equal({
      query: 'sum( x{a="two  spaces # kept"} )',
    })
  })

  test('no query, however it is written, keeps the controller reading for long', () => {
    const length = 16_384
    const hostile = [
      `{{${' '.repeat(length)}`,
      `{{${' '.repeat(length)}}`,
      '{{'.repeat(length / 2),
      '{{ -'.repeat(length / 4),
      `"${'\\"'.repeat(length / 2)}`,
      `${' '.repeat(length)}x`,
    ]
    const begun = performance.now()
    for (const query of hostile) render(query)
    // What takes a step a character takes milliseconds; a step for each pair of them is seconds, for each three it is hours.
    expect(performance.now() - begun).to.be.below(500)
  })

  test('a query may be 64 KiB when it is filled in, and no longer', () => {
    const tooLong =
      'The query is longer than 64 KiB when its variables are filled in; name them less often, or shorten them.'
    expect(render('{{ variables.a }}'.repeat(60), { a: 'x'.repeat(1024) })).to.have.property('query')
    expect(render('{{ variables.a }}'.repeat(70), { a: 'x'.repeat(1024) })).to.deep.equal({ problem: tooLong })
    expect(fillIn(readTemplate('{{name}}'.repeat(2000), {}), { ...names, name: 'n'.repeat(63) })).to.deep.equal({
      problem: tooLong,
    })
  })

  test('a name is filled in where a comment, a string or white space stands before it', () => {
    expect(render('x{a="  {{ target }}  "}  # {{ service }}\n+ {{ name }}')).to.deep.equal({
      query: 'x{a="  web  "} + web-canary-object',
    })
    expect(render('x # {{ variables.a }}\n+ 1', { a: 'b # c' })).to.deep.equal({ query: 'x + 1' })
  })

  test('the template of a metric is read once for as long as neither changes', () => {
    const one = metric({ name: 'a', query: 'sum({{ target }})', thresholdRange: { max: 1 } })
    const first = templateOf(one, 'sum({{ target }})')
    expect(templateOf(one, 'sum({{ target }})')).to.equal(first)
    expect(templateOf(one, 'max({{ target }})')).to.deep.equal(readTemplate('max({{ target }})', {}))
  })

  const problems: Record<string, [template: string, variables: Record<string, string>, problem: string]> = {
    'an unknown name is said with what is known': [
      '{{ pod }}',
      { tier: 'gold' },
      '{{ pod }} is not known; use one of: name, namespace, target, service, ingress, route, interval, variables.tier.',
    ],
    'a variable that was not given is unknown': [
      '{{ variables.tier }}',
      {},
      '{{ variables.tier }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
    ],
    'a name that every object has is no variable': [
      '{{ variables.constructor }}',
      {},
      '{{ variables.constructor }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
    ],
    'a function of Go is unknown': [
      '{{ printf "%s" target }}',
      {},
      '{{ printf "%s" target }} is not known; use one of: name, namespace, target, service, ingress, route, interval.',
    ],
    'a variable cannot end the string that it stands in': [
      'x{tier="{{ variables.tier }}"}',
      { tier: 'gold"} or vector(1)' },
      'templateVariables.tier holds "\\""; a variable may not hold quotes, braces, backslashes or line breaks, write them in the query.',
    ],
    'nor swallow the quote that ends it': [
      'x{tier="{{ variables.tier }}"}',
      { tier: 'gold\\' },
      'templateVariables.tier holds "\\\\"; a variable may not hold quotes, braces, backslashes or line breaks, write them in the query.',
    ],
    'nor bring a template of its own': [
      'x{tier="{{ variables.tier }}"}',
      { tier: '{{ target }}' },
      'templateVariables.tier holds "{"; a variable may not hold quotes, braces, backslashes or line breaks, write them in the query.',
    ],
    'braces that are not closed are said': ['x{{ target', {}, 'The query has {{ without }}; close it or remove it.'],
    'a query of nothing but a comment is empty': [
      ' # todo',
      {},
      'The query is empty; write PromQL that gives one value.',
    ],
  }
  for (const [sentence, [template, variables, problem]] of Object.entries(problems)) {
    test(sentence, () => expect(render(template, variables)).to.deep.equal({ problem }))
  }
})
