import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { firstStep } from '../../../src/core/machine/rules/start-run.ts'
import { checkContextOf } from '../../../src/core/analysis/check-context-of.ts'
import { noSurroundings, object, observation } from '../given-objects.ts'

suite('the scene of a look', () => {
  test('other namespaces with routes in the mesh are strangers; the own one, and those at gateways alone, are not', () => {
    const routes = (namespace: string, gateways?: readonly string[]) =>
      object(
        kinds.VirtualService,
        'routes',
        { spec: { hosts: ['web.shop.svc.cluster.local'], gateways } },
        { namespace },
      )
    const virtualServices = [
      routes('people', ['mesh', 'istio-system/public']),
      routes('evil'),
      routes('shop'),
      routes('edge', ['istio-system/public']),
    ]
    const o = observation({
      state: firstStep({ promoted: 'h1:1', rejected: null }, 'h1:2', 'advancing', 0),
      surroundings: { ...noSurroundings, routes: virtualServices },
    }) as Observation<'Progressing'>
    expect(checkContextOf(o, 1000).strangers).to.deep.equal(['evil', 'people'])
  })
})
