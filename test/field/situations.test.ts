/** Every situation has its tests: one as it was, one with other values. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { situations } from './situations.ts'

const folder = fileURLToPath(new URL('.', import.meta.url))
/** The inputs as they came, where they lie beside the repository. */
const inputs = fileURLToPath(new URL('../../../shared/field/README.md', import.meta.url))

/** The beginnings of the titles of all tests here, as they are, or as a row of a table that titles are made of. */
function titles(): Set<string> {
  const files = readdirSync(folder).filter(name => name.endsWith('.test.ts'))
  const found = files.flatMap(name => [
    ...readFileSync(`${folder}${name}`, 'utf8').matchAll(/['"`]([FNS]\d+(?:, other values)?)(?:: |['"`])/g),
  ])
  return new Set(found.map(([, title = '']) => title))
}

suite('the situations from the field', () => {
  const present = titles()

  for (const [id, what] of Object.entries(situations)) {
    test(`${id} has a test as it was, and one with other values (${what})`, () => {
      expect([...present]).to.include.members([id, `${id}, other values`])
    })
  }

  test('tests name no situation that is not listed', () => {
    const unknown = [...present].filter(title => !Object.hasOwn(situations, title.replace(', other values', '')))
    expect(unknown).to.deep.equal([])
  })

  test('every input is listed', function () {
    // The inputs lie beside the repository, and not in every clone of it.
    if (!existsSync(inputs)) return this.skip()
    const ids = [...readFileSync(inputs, 'utf8').matchAll(/^## ([FNS]\d+) /gm)].map(([, id = '']) => id)
    expect(Object.keys(situations)).to.have.members(ids)
  })
})
