/** Which calls of the API the 100 Canaries of fleet.test.ts cost at rest, as its audit log tells. */
import { expect } from 'chai'
import { kindKey, kinds } from '../../../src/api/object.ts'
import { FLEET_NAMESPACE, type Fleet, sharedFleet } from '../../fixtures/fleet.ts'
import type { ApiCall } from '../../lab/audit.ts'
import { sleep } from '../../lab/wait.ts'

/** Milliseconds: longer than the two minutes after which a namespace is read again for Canaries without pods. */
const WINDOW = 150_000

/** Kinds that not every cluster has are looked for every ten minutes: a list and what it is served as, each at most once in the window. */
const LOOKED_FOR = [kinds.VerticalPodAutoscaler, kinds.ScaledObject]
const PER_LOOK = 3

suite('100 Canaries of mixed providers at rest', () => {
  let fleet: Fleet

  suiteSetup(async () => {
    fleet = await sharedFleet()
    await fleet.restsSince()
  })
  suiteTeardown(() => fleet.end())

  test('they cost no request but leases and what does not grow with their number', async () => {
    const from = await fleet.restsSince()
    await sleep(Math.max(0, from + WINDOW - Date.now()))
    const all = await fleet.calls(from, from + WINDOW)
    const shown = (some: readonly ApiCall[]): string[] => some.map(({ verb, url, code }) => `${verb} ${url} ${code}`)

    const watches = all.filter(({ verb }) => verb === 'watch')
    const followed = new Set(
      (await fleet.calls(fleet.started)).filter(({ verb }) => verb === 'watch').map(({ resource }) => resource),
    )
    expect(watches.length, 'watches begun again').to.be.at.most(followed.size)

    const requests = all.filter(({ verb, resource }) => verb !== 'watch' && resource !== kindKey(kinds.Lease))
    const looks = requests.filter(({ url }) => LOOKED_FOR.some(({ group }) => url.startsWith(`/apis/${group}`)))
    expect(looks.length, shown(looks).join('\n')).to.be.at.most(LOOKED_FOR.length * PER_LOOK)
    // For all Canaries without pods in a namespace together, every two minutes.
    const reads = requests.filter(({ verb, url }) => verb === 'get' && url === `/api/v1/namespaces/${FLEET_NAMESPACE}`)
    expect(reads.length, 'reads of the namespace').to.be.at.most(Math.ceil(WINDOW / 120_000))
    const others = requests.filter(one => !looks.includes(one) && !reads.includes(one))
    expect(shown(others)).to.deep.equal([])
    const leases = all.filter(({ resource }) => resource === kindKey(kinds.Lease))
    expect(leases.length, 'leases').to.be.greaterThan(0)
  })
})
