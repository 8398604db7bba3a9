/** `analysis.match`, `sessionAffinity` and `service.match` beside each other: what cannot be one route, and what is too much of them. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { problemOf } from '../../../src/core/problems/index.ts'
import { canary, live, object, observation } from '../given-objects.ts'

type Spec = Readonly<Record<string, unknown>>

interface Row {
  readonly analysis?: Spec
  readonly service?: Spec
  readonly ports?: number
  /** null: nothing is in the way. */
  readonly problem: string | null
}

const among = (...match: Spec[]): Spec => ({ iterations: 2, match })
const sticky: Spec = { stepWeights: [10], sessionAffinity: { cookieName: 'web', primaryCookieName: 'other' } }
const paths = (many: number): Spec => ({
  match: Array.from({ length: many }, (_, i) => ({ uri: { prefix: `/${i}` } })),
})
const users = (many: number): Spec[] =>
  Array.from({ length: many }, (_, i) => ({ headers: { 'x-user': { exact: `${i}` } } }))
const beta = { headers: { cookie: { regex: '^(.*?;)?(beta=1)(;.*)?$' } } }
const cookie = (place: number): string =>
  `spec.service.match[${place}] has a condition on the header cookie, and so has spec.analysis.sessionAffinity: Istio takes one. Leave the condition out, or remove sessionAffinity`
const rewritten =
  'spec.service.rewrite.uri replaces the part of the path that a route matches, so requests of spec.analysis.match[0] would reach the canary at another path than the primary: leave uri out of spec.analysis.match[0], or rewrite.uri out of spec.service'
const unmet =
  'No request meets spec.analysis.match[0]: none of spec.service.match, the ports and the gateways of this Canary goes with it. Change the match, or remove it'

const table: Readonly<Record<string, Row>> = {
  'callers are kept by a cookie, and picked by another': {
    analysis: sticky,
    service: { match: [{ uri: { prefix: '/' } }, beta] },
    problem: cookie(1),
  },
  'the same, in another writing': {
    analysis: sticky,
    service: { match: [{ headers: { Cookie: beta.headers.cookie } }] },
    problem: cookie(0),
  },
  'callers are kept by a cookie, and picked by the lack of one': {
    analysis: sticky,
    service: { match: [{ withoutHeaders: { cookie: { regex: '.*beta.*' } } }] },
    problem: null,
  },
  'a longer prefix than the one that is rewritten': {
    analysis: among({ uri: { prefix: '/api/v2' } }),
    service: { match: [{ uri: { prefix: '/api' } }], rewrite: { uri: '/' } },
    problem: rewritten,
  },
  'a prefix where every path is rewritten': {
    analysis: among({ uri: { prefix: '/v2' } }),
    service: { rewrite: { uri: '/app/' } },
    problem: rewritten,
  },
  'the prefix that is rewritten': {
    analysis: among({ uri: { prefix: '/api' }, method: { exact: 'GET' } }, { headers: { 'x-beta': {} } }),
    service: { match: [{ uri: { prefix: '/api' } }], rewrite: { uri: '/' } },
    problem: null,
  },
  'a prefix where only the host is rewritten': {
    analysis: among({ uri: { prefix: '/v2' } }),
    service: { rewrite: { authority: 'web.example' } },
    problem: null,
  },
  'a header in two writings': {
    analysis: among({ headers: { 'X-User': { exact: 'b' } } }),
    service: { match: [{ headers: { 'x-user': { exact: 'a' } } }] },
    problem: unmet,
  },
  'a gateway that the Canary is not bound to': {
    analysis: among({ headers: { 'x-beta': {} }, gateways: ['nowhere'] }),
    problem: unmet,
  },
  'its own gateway, in another notation': {
    analysis: among({ headers: { 'x-beta': {} }, gateways: ['shop/own'] }),
    service: { gateways: ['./own', 'mesh'] },
    problem: null,
  },
  'a gateway where another VirtualService delegates': {
    analysis: among({ headers: { 'x-beta': {} }, gateways: ['edge'] }),
    service: { delegation: true },
    problem: null,
  },
  'more pairs than a VirtualService can have': {
    analysis: among(...users(20)),
    service: paths(50),
    problem:
      'spec.service.match has 50 entries, spec.analysis.match 20 and Service shop/web 1 HTTP ports, which makes 1050 matches in the VirtualService; the limit is 1000. Give the Canary a Service with fewer ports, or shorten match.',
  },
  'more matches with those of the cookies': {
    analysis: sticky,
    service: paths(100),
    ports: 4,
    problem:
      'spec.service.match has 100 entries, spec.analysis.sessionAffinity its routes and Service shop/web 4 HTTP ports, which makes 1200 matches in the VirtualService; the limit is 1000. Give the Canary a Service with fewer ports, or shorten match.',
  },
  'as many as it can have': { analysis: among(...users(19)), service: paths(50), problem: null },
  'few matches, each of them long': {
    analysis: among(...users(10), { headers: { 'x-user': { regex: 'a'.repeat(20_000) } } }),
    service: paths(30),
    problem:
      'spec.service.match has 30 entries, spec.analysis.match 11 and Service shop/web 1 HTTP ports, which makes matches of 620 thousand characters in the VirtualService; the limit is 524 thousand. Give the Canary a Service with fewer ports, or shorten match.',
  },
}

suite('matches that are no route', () => {
  for (const [name, { analysis = {}, service = {}, ports = 1, problem }] of Object.entries(table)) {
    test(`${name}: ${problem === null ? 'fine' : 'refused'}`, () => {
      const all = Array.from({ length: ports }, (_, i) => ({ name: `http-${i}`, port: 80 + i, targetPort: 8080 }))
      const web = object(kinds.Service, 'web', { spec: { selector: { app: 'web' }, ports: all } })
      const o = observation({ canary: canary({ analysis }, service), live: live([kinds.Service, web]) })
      expect(problemOf(o, 'run')?.message ?? null).to.equal(problem)
    })
  }
})
