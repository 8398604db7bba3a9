/** The rows of the API's table about strategies: what goes with what, and with which way of splitting. */
import { bad, type Case, good, type Json, malformed, subsets } from './given.ts'

const match = [{ headers: { 'x-canary': { exact: 'yes' } } }]
/** Conditions that Istio takes for none, some of them as Helm prints what was never set. */
const ofEveryRequest: Readonly<Record<string, Json>> = {
  'a name': { name: 'all' },
  'no headers': { headers: {} },
  'no header to be missing': { withoutHeaders: {} },
  'no parameters': { queryParams: {} },
  'no labels': { sourceLabels: {} },
  'no gateways': { gateways: [] },
  'no namespace': { sourceNamespace: '' },
  'a path without a text': { uri: {} },
  'a method without a text': { method: {}, ignoreUriCase: true },
  'every path': { uri: { prefix: '/' } },
  'any path': { uri: { regex: '.*' } },
  'the beginning of every path': { uri: { prefix: '' } },
}
const query = { name: 'errors', query: 'sum(x)', thresholdRange: { max: 1 } }
const service = { virtualServices: [{ name: 'edge' }] }
const cookies = {
  cookieName: 'web-canary',
  primaryCookieName: 'web-primary',
  maxAge: 3600,
  domain: 'shop.example',
  path: '/app',
  httpOnly: true,
  secure: true,
  partitioned: true,
  sameSite: 'Strict',
}
/** By the sentence that refuses them. */
const droppedByBrowsers: Readonly<Record<string, Json>> = {
  'browsers take a cookie with sameSite: None or partitioned: true over HTTPS alone': {
    cookieName: 'web',
    sameSite: 'None',
  },
  'browsers take a cookie with sameSite: None or partitioned': { cookieName: 'web', partitioned: true },
  'browsers take a cookie named __Secure-… or __Host-… over HTTPS alone': {
    cookieName: 'web',
    primaryCookieName: '__secure-web',
  },
  'browsers take a cookie named __Host-… with path: / and without a domain': {
    cookieName: '__Host-web',
    secure: true,
    path: '/app',
  },
}
const kubernetes = { provider: 'kubernetes' }

const accepted: readonly Case[] = [
  good('blue/green', { analysis: { iterations: 10 } }),
  good('blue/green with copies', { analysis: { iterations: 10, mirror: true, mirrorWeight: 20 } }),
  good("blue/green in the user's routes", { service, analysis: { iterations: 10 } }),
  good('A/B testing', { analysis: { iterations: 10, match } }),
  good('A/B testing between subsets, of some paths', {
    service: { destinationRule: subsets, match: [{ uri: { prefix: '/api' } }] },
    analysis: {
      iterations: 10,
      match: [{ sourceLabels: { app: 'front' } }, { queryParams: { beta: { exact: '1' } } }],
    },
  }),
  ...[
    { uri: { prefix: '/api' } },
    { uri: { exact: '/' } },
    { uri: { regex: '/a.*' } },
    { authority: { exact: 'a.example' } },
    { headers: { 'x-canary': {} } },
    { withoutHeaders: { 'x-bot': {} } },
    { port: 8080 },
    { sourceNamespace: 'front' },
    { gateways: ['istio-system/beta'] },
  ].map(one => good(`A/B testing among ${JSON.stringify(one)}`, { analysis: { iterations: 10, match: [one] } })),
  good('a share of what matches', { analysis: { stepWeights: [10, 50], match } }),
  good('copies before weights', { analysis: { stepWeight: 20, maxWeight: 60, mirror: true } }),
  good('session affinity', { analysis: { stepWeights: [10, 50], sessionAffinity: cookies } }),
  good('session affinity of this host alone', {
    analysis: { sessionAffinity: { cookieName: '__Host-web', secure: true, path: '/', sameSite: 'None' } },
  }),
  good('session affinity of a name alone', { analysis: { sessionAffinity: { cookieName: "a!#$%&'*+-.^_`|~b" } } }),
]

/** Without telemetry of its own a provider has no gate that is built in, and any query under its name. */
const withoutTelemetry: readonly Case[] = [
  good('a query that is named like a gate, with provider kubernetes', {
    ...kubernetes,
    analysis: { metrics: [{ ...query, name: 'request-success-rate' }] },
  }),
  good('a template that is named like a gate, with provider kubernetes', {
    ...kubernetes,
    analysis: {
      metrics: [{ name: 'request-duration', templateRef: { name: 'p99' }, query: '', thresholdRange: { max: 5 } }],
    },
  }),
  ...[{}, { query: '' }, { templateRef: {} }, { templateRef: { name: '', namespace: '' } }].map(empty =>
    bad(
      `a gate with provider kubernetes, and ${JSON.stringify(empty)}`,
      { ...kubernetes, analysis: { metrics: [query, { name: 'request-success-rate', ...empty }] } },
      'provider kubernetes has no telemetry of its own: write analysis.metrics, each with a query or a templateRef',
    ),
  ),
]

const contradictions: readonly Case[] = [
  bad(
    'iterations with stepWeight',
    { analysis: { iterations: 2, stepWeight: 10 } },
    'write either iterations or stepWeight',
  ),
  bad(
    'iterations with steps',
    { analysis: { iterations: 2, steps: [{ weight: 9 }] } },
    'write either iterations or stepWeight',
  ),
  bad('match alone', { analysis: { match } }, 'match says which requests, and not how many of them'),
  bad(
    'match with iterations of 0',
    { analysis: { match, iterations: 0 } },
    'match says which requests, and not how many of them',
  ),
  ...Object.entries(ofEveryRequest).map(([what, one]) =>
    bad(
      `match of every request: ${what}`,
      { analysis: { iterations: 2, match: [...match, one] } },
      'each entry of match needs a condition, or it takes every request',
      'spec.analysis.match[1]',
    ),
  ),
  bad('mirrorWeight alone', { analysis: { mirrorWeight: 50 } }, 'mirrorWeight goes with mirror: true'),
  bad(
    'session affinity with match',
    { analysis: { stepWeights: [10], match, sessionAffinity: cookies } },
    'sessionAffinity keeps callers of a share of all requests',
  ),
  bad(
    'session affinity with iterations',
    { analysis: { iterations: 2, sessionAffinity: cookies } },
    'sessionAffinity keeps callers of a share of all requests',
  ),
  bad(
    'one cookie for both sides',
    { analysis: { sessionAffinity: { cookieName: 'web', primaryCookieName: 'web' } } },
    'cookieName and primaryCookieName must be two names',
    'spec.analysis.sessionAffinity',
  ),
  bad(
    'a cookie with a space',
    { analysis: { sessionAffinity: { cookieName: 'my cookie' } } },
    'a cookie is named by letters, digits and any of',
    'spec.analysis.sessionAffinity.cookieName',
  ),
  ...Object.entries(droppedByBrowsers).map(([sentence, sessionAffinity]) =>
    bad(
      `cookies that browsers drop: ${JSON.stringify(sessionAffinity)}`,
      { analysis: { sessionAffinity } },
      sentence,
      'spec.analysis.sessionAffinity',
    ),
  ),
  bad(
    'a path that ends the cookie',
    { analysis: { sessionAffinity: { cookieName: 'web', path: '/; Secure' } } },
    'an attribute of a cookie has no semicolon',
    'spec.analysis.sessionAffinity.path',
  ),
  malformed(
    'an unknown sameSite',
    { analysis: { sessionAffinity: { cookieName: 'web', sameSite: 'lax' } } },
    'must be one of Strict, Lax, None, not "lax"',
    'supported values: "", "Strict", "Lax", "None"',
  ),
  malformed(
    'copies of more than everything',
    { analysis: { mirror: true, mirrorWeight: 101 } },
    'must be at most 100, not 101',
    'should be less than or equal to 100',
  ),
]

const provider = (name: string, analysis: Record<string, unknown>): Case[] => [
  bad(
    `${name} in the user's routes`,
    { service, analysis },
    'with service.virtualServices the routes are yours, and only their weights are shifted',
  ),
  bad(
    `${name} with provider kubernetes`,
    { ...kubernetes, analysis: { ...analysis, stepWeights: null, metrics: [query] } },
    'provider kubernetes has no routes: remove match, mirror, mirrorWeight, sessionAffinity from analysis',
  ),
]

export const strategies: readonly Case[] = [
  ...accepted,
  ...withoutTelemetry,
  ...contradictions,
  ...provider('A/B testing', { iterations: 2, match }),
  ...provider('copies', { iterations: 2, mirror: true }),
  ...provider('session affinity', { stepWeights: [10, 50], sessionAffinity: cookies }),
]
