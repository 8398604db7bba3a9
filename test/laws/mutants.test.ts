/** A mutant whose line is not in the sources any more would prove nothing. */
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { mutants } from './mutants.rows.ts'

const root = join(import.meta.dirname, '..', '..')

suite('the mutants of the laws', () => {
  for (const { law, without, file, take } of mutants) {
    test(`${law}, without ${without}: its line is in ${file} once`, () => {
      expect(readFileSync(join(root, file), 'utf8').split(take)).to.have.length(2)
    })
  }
})
