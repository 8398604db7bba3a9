/** docs/log-lines.md has every message that the program logs, with its level, and no other one. */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { read } from './pages.ts'

const root = new URL('../../src/', import.meta.url)
const sources = readdirSync(root, { recursive: true, encoding: 'utf8' })
  .filter(file => file.endsWith('.ts'))
  .map(file => readFileSync(new URL(file, root), 'utf8'))

/** A call of a log, up to its first argument. */
const CALL = /\b#?log(?:\.(debug|info|warn|error)|\[level\])\(\s*('[^']*')?/g

const logged = sources.flatMap(text =>
  [...text.matchAll(CALL)].map(([call, level = 'warn', message]) => ({
    call,
    line: `${level} ${message?.slice(1, -1)}`,
  })),
)

suite('log lines', () => {
  test('each has a constant message', () => {
    expect(logged.filter(({ line }) => line.endsWith(' undefined')).map(({ call }) => call)).to.deep.equal([])
  })

  test('the documentation has each with its level, and no other one', () => {
    const rows = [...read('docs/log-lines.md').text.matchAll(/^\| (debug|info|warn|error) \| `([^`]*)` \|/gm)]
    const documented = rows.map(([, level, message]) => `${level} ${message}`)
    expect(documented.toSorted()).to.deep.equal([...new Set(logged.map(({ line }) => line))].toSorted())
    expect(documented.length).to.be.greaterThan(30)
  })
})
