/** 100 Canaries of all providers, on the real API server: which kinds are watched for them. What they cost at rest: idle.test.ts. */
import { expect } from 'chai'
import { kindKey, kinds } from '../../../src/api/object.ts'
import { type Fleet, sharedFleet } from '../../fixtures/fleet.ts'
import { waitFor } from '../../lab/wait.ts'

suite('100 Canaries of mixed providers', () => {
  let fleet: Fleet

  suiteSetup(async () => {
    fleet = await sharedFleet()
  })

  test('no kind of a provider is watched without a Canary of it', async () => {
    await waitFor('the controller watches Canaries', 30, async () =>
      (await fleet.calls(fleet.started)).some(
        ({ verb, resource }) => verb === 'watch' && resource === kindKey(kinds.Canary),
      ),
    )
    expect(await fleet.watched()).to.deep.equal([])
    await fleet.grow(['kubernetes'])
    expect(await fleet.watched()).to.deep.equal([])
    await fleet.grow(['nginx'])
    await waitFor('Ingresses are watched', 20, async () => (await fleet.watched()).length > 0)
    expect(await fleet.watched()).to.deep.equal([kindKey(kinds.Ingress)])
  })

  test('all are initialized, and rest', async () => {
    await fleet.restsSince()
  })
})
