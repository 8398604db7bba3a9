/**
 * The mesh contract: the same VirtualServices, DestinationRules and Services in our mesh, and in the e2e suite through the real
 * istiod and Envoy (`npm run e2e -- e2e/tests/contract/mesh.test.ts`): the same pods, the same shares, the same flags.
 */
import { expect } from 'chai'
import { differencesOf, ourMesh, ourPlace } from './mesh.answers.ts'
import { cases, idOf } from './mesh.cases.ts'
import { differences } from './mesh.differences.ts'
import { report } from './report.ts'

const isExactly = (count: number, share: number): boolean => Math.abs(count - share) < 1e-9

suite('the mesh contract', () => {
  let play: Awaited<ReturnType<typeof ourMesh>>
  suiteSetup(async () => {
    play = await ourMesh()
  })
  suiteTeardown(() => console.log(`\n${report('mesh', cases.length, differences)}`))

  test('every case has a name of its own, and every listed difference is about one', () => {
    const names = cases.map(({ name }) => name)
    expect(new Set(names).size).to.equal(names.length)
    expect(names).to.include.members(Object.keys(differences))
  })

  for (const [index, { name, play: at }] of cases.entries()) {
    const isListed = name in differences
    test(isListed ? `differs: ${name}` : name, async () => {
      const played = at(ourPlace(idOf(index)))
      const found = differencesOf(played, await play(played), isExactly)
      if (isListed) expect(found).to.not.deep.equal([])
      else expect(found).to.deep.equal([])
    })
  }
})
