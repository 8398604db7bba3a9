/** The bundle is the same, byte for byte, whichever folder it is built in, at whatever time, in whatever time zone. */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'

const root = fileURLToPath(new URL('../..', import.meta.url))
const sources =
  'package.json package-lock.json tsconfig.json LICENSE scripts src dashboard demo playground crds manifests node_modules'

/** What no build needs of the packages: most of the bytes. */
const NEEDLESS =
  /node_modules\/(@biomejs|@oxlint|oxlint|@oxlint-tsgolint|@typescript|typescript|playwright-core|axe-core|fast-check)(\/|$)|\.(d\.ts|map)$/

/** Moves the clock of a process by 400 days. */
const LATER = `const now = Date.now.bind(Date), days = 400 * 86_400_000
globalThis.Date = class extends Date {
  constructor(...given) { given.length === 0 ? super(now() + days) : super(...given) }
  static now() { return now() + days }
}
`

function sumsOf(folder: string): Record<string, string> {
  const files = readdirSync(folder, { recursive: true, encoding: 'utf8', withFileTypes: true }).filter(one =>
    one.isFile(),
  )
  return Object.fromEntries(
    files.map(({ parentPath, name }) => {
      const path = join(parentPath, name)
      return [path.slice(folder.length + 1), createHash('sha256').update(readFileSync(path)).digest('hex')]
    }),
  )
}

suite('The bundle', () => {
  let folder: string
  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-build-'))
  })
  teardown(() => {
    rmSync(folder, { recursive: true })
  })

  test('has the same bytes when it is built in two folders, a year apart', function (this: Mocha.Context) {
    this.timeout(240_000)
    const copy = join(folder, 'a folder of another length')
    for (const source of sources.split(' '))
      cpSync(join(root, source), join(copy, source), {
        recursive: true,
        verbatimSymlinks: true,
        filter: from => !NEEDLESS.test(from),
      })
    writeFileSync(join(folder, 'later.mjs'), LATER)
    const build = (cwd: string, into: string, node: readonly string[], timeZone: string): Record<string, string> => {
      const args = [...node, '--import', 'tsx', 'scripts/build.ts', into]
      const env = { PATH: process.env['PATH'], HOME: folder, TZ: timeZone }
      const { status, stderr } = spawnSync(process.execPath, args, { cwd, env, encoding: 'utf8' })
      expect(status, stderr).to.equal(0)
      return sumsOf(into)
    }
    const here = build(root, join(folder, 'one'), [], 'UTC')
    const there = build(copy, join(folder, 'other'), ['--import', join(folder, 'later.mjs')], 'Pacific/Auckland')
    expect(Object.keys(here)).to.include.members(['sluice.js', 'sluice-demo.js', 'sluice-install.yaml'])
    expect(there).to.deep.equal(here)
  })
})
