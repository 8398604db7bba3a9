/** Commands as annotations: what is written is what is read, and what people write by hand is read as they mean it. */
import { expect } from 'chai'
import fc from 'fast-check'
import { type CommandWords, commandValue, parseCommand } from '../../../src/core/model/command.ts'
import { type CommandName, commands } from '../../../src/core/model/command-line.ts'

const word = fc.stringMatching(/^[!-9;-~]{1,12}$/)

const rows: readonly (readonly [CommandName, value: string, Partial<CommandWords>])[] = [
  ['approve', '1764470000', { id: '1764470000', who: '', why: '' }],
  ['approve', '1 dashboards look fine', { who: '', why: 'dashboards look fine' }],
  ['approve', '1 ann: dashboards: fine', { who: 'ann', why: 'dashboards: fine' }],
  ['approve', '1 ann:', { who: 'ann', why: '' }],
  ['pause', '1 system:serviceaccount:shop:ci: lunch', { who: 'system:serviceaccount:shop:ci', why: 'lunch' }],
  ['approve', '1 full hurry', { full: true, revision: null, why: 'hurry' }],
  ['approve', '1 ann: full revision=790dc1af77 go', { full: true, revision: '790dc1af77', why: 'go' }],
  ['approve', '1 ann: revision=790dc1af77 full go', { full: true, revision: '790dc1af77', why: 'go' }],
  ['approve', '1 ann: go full', { full: false, why: 'go full' }],
  ['rollback', '1 revision=790dc1af77', { revision: '790dc1af77', why: '' }],
  ['rollback', '1 full of errors', { full: false, why: 'full of errors' }],
  ['abort', '1 revision=790dc1af77 is bad', { revision: null, why: 'revision=790dc1af77 is bad' }],
  ['abort', '', { id: '', who: '', why: '' }],
]

suite('commands as annotations', () => {
  for (const [name, value, said] of rows) {
    test(`${name}: "${value}"`, () => expect(parseCommand(name, value)).to.include(said))
  }

  test('what the command line writes is what the controller reads', () => {
    const words = fc.record({
      id: word,
      who: word,
      full: fc.boolean(),
      revision: fc.option(word),
      why: fc.constantFrom('', 'full of errors', 'the revision=abc is bad', 'fine: really'),
    })
    fc.assert(
      fc.property(fc.constantFrom(...commands), words, (name, given) => {
        const { full, revision, ...read } = parseCommand(name, commandValue(name, given))
        const has = { full: name === 'approve', revision: ['approve', 'retry', 'rollback'].includes(name) }
        // The first word of why is a term where the term itself is left out: as it is when it is typed by hand.
        fc.pre(!(has.full && !given.full && given.why.startsWith('full')))
        expect({ full, revision, id: read.id, who: read.who, why: read.why }).to.deep.equal({
          id: given.id,
          who: given.who,
          full: has.full && given.full,
          revision: has.revision ? given.revision : null,
          why: given.why,
        })
      }),
    )
  })
})
