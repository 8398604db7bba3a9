/** What stands in the way of a release in VirtualServices and DestinationRules that the Canary names. */
import { kinds } from '../../../src/api/object.ts'
import { canary, live } from '../given-objects.ts'
import { next, routes, rule, subsets, target, to, twoSubsets, usersRoutes, withRoutes, withRule } from './given.ts'
import type { Blocking } from './given.ts'

export const ofRoutes: Readonly<Record<string, Blocking>> = {
  'a VirtualService that does not exist': {
    given: { canary: canary({}, usersRoutes) },
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, which does not exist. Create it, or recreate the Canary without the entry.',
  },
  'a named route that does not exist': {
    given: withRoutes(
      { hosts: ['web'], http: [{ name: 'api', route: [to('web')] }, { route: [to('web')] }] },
      { virtualServices: [{ name: 'routes', routes: [{ name: 'all' }] }] },
    ),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names the route all of VirtualService shop/routes, which has no http route of that name; there are: api. Write one of them, or name the route.',
  },
  'no route to the Service': {
    given: withRoutes({ hosts: ['web'], http: [{ route: [to('other')] }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, but none of its http routes leads to Service web. Add a destination with that host, or recreate the Canary without the entry.',
  },
  'more routes than one patch can shift': {
    given: withRoutes({ hosts: ['web'], http: Array.from({ length: 1001 }, () => ({ route: [to('web')] })) }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, of which 1001 http routes are to be split; 1000 are the most. Name fewer in service.virtualServices[].routes, or join routes that differ only in their match.',
  },
  'a tcp route to the Service': {
    given: withRoutes({ hosts: ['web'], tcp: [{ route: [to('web')] }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, which leads to Service web by a tcp route; only http routes can be split. Make it an http route.',
  },
  'a route with a third destination': {
    given: withRoutes({ hosts: ['web'], http: [{ name: 'all', route: [to('web'), to('legacy')] }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, whose http route all leads to web and legacy; there must be one destination for web and none for others. Put the others into a route of their own.',
  },
  'a named route that redirects': {
    given: withRoutes(
      { hosts: ['web'], http: [{ name: 'all', redirect: {} }] },
      { virtualServices: [{ name: 'routes', routes: [{ name: 'all' }] }] },
    ),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, whose http route all has no destination to split (it redirects, answers or delegates). Choose other routes.',
  },
  'a route with a subset that the Canary does not speak of': {
    given: withRoutes({ hosts: ['web'], http: [{ route: [to('web', { subset: 'v1' })] }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, whose http route number 1 uses the subset v1. Split by subsets with service.destinationRule, or remove the subset.',
  },
  'a route without a subset where the split is between subsets': {
    given: {
      canary: canary({}, { ...usersRoutes, ...subsets }),
      ...target(next),
      live: live(
        [kinds.VirtualService, routes('routes', { hosts: ['web'], http: [{ route: [to('web')] }] })],
        [kinds.DestinationRule, rule(twoSubsets)],
      ),
    },
    reason: 'ReferenceMissing',
    message:
      'spec.service.virtualServices[0] names VirtualService shop/routes, whose http route number 1 does not say which subset it leads to. Write subset: stable in its destination.',
  },
  'a DestinationRule that does not exist': {
    given: { canary: canary({}, subsets) },
    reason: 'ReferenceMissing',
    message:
      'spec.service.destinationRule names DestinationRule shop/rules, which does not exist. Create it, or recreate the Canary without service.destinationRule.',
  },
  'a DestinationRule for another host': {
    given: withRule({ ...twoSubsets, host: 'api' }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.destinationRule names DestinationRule shop/rules, which is for the host api, not for Service web. Write web as its spec.host, or name another rule.',
  },
  'a subset that does not exist': {
    given: withRule({ host: 'web', subsets: [{ name: 'stable', labels: { version: 'v1' } }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.destinationRule names DestinationRule shop/rules, which has no subset next; there are: stable. Add it, or write one of them.',
  },
  'a subset without labels': {
    given: withRule({ host: 'web', subsets: [{ name: 'stable', labels: { version: 'v1' } }, { name: 'next' }] }),
    reason: 'ReferenceMissing',
    message:
      'spec.service.destinationRule names DestinationRule shop/rules, whose subset next has no labels to find pods by. Give it one, such as version: next.',
  },
  'a template outside the canary’s subset': {
    given: withRule(),
    reason: 'TargetInvalid',
    message:
      'The template of Deployment shop/web does not carry the labels of the subset next of DestinationRule rules (version: v2), so the mesh would not find its pods. Add them to spec.template.metadata.labels.',
  },
  'a template in both subsets': {
    given: {
      ...withRule({
        host: 'web',
        subsets: [
          { name: 'stable', labels: { app: 'web' } },
          { name: 'next', labels: { version: 'v2' } },
        ],
      }),
      ...target(next),
    },
    reason: 'TargetInvalid',
    message:
      "The pods of Deployment shop/web belong to the subset stable of DestinationRule rules too (app: web), which is the primary's. Give the subsets different values of one label.",
  },
  'a target that is selected by its subset alone': {
    given: { ...withRule(), ...target({ ...next, selector: { matchLabels: { version: 'v2' } } }) },
    reason: 'NoSelectorLabel',
    message:
      'Deployment shop/web selects its pods by labels of its subset alone, so no Service could select both sides. Add a label that both have, such as app, to its selector.',
  },
}
