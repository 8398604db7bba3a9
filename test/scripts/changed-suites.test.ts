import { expect } from 'chai'
import { relativeImports, suitesToRun } from '../../scripts/changed-suites.ts'

const imports: Readonly<Record<string, readonly string[]>> = {
  'playground/test/store.test.ts': ['playground/store.ts'],
  'playground/test/mesh.test.ts': ['playground/mesh.ts', 'src/api/object.ts'],
  'playground/mesh.ts': ['playground/store.ts', 'playground/mesh.ts'],
}
const suites = ['playground/test/store.test.ts', 'playground/test/mesh.test.ts']

suite('which suites of the playground run', () => {
  const rows: readonly (readonly [what: string, changed: readonly string[], runs: readonly string[]])[] = [
    ['nothing changed', [], []],
    ['a file that no suite imports', ['src/core/machine/decide.ts', 'README.md'], []],
    ['a suite itself', ['playground/test/store.test.ts'], ['playground/test/store.test.ts']],
    ['a file that one suite imports', ['src/api/object.ts'], ['playground/test/mesh.test.ts']],
    ['a file that both reach, one of them through another file', ['playground/store.ts'], suites],
    ['a recorded answer of a real server', ['playground/test/contract/kinds.golden.jsonl'], suites],
    ['a definition', ['crds/canaries.yaml'], suites],
    ['the version of a package', ['package-lock.json'], suites],
  ]
  for (const [what, changed, runs] of rows) {
    test(what, () => expect(suitesToRun(suites, changed, file => imports[file] ?? [])).to.deep.equal(runs))
  }

  test('imports of a file: over several lines, of types, for effect, and passed on; packages are none', () => {
    const text = [
      "import { readFileSync } from 'node:fs'",
      "import chai from 'chai'",
      "import type { A } from './a.ts'",
      'import {',
      '  b,',
      "} from '../b.ts'",
      "import './c.ts'",
      "export * from './d.ts'",
    ].join('\n')
    expect(relativeImports(text)).to.deep.equal(['./a.ts', '../b.ts', './c.ts', './d.ts'])
  })
})
