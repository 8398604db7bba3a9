/** What the parents of an HTTPRoute answer, and why its weights do not count then. */
import { kinds } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { live } from '../given-objects.ts'
import { withAnswers } from './own-routers.ts'
import { given, rendered, route } from './gateway-api.given.ts'

/** Parents of the route: a Gateway of another namespace, and the Service. */
export const parents = {
  gatewayRefs: [
    { name: 'public', namespace: 'infra' },
    { kind: 'Service', name: 'web', port: 80 },
  ],
}
/** When the weights were written. */
const written = '2026-01-01T00:00:00Z'
export const since = Date.parse(written)
/** A world whose route is at 10 %, at generation 2, written at `since`; no parent has answered. */
export const unanswered = (() => {
  const world = rendered(given(parents), { traffic: weighted(10) })
  const metadata = {
    ...route(world).metadata,
    generation: 2,
    managedFields: [{ manager: 'sluice', operation: 'Apply', time: written }],
  }
  return { ...world, live: { ...world.live, ...live([kinds.HTTPRoute, { ...route(world), metadata }]) } }
})()

/** The same once both parents have taken it up. */
export const takenUp = withAnswers(unanswered, kinds.HTTPRoute, ['True', 'True'])

type Entry = {
  parentRef: { name: string }
  conditions: { type: string; status: string; observedGeneration: number }[]
}

/** What is taken up, with the entries of the parents changed. */
export const withEntries = (change: (entries: Entry[]) => Entry[]): Observation => {
  const entries = structuredClone((route(takenUp)['status'] as { parents: Entry[] }).parents)
  const next = { ...route(takenUp), status: { parents: change(entries) } }
  return { ...takenUp, live: { ...takenUp.live, ...live([kinds.HTTPRoute, next]) } }
}
/** What is taken up, with the answer of the Gateway changed. */
const withGatewayEntry = (change: (entry: Entry) => void): Observation =>
  withEntries(entries => {
    for (const entry of entries) if (entry.parentRef.name === 'public') change(entry)
    return entries
  })

/** By its Gateway, in the condition Accepted (0) or ResolvedRefs (1). */
const refusedFor = (condition: 0 | 1, reason: string): Observation =>
  withGatewayEntry(entry => Object.assign(entry.conditions[condition] ?? {}, { status: 'False', reason, message: '' }))

/** What parents answered: the world, since when that is so (0: answered), and what is said of it. */
export const answers: Readonly<Record<string, [o: Observation, since: number, because: string]>> = {
  'a Gateway that does not exist has no entry': [
    withEntries(entries => entries.filter(entry => entry.parentRef.name !== 'public')),
    since,
    'HTTPRoute shop/web has no answer from Gateway infra/public: it does not exist, or no controller serves it. Create it, or name another parent',
  ],
  'nobody has answered yet': [
    withEntries(() => []),
    since,
    'HTTPRoute shop/web has no answer from Gateway infra/public: it does not exist, or no controller serves it. Create it, or name another parent',
  ],
  'an answer to an earlier generation is none': [
    withGatewayEntry(entry => {
      for (const condition of entry.conditions) condition.observedGeneration = 1
    }),
    since,
    'HTTPRoute shop/web waits for Gateway infra/public: istio.io/gateway-controller has not said Accepted of generation 2 yet',
  ],
  'a condition that is missing is not true': [
    withGatewayEntry(entry => {
      entry.conditions = entry.conditions.filter(one => one.type === 'Accepted')
    }),
    since,
    'HTTPRoute shop/web waits for Gateway infra/public: istio.io/gateway-controller has not said ResolvedRefs of generation 2 yet',
  ],
  'a parent that refuses it says why': [
    withGatewayEntry(entry =>
      Object.assign(entry.conditions[0] ?? {}, {
        status: 'False',
        reason: 'NotAllowedByListeners',
        message: 'no listener allows it.',
      }),
    ),
    0,
    'HTTPRoute shop/web is not in effect at Gateway infra/public: Accepted is False, NotAllowedByListeners (no listener allows it). Allow its namespace and kind in allowedRoutes of a listener',
  ],
  'a backend without a grant is said with the grant': [
    withGatewayEntry(entry =>
      Object.assign(entry.conditions[1] ?? {}, { status: 'False', reason: 'RefNotPermitted', message: '' }),
    ),
    0,
    'HTTPRoute shop/web is not in effect at Gateway infra/public: ResolvedRefs is False, RefNotPermitted. Create a ReferenceGrant in the namespace of the backend, with from: {group: gateway.networking.k8s.io, kind of the route, its namespace} and to: {group: "", kind: Service}',
  ],
  'a filter that the implementation does not know, whose rule a sidecar leaves out': [
    refusedFor(1, 'InvalidFilter'),
    0,
    'HTTPRoute shop/web is not in effect at Gateway infra/public: ResolvedRefs is False, InvalidFilter. Remove the filter that the implementation does not know',
  ],
  'a backend that does not exist, which Accepted says nothing of': [
    refusedFor(1, 'BackendNotFound'),
    0,
    'HTTPRoute shop/web is not in effect at Gateway infra/public: ResolvedRefs is False, BackendNotFound. Create the Service that the route names, or remove it from the route',
  ],
  'a host that no listener has': [
    refusedFor(0, 'NoMatchingListenerHostname'),
    0,
    'HTTPRoute shop/web is not in effect at Gateway infra/public: Accepted is False, NoMatchingListenerHostname. Write a host that a listener has',
  ],
  'a section that the parent does not have': [
    refusedFor(0, 'NoMatchingParent'),
    0,
    'HTTPRoute shop/web is not in effect at Gateway infra/public: Accepted is False, NoMatchingParent. Write a sectionName or port that the parent has',
  ],
  'what is not known yet is waited for, with its reason': [
    withGatewayEntry(entry =>
      Object.assign(entry.conditions[1] ?? {}, { status: 'Unknown', reason: 'Vendor', message: 'try again' }),
    ),
    since,
    'HTTPRoute shop/web waits for Gateway infra/public: istio.io/gateway-controller says ResolvedRefs is Unknown, Vendor (try again)',
  ],
}
