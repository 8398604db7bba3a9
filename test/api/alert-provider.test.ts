/** AlertProviders that the API server takes, because CEL can tell less, and the program does not. */
import { expect } from 'chai'
import { parseAlertProvider } from '../../src/api/alert-provider.ts'

function problemsOf(spec: Record<string, unknown>): readonly string[] {
  const metadata = { name: 'chat', namespace: 'shop' }
  const parsed = parseAlertProvider({ apiVersion: 'sluice.dev/v1beta1', kind: 'AlertProvider', metadata, spec })
  return 'problems' in parsed ? parsed.problems : []
}

suite('AlertProviders', () => {
  const generic = { type: 'generic', address: 'https://pager.example.com/hook' }
  const lists = (levels: number): string => '['.repeat(levels) + ']'.repeat(levels)

  for (const [what, spec, problems] of [
    [
      'a proxy that is no URL',
      { proxy: 'http://proxy:99999' },
      [/^spec\.proxy: write a URL with http:\/\/ or https:\/\/ /],
    ],
    ['an address that is no URL', { address: 'http://[pager]/secret' }, [/^spec\.address: (?!.*secret).*write a URL /]],
    ['a template with as many levels as may be', { template: lists(32) }, []],
    ['a template that is deeper', { template: lists(33) }, [/^spec\.template: is nested deeper than 32 levels/]],
    ['a template that ends the call stack', { template: lists(4096) }, [/^spec\.template: is nested deeper/]],
    [
      'a long name in a template',
      { template: `"{{${'x'.repeat(8000)}}}"` },
      [/^spec\.template: \{\{x{58}\.\.\. is not known/],
    ],
  ] as const) {
    test(what, () => {
      const found = problemsOf({ ...generic, ...spec })
      expect(found).to.have.length(problems.length)
      for (const [place, problem] of problems.entries()) expect(found[place]).to.match(problem)
    })
  }
})
