/** What is said of kinds of policies that a Canary needs and that cannot be seen, by how its primary is labeled. */
import { expect } from 'chai'
import { type Kind, kinds } from '../../src/api/object.ts'
import { unseenIn, unseenNeeded } from '../../src/controller/watch-health.ts'
import { Reflector } from '../../src/runtime/reflector.ts'
import { Store } from '../../src/runtime/store.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { resourceOf } from '../../playground/schema/custom.ts'
import { PlaygroundApi } from '../../playground/test/api.ts'
import { looseDefinition } from '../../playground/test/installed.ts'

const silent = { debug() {}, info() {}, warn() {}, error() {} }
const kind = kinds.AuthorizationPolicy

/** What is said of a kind, once the server has answered. */
async function saidOf<T>(of: Kind, prepare: (api: PlaygroundApi) => void, say: (one: Reflector) => T): Promise<T> {
  const clock = new VirtualClock()
  const api = PlaygroundApi.on(clock)
  prepare(api)
  const store = new Store(
    object => object,
    () => {},
  )
  const options = { api, kind: of, namespace: '', labelSelector: '', clock, random: () => 0.5, log: silent }
  const stop = new AbortController()
  const reflector = new Reflector(options, store)
  void reflector.run(stop.signal)
  await clock.advance(1000)
  const said = say(reflector)
  stop.abort()
  await clock.advance(0)
  return said
}

/** What is said of a policy with each way of labels. */
const saidWith = (prepare: (api: PlaygroundApi) => void): Promise<Record<'keep' | 'switch', string | null>> =>
  saidOf(kind, prepare, reflector => {
    const said = (labels: 'keep' | 'switch'): string | null => unseenNeeded([reflector], 'shop', [kind], labels)
    return { keep: said('keep'), switch: said('switch') }
  })

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

suite('autoscalers that are served in another version', () => {
  const rows = [
    [
      kinds.ScaledObject,
      'v1',
      'scaledobjects.keda.sh is served as v1; Sluice needs v1alpha1, that is KEDA 2.0 or newer, because spec.autoscalerRef names a ScaledObject',
    ],
    [
      kinds.HorizontalPodAutoscaler,
      'v1',
      'horizontalpodautoscalers.autoscaling is served as v1; Sluice needs v2, that is Kubernetes 1.23 or newer, because spec.autoscalerRef names a HorizontalPodAutoscaler',
    ],
    [
      kinds.HorizontalPodAutoscaler,
      null,
      'horizontalpodautoscalers.autoscaling is not installed, and spec.autoscalerRef names a HorizontalPodAutoscaler. Use an API server that serves autoscaling/v2, or remove spec.autoscalerRef',
    ],
  ] as const
  for (const [named, version, sentence] of rows) {
    test(`${named.kind}, ${version ?? 'not at all'}: the sentence says the version that is needed`, async () => {
      const serve = (api: PlaygroundApi): void => {
        api.server.resources.remove(named)
        if (version !== null) api.server.resources.install(resourceOf(looseDefinition({ ...named, version })))
      }
      const said = (scaler: Kind | null) => saidOf(named, serve, one => unseenIn([one], 'shop', [], scaler))
      expect(await said(named)).to.equal(sentence)
      expect(await said(null)).to.equal(null)
    })
  }
})
