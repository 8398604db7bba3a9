/** What stands in the way of a release by ingress-nginx. */
import { type KubeObject, kinds, type ObjectMeta } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, live, object } from '../given-objects.ts'
import { around, type Blocking, conflict, invalid, type Spec } from './given.ts'

const PREFIX = 'nginx.ingress.kubernetes.io'
const ingressRef = { apiVersion: 'networking.k8s.io/v1', kind: 'Ingress', name: 'web' }

export const path = (service: string, more: Spec = {}): Spec => ({
  path: '/',
  pathType: 'Prefix',
  backend: { service: { name: service, port: { number: 80 } } },
  ...more,
})

/** Rules of one host. */
export const at = (host: string, ...paths: readonly Spec[]): Spec => ({ rules: [{ host, http: { paths } }] })

const HOST = 'shop.example.com'

/** A rule that names no host. */
const everyHost = (service: string): Spec => ({ rules: [{ http: { paths: [path(service)] } }] })

export function ingress(
  name: string,
  spec: Spec = at(HOST, path('web')),
  annotations: Readonly<Record<string, string>> = {},
  metadata: Partial<ObjectMeta> = {},
): KubeObject {
  const prefixed = Object.fromEntries(
    Object.entries(annotations).map(([key, value]) => [key.includes('/') ? key : `${PREFIX}/${key}`, value]),
  )
  return object(kinds.Ingress, name, { spec }, { annotations: prefixed, ...metadata })
}

export const byNginx = (spec: Spec = {}): Observation['canary'] => canary({ provider: 'nginx', ingressRef, ...spec })

export const of = (users: KubeObject | null = ingress('web'), spec: Spec = {}): Partial<Observation> => ({
  canary: byNginx(spec),
  live: users === null ? {} : live([kinds.Ingress, users]),
})

const beside = (...others: readonly KubeObject[]): Partial<Observation> => ({
  ...of(ingress('web', undefined, {}, { creationTimestamp: '2026-01-02T00:00:00Z' })),
  ...around({ routes: others }),
})

const OLDER = { creationTimestamp: '2026-01-01T00:00:00Z' }

const matching = (...match: readonly Spec[]): Partial<Observation> =>
  of(undefined, { analysis: { iterations: 1, match } })

export const ofNginx: Readonly<Record<string, Blocking>> = {
  'the Ingress does not exist': {
    given: of(null),
    reason: 'ReferenceMissing',
    message:
      'Ingress shop/web, which spec.ingressRef names, does not exist. Create it with a path that leads to Service web, or recreate the Canary with the name of yours.',
  },
  'another controller serves the Ingress': conflict(
    of(ingress('web', { ...at(HOST, path('web')), ingressClassName: 'alb' })),
    'Ingress shop/web has the class alb, and ingress-nginx serves nginx: other controllers do not read its annotations, so nothing would be split. If ingress-nginx serves that class, have it added with --ingress-classes; else recreate the Canary with another provider.',
  ),
  'the old annotation says another class, which counts more': conflict(
    of(
      ingress('web', { ...at(HOST, path('web')), ingressClassName: 'nginx' }, { 'kubernetes.io/ingress.class': 'gce' }),
    ),
    'Ingress shop/web has the class gce, and ingress-nginx serves nginx: other controllers do not read its annotations, so nothing would be split. If ingress-nginx serves that class, have it added with --ingress-classes; else recreate the Canary with another provider.',
  ),
  'the Ingress is a canary itself': conflict(
    of(ingress('web', undefined, { canary: 'true' })),
    'Ingress shop/web is a canary itself (annotation nginx.ingress.kubernetes.io/canary), and ingress-nginx splits no canary. Remove its annotations about canaries, or recreate the Canary with the Ingress whose requests it takes.',
  ),
  'no path leads to the Service': conflict(
    of(ingress('web', at(HOST, path('api')))),
    'Ingress shop/web has no path that leads to Service web, so no request would meet the split. Write a rule in it with a path whose backend is Service web, or recreate the Canary with the service.name that it leads to.',
  ),
  'a backend that is a resource': conflict(
    of(ingress('web', at(HOST, path('', { backend: { resource: { kind: 'StorageBucket', name: 'web' } } })))),
    'Ingress shop/web has no path that leads to Service web (a backend that is a resource cannot be split), so no request would meet the split. Write a rule in it with a path whose backend is Service web, or recreate the Canary with the service.name that it leads to.',
  ),
  'the Service is the default backend alone': conflict(
    of(ingress('web', { defaultBackend: { service: { name: 'web', port: { number: 80 } } } })),
    'Ingress shop/web leads to Service web as its defaultBackend alone, and a canary needs a path, so no request would meet the split. Write a rule in it with a path whose backend is Service web, or recreate the Canary with the service.name that it leads to.',
  ),
  'nginx does not read the requests': conflict(
    of(ingress('web', undefined, { 'ssl-passthrough': 'true' })),
    'Ingress shop/web has the annotation nginx.ingress.kubernetes.io/ssl-passthrough: nginx passes connections on unread, and can split nothing. Remove the annotation, so that nginx ends TLS, or promote without weights: provider: kubernetes.',
  ),
  'callers stay with one side': conflict(
    of(ingress('web', undefined, { affinity: 'cookie', 'affinity-canary-behavior': 'legacy' })),
    'Ingress shop/web has the annotation nginx.ingress.kubernetes.io/affinity: cookie: callers stay with the side that answered them first, whatever the weight is and after a rollback, too. Remove the annotation.',
  ),
  'an Ingress of our name': conflict(
    {
      canary: byNginx(),
      live: live([kinds.Ingress, ingress('web')], [kinds.Ingress, ingress('web-canary', at(HOST, path('web-canary')))]),
    },
    'Ingress shop/web-canary exists and was not made by this Canary, which needs that name. If nothing needs it, delete it; if it belongs to another Canary of the same Ingress, give the paths to Service web an Ingress of their own and recreate this Canary with that.',
  ),
  'another canary for the same host and path': conflict(
    beside(ingress('beta', at(HOST, path('beta')), { canary: 'true' })),
    'Ingress shop/beta is a canary for shop.example.com /, too, and ingress-nginx uses one canary and ignores the others. Delete it, or remove that path from it.',
  ),
  'another canary in another spelling of true': conflict(
    beside(ingress('beta', at(HOST, path('beta')), { canary: 'True' })),
    'Ingress shop/beta is a canary for shop.example.com /, too, and ingress-nginx uses one canary and ignores the others. Delete it, or remove that path from it.',
  ),
  'one of another namespace': conflict(
    beside(ingress('beta', at(HOST, path('beta')), { canary: 'true' }, { namespace: 'other' })),
    'Ingress other/beta is a canary for shop.example.com /, too, and ingress-nginx uses one canary and ignores the others. Delete it, or remove that path from it.',
  ),
  'an older Ingress for the same host and path': conflict(
    beside(ingress('old', at(HOST, path('old')), {}, OLDER)),
    'Ingress shop/old is older than Ingress shop/web and has shop.example.com /, too: the older one gets these requests, and the canary would take a share of them. Remove the path from one of the two.',
  ),
  'an older Ingress for the same path, both without a host': conflict(
    {
      ...of(ingress('web', everyHost('web'), {}, { creationTimestamp: '2026-01-02T00:00:00Z' })),
      ...around({ routes: [ingress('old', everyHost('old'), {}, OLDER)] }),
    },
    'Ingress shop/old is older than Ingress shop/web and has every host /, too: the older one gets these requests, and the canary would take a share of them. Remove the path from one of the two.',
  ),
  'an older one of another namespace': conflict(
    beside(ingress('old', at(HOST, path('web')), {}, { ...OLDER, namespace: 'other' })),
    'Ingress other/old is older than Ingress shop/web and has shop.example.com /, too: the older one gets these requests, and the canary would take a share of them. Remove the path from one of the two.',
  ),
  'a port that the Service does not have': conflict(
    of(ingress('web', at(HOST, path('web', { backend: { service: { name: 'web', port: { name: 'admin' } } } })))),
    'Ingress shop/web leads shop.example.com / to port admin of Service web, which does not have it; it has 80 (http). Write one of these in the Ingress.',
  ),
  'a match on more than headers': invalid(
    matching({ headers: { 'x-user': { exact: 'a' } }, uri: { prefix: '/beta' } }),
    'spec.analysis.match[0].uri cannot be said to ingress-nginx: write headers, or remove it.',
  ),
  'a match on two headers at once': invalid(
    matching({ headers: { 'x-user': { exact: 'a' }, 'x-team': { exact: 'b' } } }),
    'spec.analysis.match[0].headers must have one header: ingress-nginx has no "and" between two. Write a match each for a header or a cookie.',
  ),
  'matches on two headers, one after the other': invalid(
    matching({ headers: { 'x-user': { exact: 'a' } } }, { headers: { 'x-user': { exact: 'b' } } }),
    'spec.analysis.match[1].headers is the second match on a header, and ingress-nginx takes one header and one cookie: leave one of the two out.',
  ),
  'two cookies': invalid(
    matching({ headers: { cookie: { exact: 'a' } } }, { headers: { Cookie: { exact: 'b' } } }),
    'spec.analysis.match[1].headers is the second match on a cookie, and ingress-nginx takes one header and one cookie: leave one of the two out.',
  ),
  'a prefix of a header': invalid(
    matching({ headers: { 'x-user': { prefix: 'a' } } }),
    'spec.analysis.match[0].headers.x-user must be exact: <letters, digits and ._~/->, or regex: <pattern>: ingress-nginx has no other condition.',
  ),
  'a value that ingress-nginx does not take': invalid(
    matching({ headers: { 'user-agent': { exact: 'Mozilla (X11)' } } }),
    'spec.analysis.match[0].headers.user-agent must be exact: <letters, digits and ._~/->, or regex: <pattern>: ingress-nginx has no other condition.',
  ),
  'a name that no header has': invalid(
    matching({ headers: { 'x user': { exact: 'a' } } }),
    'spec.analysis.match[0].headers.x user has a name with other characters than letters, digits and ._~/-.',
  ),
  'a pattern of a cookie': invalid(
    matching({ headers: { cookie: { regex: '^(.*?;)?(type=insider)(;.*)?$' } } }),
    'spec.analysis.match[0].headers.cookie must be exact: <name of a cookie>, of letters, digits and ._~/-: callers whose cookie of that name is `always` go to the canary.',
  ),
  'mutual TLS, which nginx does not know': invalid(
    of(undefined, { analysis: { metrics: [{ name: 'mutual-tls-rate' }] } }),
    'spec.analysis.metrics[0] is mutual-tls-rate, and ingress-nginx, which reports the requests of this Canary, does not know it. Remove the metric: the rate would be without data.',
  ),
}

const ours = { labels: { 'sluice.dev/canary': 'web' } }

export const harmlessInIngress: Readonly<Record<string, Partial<Observation>>> = {
  'an Ingress of the default class': of(),
  'one whose class is among those of the flag': {
    ...of(ingress('web', { ...at(HOST, path('web')), ingressClassName: 'nginx' })),
  },
  'paths to other Services beside ours': of(ingress('web', at(HOST, path('web'), path('api', { path: '/api' })))),
  'a port by its name': of(
    ingress('web', at(HOST, path('web', { backend: { service: { name: 'web', port: { name: 'http' } } } }))),
  ),
  'an Ingress of our name that is ours': {
    canary: byNginx(),
    live: live(
      [kinds.Ingress, ingress('web')],
      [kinds.Ingress, ingress('web-canary', at(HOST, path('web-canary')), {}, ours)],
    ),
  },
  'a rule without a host': of(ingress('web', everyHost('web'))),
  'an older one without a host, where ours has one': beside(ingress('old', everyHost('old'), {}, OLDER)),
  'a younger Ingress for the same host and path': beside(
    ingress('new', at(HOST, path('new')), {}, { creationTimestamp: '2026-01-03T00:00:00Z' }),
  ),
  'an older one that leads to the same Service': beside(ingress('old', at(HOST, path('web')), {}, OLDER)),
  'an older one that another controller serves': beside(
    ingress('old', { ...at(HOST, path('old')), ingressClassName: 'alb' }, {}, OLDER),
  ),
  'an older one for another path': beside(ingress('old', at(HOST, path('old', { path: '/old' })), {}, OLDER)),
  'a header and a cookie': matching(
    { headers: { 'x-canary': { exact: 'insider' } } },
    { headers: { cookie: { exact: 'canary' } } },
  ),
  'a pattern of a header': matching({ headers: { 'user-agent': { regex: '.*Firefox.*' } } }),
}
