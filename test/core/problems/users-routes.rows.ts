/** What stands in the way of a release by routes of the user, which the Canary names or selects. */
import { type Kind, type KubeObject, kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { live, object } from '../given-objects.ts'
import { around, type Blocking, conflict, routes, type Spec } from './given.ts'
import { atService, gateway, httpRoute, of, to } from './gateway-api.given.ts'

const missing = (given: Partial<Observation>, message: string): Blocking => ({
  given,
  reason: 'ReferenceMissing',
  message,
})

/** A route of the user's that the Canary names. */
const listing = (
  spec: Spec | null,
  entry: Spec = { name: 'routes' },
  kind: Kind = kinds.HTTPRoute,
): Partial<Observation> => ({
  ...of({ routes: [entry] }),
  ...(spec === null ? {} : { live: live([kind, httpRoute('routes', { parentRefs: gateway, ...spec }, 'shop', kind)]) }),
})

/** Routes of the user's that the Canary chooses by their labels. */
const selecting = (matchLabels: Spec, kind = 'HTTPRoute'): Partial<Observation> =>
  of({ routes: [{ kind, selector: { matchLabels } }] })
const labelled = (name: string, spec: Spec, labels: Record<string, string>, annotations = {}): KubeObject =>
  object(kinds.HTTPRoute, name, { spec: { parentRefs: gateway, ...spec } }, { labels, annotations })
const there = (...all: readonly KubeObject[]): Partial<Observation> => ({
  live: live(...all.map((one): [Kind, KubeObject] => [kinds.HTTPRoute, one])),
})

export const ofUsersRoutes: Readonly<Record<string, Blocking>> = {
  'an HTTPRoute that does not exist': missing(
    listing(null),
    'spec.service.routes[0] names HTTPRoute shop/routes, which does not exist. Create it, or recreate the Canary without the entry.',
  ),
  'a TCPRoute that does not exist, or is served in another version': missing(
    listing(null, { kind: 'TCPRoute', name: 'routes' }),
    'spec.service.routes[0] names TCPRoute shop/routes, which does not exist, or is not served in v1 or v1alpha2. Create it, or recreate the Canary without the entry.',
  ),
  'a rule that does not exist': missing(
    listing(
      { rules: [{ name: 'api', backendRefs: [{ name: 'web', port: 80 }] }] },
      { name: 'routes', rules: [{ name: 'all' }] },
    ),
    'spec.service.routes[0] names the rule all of HTTPRoute shop/routes, which has no rule of that name; there are: api. Write one of them, or name the rule.',
  ),
  'no rule to the Service': missing(
    listing(to('other')),
    'spec.service.routes[0] names HTTPRoute shop/routes, but none of its rules leads to Service web. Add a backendRef with that name, or recreate the Canary without the entry.',
  ),
  'a rule with a third backend': missing(
    listing({
      rules: [
        {
          backendRefs: [
            { name: 'web', port: 80 },
            { name: 'legacy', port: 80 },
          ],
        },
      ],
    }),
    'spec.service.routes[0] names HTTPRoute shop/routes, whose rule number 1 leads to web and legacy; there must be one backend for web and none for others. Put the others into a rule of their own.',
  ),
  'a rule without a backend': missing(
    listing({ rules: [{ name: 'away', filters: [] }] }, { name: 'routes', rules: [{ name: 'away' }] }),
    'spec.service.routes[0] names HTTPRoute shop/routes, whose rule away has no backend to split. Choose other rules.',
  ),
  'a rule to a port that the Service does not have': missing(
    listing(
      { rules: [{ backendRefs: [{ name: 'web', port: 81 }] }] },
      { kind: 'GRPCRoute', name: 'routes' },
      kinds.GRPCRoute,
    ),
    'spec.service.routes[0] names GRPCRoute shop/routes, whose rule number 1 leads to port 81, which Service web-canary does not have; it has 80. Write one of them, or add the port to Service web.',
  ),
  'labels that no route has': missing(
    { ...selecting({ team: 'web', tier: 'front' }), ...there(labelled('a', to('web'), { team: 'web' })) },
    'spec.service.routes[0] selects HTTPRoutes of namespace shop by team=web, tier=front, and there is none. Write the labels on the routes to split, or recreate the Canary without the entry.',
  ),
  'labels of a kind that no route has, or that is not served': missing(
    selecting({ team: 'web' }, 'TLSRoute'),
    'spec.service.routes[0] selects TLSRoutes of namespace shop by team=web, and there is none, or they are not served in v1, v1alpha3 or v1alpha2. Write the labels on the routes to split, or recreate the Canary without the entry.',
  ),
  'labels that too many routes have': missing(
    {
      ...selecting({ team: 'web' }),
      ...there(...Array.from({ length: 21 }, (_, n) => labelled(`r${n}`, to('web'), { team: 'web' }))),
    },
    'spec.service.routes[0] selects HTTPRoutes of namespace shop by team=web, and there are more than 20. Recreate the Canary with another label that fewer routes have, or with several entries.',
  ),
  'labels of a route that leads elsewhere': missing(
    {
      ...selecting({ team: 'web' }),
      ...there(labelled('a', to('web'), { team: 'web' }), labelled('b', to('api'), { team: 'web' })),
    },
    'spec.service.routes[0] selects HTTPRoute shop/b, but none of its rules leads to Service web. Add a backendRef with that name, or remove one of the labels from the route.',
  ),
  'labels of a route in which another Canary shifts weights': missing(
    {
      ...selecting({ team: 'web' }),
      ...there(labelled('b', to('api'), { team: 'web' }, { 'sluice.dev/original': '{"#0":1}' })),
    },
    'spec.service.routes[0] selects HTTPRoute shop/b, in which another Canary shifts weights, but none of its rules leads to Service web. Add a backendRef with that name, or remove one of the labels from the route.',
  ),
  'a VirtualService beside a route of the user on the Service': conflict(
    {
      ...listing({ ...to('web'), parentRefs: atService }),
      ...around({ otherApiRoutes: [routes('old', { hosts: ['web'] })] }),
    },
    'VirtualService shop/old is for requests in the mesh to Service web, which this Canary splits by routes of another API: some callers would meet the one, and some the other. Remove the host web from it, or recreate the Canary with provider: istio.',
  ),
}
