/** Server-side apply, as the real server does it: who owns which field, and what a conflict is. */
import { assert } from 'chai'
import { kinds, type KubeObject } from '../../src/api/object.ts'
import type { PlaygroundApi } from './api.ts'
import { VirtualClock } from '../clock.ts'
import { at } from '../json.ts'
import { call, canary, freshApi, owners, ref, refusal, service } from './api.given.ts'

suite('playground: the API: server-side apply', () => {
  let clock: VirtualClock
  let api: PlaygroundApi
  const user = () => api.as('kubectl')
  setup(() => {
    ;({ clock, api } = freshApi())
  })

  suite('server-side apply', () => {
    const apply = (object: KubeObject) => api.write({ verb: 'apply', ref: ref(kinds.Service), object }, call())

    test('takes what it names, and leaves what others wrote', async () => {
      user().create(
        service(
          [
            { name: 'http', port: 80 },
            { name: 'admin', port: 81 },
          ],
          { sessionAffinity: 'ClientIP' },
        ),
      )
      const applied = await apply(service([{ name: 'web', port: 80 }]))
      assert.deepNestedInclude(applied, { 'spec.sessionAffinity': 'ClientIP' })
      assert.deepEqual(at(applied, 'spec', 'ports'), [
        { name: 'web', port: 80, protocol: 'TCP', targetPort: 80 },
        { name: 'admin', port: 81, protocol: 'TCP', targetPort: 81 },
      ])
      const ours = owners(applied).find(([manager]) => manager === 'sluice')
      assert.deepEqual(ours?.slice(1), [
        'Apply',
        {
          'f:spec': {
            'f:ports': { 'k:{"port":80,"protocol":"TCP"}': { '.': {}, 'f:name': {}, 'f:port': {} } },
            'f:selector': {},
          },
        },
      ])
    })

    test('removes what it named before and names no more, unless somebody else owns it', async () => {
      await apply(
        service(
          [
            { name: 'http', port: 80 },
            { name: 'admin', port: 81 },
          ],
          { externalName: 'x' },
        ),
      )
      user().apply(service([{ name: 'http', port: 80 }], { externalName: 'x' }))
      const applied = await apply(service([{ name: 'http', port: 80 }]))
      assert.deepEqual(
        [(at(applied, 'spec', 'ports') as unknown[]).length, at(applied, 'spec', 'externalName')],
        [1, 'x'],
      )
    })

    test('without force a field of another manager is a Conflict that names it; with force it changes hands', async () => {
      user().apply(service())
      const argo = api.as('argocd')
      const wanted = service([{ name: 'other', port: 80 }])
      assert.equal(
        refusal(() => argo.apply(wanted)),
        '409 Conflict: Apply failed with 1 conflict: conflict with "kubectl": .spec.ports[port=80,protocol="TCP"].name',
      )
      argo.apply(wanted, 'force')
      const kubectl = owners(user().get(kinds.Service, 'shop', 'web')).find(([manager]) => manager === 'kubectl')
      assert.notNestedProperty(kubectl?.[2], 'f:spec.f:ports.k:{"port":80,"protocol":"TCP"}.f:name')
    })

    test('what is applied again unchanged changes nothing, not even a time', async () => {
      const first = await apply(service())
      await clock.advance(60_000)
      assert.deepEqual(await apply(service()), first)
    })

    test('lists of Istio are atomic: who applies a route has all routes', () => {
      const routes = (...names: string[]): KubeObject => ({
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        metadata: { name: 'web', namespace: 'shop' },
        spec: { http: names.map(name => ({ name })) },
      })
      user().create(routes('a', 'b'))
      const applied = api.as('argocd').apply(routes('c'), 'force')
      assert.deepEqual(applied['spec'], { http: [{ name: 'c' }] })
    })

    test('a write of another kind takes the field it changes from the one who applied it', () => {
      user().apply(canary({ weight: 10, name: 'x' }))
      const after = api.as('hand').merge(kinds.Canary, 'shop', 'web', { spec: { weight: 20 } })
      assert.deepEqual(owners(after), [
        ['kubectl', 'Apply', { 'f:spec': { '.': {}, 'f:name': {} } }],
        ['hand', 'Update', { 'f:spec': { 'f:weight': {} } }],
      ])
    })

    test('an object that nobody owns is not taken in silence: a first apply conflicts with what was there', async () => {
      user().create(canary({ weight: 10 }))
      user().merge(kinds.Canary, 'shop', 'web', { metadata: { managedFields: [{}] } })
      assert.equal(
        refusal(() => user().apply(canary({ weight: 20 }))),
        '409 Conflict: Apply failed with 1 conflict: conflict with "before-first-apply" using sluice.dev/v1beta1: .spec.weight',
      )
    })

    test('disowning gives up our entries and nothing else, so that the next apply of a user meets no conflict', async () => {
      user().create(service([{ name: 'mine', port: 81 }]))
      const before = await apply(service([{ name: 'ours', port: 80 }]))
      const after = await api.write({ verb: 'disown', ref: ref(kinds.Service) }, call())
      assert.deepEqual(
        owners(after),
        owners(before).filter(([manager]) => manager !== 'sluice'),
      )
      assert.deepEqual(after?.['spec'], before?.['spec'])
      assert.equal(
        refusal(() => user().apply(service([{ name: 'other', port: 80 }]))),
        'accepted',
      )
    })
  })
})
