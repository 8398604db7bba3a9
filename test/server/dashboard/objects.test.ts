/** The objects of a Canary on the page, where its routes are chosen by labels and served in an older version. */
import { expect } from 'chai'
import { type Kind, kinds } from '../../../src/api/object.ts'
import { ApiError } from '../../../src/core/errors.ts'
import { objectsOf } from '../../../src/server/dashboard/objects.ts'
import { VirtualClock } from '../../../playground/clock.ts'
import { resourceOf } from '../../../playground/schema/custom.ts'
import type { PlaygroundApi } from '../../../playground/test/api.ts'
import { installed, looseDefinition } from '../../../playground/test/installed.ts'
import { canary } from '../../core/given-objects.ts'

const call = { lane: 'normal', signal: new AbortController().signal } as const
const selected = { kind: 'TCPRoute', selector: { matchLabels: { split: 'web' } } }

suite('the objects of a Canary on the page', () => {
  let api: PlaygroundApi
  const older = { ...kinds.TCPRoute, version: 'v1alpha2' }
  setup(() => {
    api = installed(new VirtualClock())
    api.server.resources.install(...[kinds.HTTPRoute, older].map(kind => resourceOf(looseDefinition(kind))))
    api.as('kubectl').namespace('shop')
    for (const [name, labels] of [
      ['db', { split: 'web' }],
      ['mail', { split: 'mail' }],
      ['named', {}],
    ] as const) {
      api.as('kubectl').create({
        apiVersion: 'gateway.networking.k8s.io/v1alpha2',
        kind: 'TCPRoute',
        metadata: { name, namespace: 'shop', labels },
        spec: { rules: [{ backendRefs: [{ name: 'web', port: 80 }] }] },
      })
    }
  })

  /** What an API server answers that does not serve TCPRoutes in v1. */
  const reads: Parameters<typeof objectsOf>[0] = {
    get: async (ref, given) => (isUnserved(ref.kind) ? null : api.get(ref, given)),
    list: async (kind, query, given) => {
      if (isUnserved(kind)) throw new ApiError({ code: 404, reason: 'NotFound', message: '404 page not found' })
      return api.list(kind, query, given)
    },
  }
  const isUnserved = ({ kind, version }: Kind): boolean => kind === 'TCPRoute' && version === 'v1'

  test('routes that are chosen by labels are among them, and one that an alpha version alone serves is present', async () => {
    const chosen = canary({ provider: 'gatewayapi:v1' }, { routes: [selected, { kind: 'TCPRoute', name: 'named' }] })
    const { items, unread } = await objectsOf(reads, chosen, call)
    const routes = items.filter(({ kind }) => kind.endsWith('Route'))
    expect(routes.map(({ apiVersion, name, role, state }) => [apiVersion, name, role, state])).to.deep.equal([
      ['gateway.networking.k8s.io/v1alpha2', 'db', 'splits the traffic', 'present'],
      ['gateway.networking.k8s.io/v1alpha2', 'named', 'splits the traffic', 'present'],
    ])
    expect(unread).to.deep.equal([])
  })

  test('where the caller may not list them, that is said', async () => {
    const message = 'tcproutes is forbidden: User "vera" cannot list resource "tcproutes"'
    const forbidden = new ApiError({ code: 403, reason: 'Forbidden', message })
    api.faults.add({
      before: ({ verb, kind }) => {
        if (verb === 'list' && kind.kind === 'TCPRoute') throw forbidden
      },
    })
    const { unread } = await objectsOf(reads, canary({ provider: 'gatewayapi:v1' }, { routes: [selected] }), call)
    expect(unread).to.deep.equal([`TCPRoute: ${message}`])
  })
})
