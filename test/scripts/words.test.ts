import { expect } from 'chai'
import { wordsIn } from '../../scripts/find-words.ts'

suite('npm run words finds', () => {
  const said = (file: string, content: string): string[] => wordsIn(file, content).map(found => found.said)

  const finds: readonly (readonly [what: string, content: string, said: string])[] = [
    ['a word in any case', 'Whoever leads', 'Whoever'],
    ['a phrase over two lines of a comment', '/**\n * It needs a\n * person.\n */', 'needs a person'],
    ['"for" as "because"', 'is refused, for the name is longer', ', for the name is'],
    ['a manual edit as a hand', 'after a hand lowered it', 'a hand'],
    ['a check as a look', 'the failed looks', 'failed looks'],
    ['a former name that is declared', 'export function stay(o: Observation) {}', 'stay'],
    ['a former status field', 'state.run.silentLooks += 1', 'silentLooks'],
    ['a former reason', "reason: 'Parked'", 'Parked'],
  ]
  for (const [what, content, wanted] of finds) {
    test(what, () => expect(said('a.ts', content)).to.deep.equal([wanted]))
  }

  const passes: readonly (readonly [what: string, content: string])[] = [
    ['"by hand"', 'edited by hand'],
    ['"for" with a purpose', 'a limit, for example 5'],
    ['a word within a longer one', 'understands standby'],
    ['a former name as a common word', 'pods stay, and requests pass; they tell'],
  ]
  for (const [what, content] of passes)
    test(`nothing in ${what}`, () => expect(said('a.ts', content)).to.deep.equal([]))

  test('the line, and what to write', () => {
    const [found] = wordsIn('docs/a.md', 'one\ntwo\nit stands there')
    expect(found).to.deep.include({ file: 'docs/a.md', line: 3 })
    expect(found?.word.write).to.contain('is written')
  })
})
