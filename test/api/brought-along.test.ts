/** Canaries as they come from Flagger: what is accepted is read, and what is refused says by which field, and what to write. */
import { expect } from 'chai'
import { parse } from 'yaml'
import { parseCanary } from '../../src/api/parse-canary.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { Refusal } from '../../playground/answers.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { installed } from '../../playground/test/installed.ts'
import { rows } from './brought-along.rows.ts'

/** What is said of a Canary, by field. */
type Said = Record<string, string>

function admitted(canary: KubeObject): Said {
  const user = installed(new VirtualClock()).as('kubectl')
  user.namespace('test')
  try {
    user.create(canary)
    return {}
  } catch (error) {
    if (!(error instanceof Refusal)) throw error
    const causes = error.details.causes ?? []
    return Object.fromEntries(causes.map(({ field, message }) => [field, message]))
  }
}

function read(canary: KubeObject): Said {
  const parsed = parseCanary(canary)
  if ('canary' in parsed) return {}
  return Object.fromEntries(parsed.problems.map(problem => problem.split(/: (.*)/s).slice(0, 2) as [string, string]))
}

/** Fields whose old values stay readable (`limitInAnotherUnit`). */
const isStored = (sentence: RegExp): boolean =>
  [/write 99 for 99 %/, /write 500 for half a second/].some(one => one.source === sentence.source)

suite('Canaries that were written for Flagger', () => {
  for (const { name, spec, refused = {} } of rows) {
    test(`${name}: ${Object.keys(refused).length === 0 ? 'accepted' : 'refused by field'}`, () => {
      const canary: KubeObject = {
        apiVersion: 'sluice.dev/v1beta1',
        kind: 'Canary',
        metadata: { name: 'podinfo', namespace: 'test' },
        spec: parse(spec) as unknown,
      }
      const fields = Object.keys(refused)
      const inProgram = read(canary)
      expect(Object.keys(inProgram).length > 0).to.equal(Object.values(refused).some(one => !isStored(one)))
      // What only the program can see, such as another namespace, the API server lets in.
      const atServer = admitted(canary)
      expect(Object.keys(atServer)).to.have.members(fields.filter(field => !field.endsWith('.namespace')))
      for (const [field, sentence] of Object.entries({ ...inProgram, ...atServer })) {
        expect(sentence, field).to.match(refused[field] ?? /^nothing$/)
      }
    })
  }
})
