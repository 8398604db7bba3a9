/** What is said of kinds of policies that a Canary needs and that cannot be seen, by how its primary is labeled. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { unseenNeeded } from '../../src/controller/watch-health.ts'
import { Reflector } from '../../src/runtime/reflector.ts'
import { Store } from '../../src/runtime/store.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { looseDefinition } from '../../playground/test/installed.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const kind = kinds.AuthorizationPolicy

/** What is said of the kind with each way of labels, once the server has answered. */
async function saidWith(prepare: (api: PlaygroundApi) => void): Promise<Record<'keep' | 'switch', string | null>> {
  const clock = new VirtualClock()
  const api = PlaygroundApi.on(clock)
  prepare(api)
  const store = new Store(
    object => object,
    () => {},
  )
  const options = { api, kind, namespace: '', labelSelector: '', clock, random: () => 0.5, log: silent }
  const stop = new AbortController()
  const reflector = new Reflector(options, store)
  void reflector.run(stop.signal)
  await clock.advance(1000)
  const said = (labels: 'keep' | 'switch'): string | null => unseenNeeded([reflector], 'shop', [kind], labels)
  const both = { keep: said('keep'), switch: said('switch') }
  stop.abort()
  await clock.advance(0)
  return both
}

const KEEP = 'recreate the Canary with spec.primary.labels: keep'

suite('policies that cannot be seen', () => {
  test('a Canary that has labels: keep already is not advised to write it: forbidden', async () => {
    const said = await saidWith(api => {
      api.server.resources.install(resourceOf(looseDefinition(kind)))
      api.server.authorize = () => 'no rule'
    })
    expect(said.switch).to.match(new RegExp(`which binds ClusterRole sluice-istio-policies, or ${KEEP}$`))
    expect(said.keep).to.match(/which binds ClusterRole sluice-istio-policies$/)
  })

  test('served in another version', async () => {
    const said = await saidWith(api =>
      api.server.resources.install(resourceOf(looseDefinition({ ...kind, version: 'v1beta1' }))),
    )
    expect(said).to.deep.equal({
      keep: 'authorizationpolicies.security.istio.io is served as v1beta1, and Sluice reads policies of security.istio.io/v1: install Istio 1.22 or newer',
      switch: `authorizationpolicies.security.istio.io is served as v1beta1, and policies of security.istio.io/v1 are kept equal for the primary: install Istio 1.22 or newer, or ${KEEP}`,
    })
  })

  test('a kind that is not installed has no policies', async () => {
    expect(await saidWith(() => {})).to.deep.equal({ keep: null, switch: null })
  })
})
