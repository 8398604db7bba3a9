/** Rows about the target, its Service, and hosts and gateways of Istio. */
import { bad, canary, type Case, changed, good, malformed, subsets } from './given.ts'

export const services: readonly Case[] = [
  malformed('no port', { service: { port: null } }, 'is required', 'Required value'),
  malformed(
    'a port that is text',
    { service: { port: 'http' } },
    'must be a number, not "http"',
    'must be of type integer',
  ),
  malformed('no service', { service: null }, 'is required', 'Required value', 'spec.service'),
  malformed('no target', { targetRef: null }, 'is required', 'Required value', 'spec.targetRef'),
  malformed(
    'a provider that Flagger does not know',
    { provider: 'ambassador' },
    'must be one of istio',
    'Unsupported value: "ambassador"',
  ),
  bad(
    'a service name that is none',
    { service: { name: 'Web' } },
    'the Service must have at most 55',
    'spec.service.name',
  ),
  bad(
    'a service name without room for -primary',
    { service: { name: 'w'.repeat(56) } },
    'the Service must have at most 55',
  ),
  bad(
    'a target name that makes no Service',
    { targetRef: { name: 'web.v1' } },
    "without service.name the target's name is used",
  ),
  good('a target name that makes no Service, with a Service', {
    targetRef: { name: 'web.v1' },
    service: { name: 'web' },
  }),
  bad('a metrics server that is no URL', { metricsServer: 'prometheus:9090' }, 'write the URL of a Prometheus'),
  bad(
    'delegation with hosts',
    { service: { delegation: true, hosts: ['shop.example'] } },
    'a delegated VirtualService has no hosts or gateways',
  ),
  bad(
    'delegation with gateways',
    { service: { delegation: true, gateways: ['mesh'] } },
    'a delegated VirtualService has no hosts or gateways',
  ),
  malformed(
    'a host that is empty, as a chart prints it',
    { service: { hosts: [''] } },
    'must have at least 1 characters',
    'should be at least 1 chars long',
    'spec.service.hosts[0]',
  ),
  malformed(
    'a gateway that is empty',
    { service: { gateways: [''] } },
    'must have at least 1 characters',
    'should be at least 1 chars long',
    'spec.service.gateways[0]',
  ),
  bad('the host * in the mesh', { service: { hosts: ['*'] } }, 'Istio refuses the host * in the mesh'),
  bad(
    'the host * at a gateway and in the mesh',
    { service: { hosts: ['*'], gateways: ['istio-system/public', 'mesh'] } },
    'Istio refuses the host * in the mesh',
  ),
  good('the host * at a gateway', { service: { hosts: ['*'], gateways: ['istio-system/public'] } }),
  bad(
    'a host twice',
    { service: { hosts: ['shop.example.com', 'web', 'shop.example.com'] } },
    'a host is listed twice, or covered by another one',
  ),
  bad(
    'a host that another one covers',
    { service: { hosts: ['a.example.com', '*.example.com'], gateways: ['istio-system/public'] } },
    'a host is listed twice, or covered by another one',
  ),
  bad(
    'a wildcard that another one covers',
    { service: { hosts: ['*.com', '*.example.com'], gateways: ['istio-system/public'] } },
    'a host is listed twice, or covered by another one',
  ),
  good('hosts that differ', { service: { hosts: ['*.a.example.com', '*.b.example.com', 'a.example.com'] } }),
  good('as many hosts as there may be, as long as they may be', {
    service: {
      hosts: Array.from({ length: 100 }, (_, i) => `${`${i}`.padStart(3, 'a')}.${'b'.repeat(200)}.example.com`),
    },
  }),
  ...['*.svc.cluster.local', '*.LOCAL', '*.svc.corp.internal', '*.cluster.local.'].map(host =>
    changed(
      `a wildcard over the Services of all namespaces: ${host}`,
      {},
      { service: { hosts: [host] } },
      'a wildcard over the Services of all namespaces would take their traffic in the mesh',
    ),
  ),
  good('a wildcard over names of Services at a gateway', {
    service: { hosts: ['*.local'], gateways: ['istio-system/public'] },
  }),
  bad(
    'virtualServices with hosts',
    { service: { virtualServices: [{ name: 'web' }], hosts: ['shop.example'] } },
    'with virtualServices the routes are yours',
  ),
  bad(
    'virtualServices with retries',
    { service: { virtualServices: [{ name: 'web' }], retries: { attempts: 1 } } },
    'with virtualServices the routes are yours',
  ),
  bad(
    'destinationRule with trafficPolicy',
    { service: { destinationRule: subsets, trafficPolicy: { tls: { mode: 'DISABLE' } } } },
    'with destinationRule the policy is yours',
  ),
  bad(
    'destinationRule with metadata of a side',
    { service: { destinationRule: subsets, canary: { labels: { a: 'b' } } } },
    'with destinationRule there is one Service',
  ),
  malformed(
    'subsets without a name',
    { service: { destinationRule: { ...subsets, name: '' } } },
    'is required',
    'name is required',
    'spec.service.destinationRule.name',
  ),
  bad(
    'one subset for both',
    { service: { destinationRule: { ...subsets, canarySubset: 'v1' } } },
    'must be two subsets',
  ),
  bad(
    'subsets with switched labels',
    { primary: { labels: 'switch' }, service: { destinationRule: subsets } },
    'subsets need the labels of the target',
  ),
  {
    name: 'a name that fits no label',
    object: { ...canary(), metadata: { name: 'w'.repeat(64), namespace: 'default' } },
    sentence: 'must have at most 63 characters',
  },
]
