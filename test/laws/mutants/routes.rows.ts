/** Mutants for the laws of where requests go. */
import { laws, MOMENTS, type Mutant, POSTURES, rules, RUNS } from './mutant.ts'

const OWN_ROUTES = 'src/core/routers/istio/own-routes.ts'

export const mutantsOfRoutes: readonly Mutant[] = [
  ...laws(
    MOMENTS,
    'no request is left to go to a side without a ready pod',
    {
      without: 'leaving a canary without a ready pod, in the posture of every phase',
      file: POSTURES,
      take: 'if (!isNone(traffic) && canary === 0 && primary > 0) return NONE',
      put: '',
    },
    {
      without: 'leaving a primary without a ready pod, in the posture of every phase',
      file: POSTURES,
      take: 'if (!sameTraffic(traffic, ALL) && primary === 0 && canary > 0) return ALL',
      put: '',
    },
    {
      without: 'recording a run that a rejected revision replaced as itself',
      file: rules('target-changes'),
      take: "remember(o.memory, state, 'Superseded', news, now))",
      put: "remember(o.memory, { ...state, candidate: rejected ?? '' }, 'Failed', news, now))",
    },
    {
      without: 'the pods of a superseded candidate while they drain',
      file: POSTURES,
      take: "clampToReadySides(o, NONE, run.stage === 'draining' ? judgedOf(o) : carried)",
      put: 'clampToReadySides(o, NONE, carried)',
    },
    {
      without: 'a candidate that carried before in its run',
      file: POSTURES,
      take: "const carried = run.highest > 0 ? run.candidate : ''",
      put: "const carried = ''",
    },
    {
      without: 'the target of a canary that is deleted',
      file: POSTURES,
      take: 'const traffic = standsIn(o, judgedOf(o)) ? ALL : others',
      put: 'const traffic = others',
    },
  ),
  ...laws(
    MOMENTS,
    'a policy that covered the Service covers both sides',
    {
      without: 'leaving a rule out where it has nothing to say',
      file: 'src/core/routers/istio/mesh/rules.ts',
      take: 'return spec === null ? deleteOurs(o, ref)',
      put: 'return spec === null ? applyOurs(o, ref, ours(o, ref, {}, { spec: { host: side.name } }))',
    },
    {
      without: 'what applied under what the Canary says',
      file: 'src/core/routers/istio/mesh/rules.ts',
      take: 'overlaid(before?.trafficPolicy, said)',
      put: 'said',
    },
    {
      without: 'wildcards among the rules that apply',
      file: 'src/core/routers/istio/mesh/policies.ts',
      take: 'coversHost(hostOf(rule), host)',
      put: 'hostOf(rule) === host',
    },
  ),
  ...laws(
    MOMENTS,
    'requests to each port of the Service come out where they did before',
    {
      without: "the other ports of the user's Service on the sides",
      file: 'src/core/render/services.ts',
      take: 'ports: sidePorts(o) })',
      put: 'ports: sidePorts(o).slice(0, 1) })',
    },
    {
      without: 'a route for each port: one names its port for all',
      file: 'src/core/routers/istio/ports.ts',
      take: 'if (ports === null) return [{ match, port: undefined }]',
      put: 'return [{ match, port: main }]',
    },
    {
      without: "a port of the user's Service where the Canary says nothing of it",
      file: 'src/core/render/ports.ts',
      take: 'return withNames([...users, ...ours])',
      put: 'return withNames([...users.slice(0, 1), ...ours])',
    },
  ),
  ...laws(
    'test/core/routers/law.test.ts',
    'own routes by gatewayapi:v1: any split, after any other',
    {
      without: 'parts of an HTTPRoute that add up to 100',
      file: 'src/core/routers/gateway-api/rules.ts',
      take: 'withCookie(weights.primary, cookies?.primary)',
      put: 'withCookie(100, cookies?.primary)',
    },
    {
      without: 'the conditions of the Service in the rule for matched requests',
      file: 'src/core/routers/gateway-api/rules.ts',
      take: 'const matched = productsOf(base.matches, audienceMatches(o, traffic.among))',
      put: 'const matched = audienceMatches(o, traffic.among)',
    },
  ),
  ...laws(
    'test/core/routers/law.test.ts',
    'own routes by istio: any split, after any other',
    {
      without: 'parts that add up to 100',
      file: OWN_ROUTES,
      take: "entry('primary', weights.primary,",
      put: "entry('primary', 100,",
    },
    {
      without: 'leaving to the primary what does not match',
      file: OWN_ROUTES,
      take: 'route(traffic, more)), rest(ALL_TO_PRIMARY)]',
      put: 'route(traffic, more)), rest(traffic)]',
    },
    {
      without: 'the matches of the Canary beside those of the analysis',
      file: OWN_ROUTES,
      take: 'part(MATCH, matched,',
      put: 'part(MATCH, matchesFor(o, traffic.among),',
    },
    {
      without: 'the end of a mirror',
      file: OWN_ROUTES,
      take: 'const { match, route: entries, mirror: _mirror, mirrorPercentage: _percentage, ...terms } = route',
      put: 'const { match, route: entries, ...terms } = route',
    },
    {
      without: 'the end of the routes for cookies',
      file: OWN_ROUTES,
      take: 'http.filter(route => !isNamed(route))',
      put: "http.filter(route => route['name'] !== MATCH)",
    },
  ),
  ...laws(RUNS, 'copies of requests end before the canary gets a share', {
    without: 'seeing the copies end',
    file: rules('advance'),
    take: 'if (state.traffic.mirror > 0) return endMirroring(o, now)',
    put: '',
  }),
  ...laws(RUNS, 'requests that do not match stay on the primary', {
    without: 'routes for the requests that match',
    file: OWN_ROUTES,
    take: "if (traffic.among !== '') {",
    put: "if (traffic.among === 'none') {",
  }),
  ...laws(RUNS, 'no caller stays on the canary of a run that is over', {
    without: 'the primary behind the cookie of a run that is over',
    file: OWN_ROUTES,
    take: "route: [{ destination: destinationOf(o, 'primary', port), headers",
    put: "route: [{ destination: destinationOf(o, 'canary', port), headers",
  }),
]
