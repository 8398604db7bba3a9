/** Which rule or line carries which law; `mutants.ts` takes each out and sees the law fail. */
import { mutantsOfAutoscalers } from './mutants/autoscalers.rows.ts'
import { mutantsOfChecks } from './mutants/checks.rows.ts'
import { mutantsOfEndings } from './mutants/endings.rows.ts'
import { mutantsOfPasses } from './mutants/passes.rows.ts'
import { mutantsOfPods } from './mutants/pods.rows.ts'
import { mutantsOfPolicies } from './mutants/policies.rows.ts'
import { mutantsOfRoutes } from './mutants/routes.rows.ts'
import { mutantsOfWebhooks } from './mutants/webhooks.rows.ts'
import type { Mutant } from './mutants/mutant.ts'

export type { Mutant }

export const mutants: readonly Mutant[] = [
<<<<<<< HEAD
  ...mutantsOfChecks,
  ...mutantsOfPods,
  ...mutantsOfRoutes,
  ...mutantsOfPasses,
  ...mutantsOfWebhooks,
  ...mutantsOfAutoscalers,
  ...mutantsOfPolicies,
  ...mutantsOfEndings,
=======
  ...laws(
    MOMENTS,
    'the weight rises only after a look that passed',
    {
      without: 'reading the weight back from the mesh',
      file: rules('carry'),
      take: 'if (!carries(traffic, state.traffic)) {',
      put: 'if (traffic === null) {',
    },
    {
      without: 'the EndpointSlices in what provider kubernetes reads back: the selector alone says who carries',
      file: 'src/core/routers/kubernetes/index.ts',
      take: '[share, ...listedShares(o, share)]',
      put: '[share]',
    },
    ruleOfAnalysis('waitUntilTargetPaused'),
    {
      without: 'the wait until a step is due and its last look has passed',
      file: PHASES,
      take: '    waitUntilDue,\n    waitForRolloutHooks,',
      put: '    waitForRolloutHooks,',
    },
    {
      without: 'holding while a verdict holds',
      file: rules('checks'),
      take: ".filter(({ outcome }) => outcome === 'hold')",
      put: ".filter(({ outcome }) => outcome === 'never')",
    },
  ),
  ...laws(MOMENTS, 'the primary takes no template but what was judged', {
    without: 'the record: the primary is rendered from the target as it is now',
    file: 'src/core/render/primary.ts',
    take: 'templateFor(o, recorded, textsOf',
    put: "templateFor(o, { ...recorded, template: recordOf(at(o.target?.object.spec, 'template')) }, textsOf",
  }),
  ...laws(
    MOMENTS,
    'pods of the canary stop only after the split was at 0',
    {
      without: 'the wait until what was promoted has drained',
      file: rules('drain'),
      take: 'if (drainedAt === null || now < drainedAt) return hold(o, reason, said,',
      put: 'if (drainedAt === null) return hold(o, reason, said,',
    },
    {
      without: 'the barrier before the pods of what failed are stopped',
      file: POSTURES,
      take: 'if (drained) return resting(o, promoted)',
      put: 'if (drained || true) return resting(o, promoted)',
    },
  ),
  ...laws(
    MOMENTS,
    'pods that were not judged carry nothing',
    {
      without: 'the lock while a candidate carries',
      file: POSTURES,
      take: "return { ...common, ...split, canaryPods: 'as desired', lock: lockTarget, judged: run.candidate }",
      put: "return { ...common, ...split, canaryPods: 'as desired', lock: false, judged: run.candidate }",
    },
    {
      without: 'the lock until what failed has drained',
      file: POSTURES,
      take: `  Failed(o, { promoted, drained }) {
    if (drained) return resting(o, promoted)
    const { lockTarget } = o.canary.spec.analysis`,
      put: `  Failed(o, { promoted, drained }) {
    if (drained) return resting(o, promoted)
    const lockTarget = false`,
    },
    ruleOfAnalysis('drainEarlierCandidate'),
    {
      without: 'a canary Service that selects the judged revision alone',
      file: 'src/core/render/services.ts',
      take: 'return { ...targetLabels(o), [POD_HASH_LABEL]: judged?.hash ?? live ?? NONE_YET }',
      put: 'return targetLabels(o)',
    },
  ),
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
      file: 'src/core/routers/istio/rules.ts',
      take: 'return spec === null ? deleteOurs(o, ref)',
      put: 'return spec === null ? applyOurs(o, ref, ours(o, ref, {}, { spec: { host: side.name } }))',
    },
    {
      without: 'what applied under what the Canary says',
      file: 'src/core/routers/istio/rules.ts',
      take: 'overlaid(before?.trafficPolicy, said)',
      put: 'said',
    },
    {
      without: 'wildcards among the rules that apply',
      file: 'src/core/routers/istio/policies.ts',
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
    MOMENTS,
    'a promotion that is undone takes the callers off the primary first',
    {
      without: 'diverting the callers: the template goes back at once',
      file: rules('undo'),
      take: "atStage(state, isToBeLeft(o) ? 'diverting' : 'undoing', now)",
      put: "atStage(state, 'undoing', now)",
    },
    {
      without: 'reading the weight back before the template goes back',
      file: rules('undo'),
      take: 'const carriedAt = carriedSince(o, state.traffic, state.carriedAt, now)',
      put: 'const carriedAt = state.carriedAt ?? now',
    },
  ),
  ...laws(
    MOMENTS,
    'a promotion that may take all old pods of the primary first',
    {
      without: 'shifting all traffic to the canary before the copy',
      file: rules('advance'),
      take: "stage: shifts ? 'shifting' : 'copying'",
      put: "stage: 'copying'",
    },
    {
      without: 'reading the weight back before the copy',
      file: rules('shift'),
      take: 'const carriedAt = carriedSince(o, state.traffic, state.carriedAt, now)',
      put: 'const carriedAt = state.carriedAt ?? now',
    },
  ),
  ...laws(MOMENTS, 'a promotion that is given up goes no further', {
    without: 'leaving a primary alone that never took the candidate',
    file: rules('undo'),
    take: 'o.primary?.revision === o.state.candidate && judgedReady',
    put: 'judgedReady',
  }),
  ...laws(MOMENTS, 'nothing is written that the status does not tell yet', {
    without: 'waiting with the routes until the status tells the rise',
    file: POSTURES,
    take: "return { ...common, canaryPods: 'as desired', lock: true, judged: run.candidate }",
    put: "return { ...common, traffic: { canary: 10 }, canaryPods: 'as desired', lock: true, judged: run.candidate }",
  }),
  ...laws(MOMENTS, 'nothing is written that the status does not tell yet', {
    without: 'ending the pass whose status was refused',
    file: 'src/controller/commit.ts',
    take: '        throw error\n',
    put: '        return canary\n',
  }),
  ...laws(MOMENTS, 'what a policy finds does not depend on what a pass changes', {
    without: 'policies that leave the state alone',
    file: 'src/core/problems/target.ts',
    take: 'if (o.target !== null) return null\n  const named',
    put: "if (o.target !== null || o.state.phase === 'Failed') return null\n  const named",
  }),
  ...laws(MOMENTS, 'what was found to stand is rendered the same', {
    without: 'comparing the posture',
    file: 'src/core/render/render.ts',
    take: ' && sameJson(known.key, keyOf(o, posture))',
    put: '',
  }),
  ...laws(MOMENTS, 'an Event is announced only once the status tells it', {
    without: 'writing the status where an Event is all that is new',
    file: 'src/controller/commit.ts',
    take: '  if (hasNews) return now\n',
    put: '',
  }),
  ...laws(MOMENTS, 'no Event that a status told of is lost with a process', {
    without: 'announcing what the last process may not have announced',
    file: 'src/controller/reconcile.ts',
    take: 'if (known !== before || known.isStatusUncertain)',
    put: 'if (known.isStatusUncertain)',
  }),
  ...laws(MOMENTS, 'a candidate whose pods are all ready is not overdue', {
    without: 'ending the wait for pods at weight 0',
    file: 'src/core/autoscalers/readiness.ts',
    take: "isChecked(o.canary.spec.analysis, run) && !isReady(o, 'target')",
    put: "(!isChecked(o.canary.spec.analysis, run) || !isReady(o, 'target'))",
  }),
  ...laws(
    MOMENTS,
    'a deadline is a verdict only on what the API server says now',
    {
      without: 'a fresh look before a deadline is a verdict',
      file: rules('verdict'),
      take: "if (o.sight === 'cached') return { read: sourcesOf(o) }",
      put: "if (o.sight === 'cached') return verdict()",
    },
    {
      without: 'the ReplicaSets in that look',
      file: rules('verdict'),
      take: '[...named.map(ref => ({ ref })), ...sets, ...slices]',
      put: '[...named.map(ref => ({ ref })), ...slices]',
    },
  ),
  ...laws(
    MOMENTS,
    'no question is asked twice',
    {
      without: 'asking only for what has no finding yet',
      file: rules('checks'),
      take: 'allQuestions(o, asked, scene, at).filter(check => !Object.hasOwn(o.findings, check.id))',
      put: 'allQuestions(o, asked, scene, at)',
    },
    {
      without: 'remembering when it looked',
      file: rules('checks'),
      take: 'const looked: Analysis = { ...run, lastCheckTime,',
      put: 'const looked: Analysis = { ...run,',
    },
  ),
  ...laws(MOMENTS, 'no window reaches back before its candidate was routed', {
    without: 'the limit of a window by when the candidate was routed',
    file: 'src/core/analysis/check-context.ts',
    take: 'Math.min(interval, scene.routedFor)',
    put: 'interval',
  }),
  ...laws(MOMENTS, 'while a route leads requests nowhere no canary rises, is promoted or fails', {
    without: 'holding where requests find no cluster',
    file: rules('checks'),
    take: "const setting = problem?.reason === 'Conflict' ? problem : lost",
    put: "const setting = problem?.reason === 'Conflict' ? problem : null",
  }),
  ...laws(
    MOMENTS,
    'without data no canary rises, is promoted or fails',
    {
      without: 'holding while a verdict holds',
      file: rules('checks'),
      take: ".filter(({ outcome }) => outcome === 'hold')",
      put: ".filter(({ outcome }) => outcome === 'never')",
    },
    {
      without: '`onProviderError: hold` as something else than a failure',
      file: 'src/core/judges/judge.ts',
      take: "return blind(onProviderError, 'unavailable'",
      put: "return blind('fail', 'unavailable'",
    },
  ),
  ...laws(
    MOMENTS,
    'the failure that reaches the threshold rolls back in the same pass',
    {
      without: 'the last of the failures that threshold counts',
      file: rules('checks'),
      take: 'if (failedChecks >= threshold || terms.atOnce)',
      put: 'if (failedChecks > threshold || terms.atOnce)',
    },
    {
      without: 'the spacing of counted failures',
      file: rules('checks'),
      take: 'const counts = looked.lastFailedTime === null || at - looked.lastFailedTime >= spacing',
      put: 'const counts = true',
    },
  ),
  ...laws(MOMENTS, 'a candidate that is replaced, gone or without a ready pod', ruleOfAnalysis('restartOnNewRevision')),
  ...laws(ENDS, 'killed after any write, a release ends as the one that was left alone', routesOnce, {
    without: 'the rejected revision in the status',
    file: 'src/core/status/write-status.ts',
    take: "rejectedSpec: 'rejected' in state ? orNone(state.rejected) : undefined,",
    put: 'rejectedSpec: undefined,',
  }),
  ...laws(ENDS, 'killed after any write, a release ends as the one that was left alone', {
    without: 'the deadline for pods that never get ready',
    file: rules('start-pods'),
    take: "if (target.readiness === 'stuck' || deadline === null)",
    put: "if (target.readiness === 'stuck')",
  }),
  ...laws(
    MOMENTS,
    'requests that bypass the split decide nothing',
    {
      without: 'asking whether all requests meet the split before silence is counted',
      file: 'src/core/routers/istio/split-scope.ts',
      take: 'return splitsInMesh(o) && match.length === 0 && waysPast(o).length === 0',
      put: 'return splitsInMesh(o) && match.length === 0',
    },
    {
      without: 'finding VirtualServices of the namespace by their destination',
      file: 'src/core/routers/istio/problems/index.ts',
      take: '    stops(wayPastTheSplit),\n',
      put: '',
    },
  ),
  ...laws(ENDS, 'the writes of a decision are safe in any order and any subset', routesOnce),
  ...laws(
    ENDS,
    'every run ends',
    ruleOfAnalysis('waitUntilCarried'),
    {
      without: 'the end of a return whose canary has no pod left',
      file: rules('promote'),
      take: 'if (judgedReady(o, state.candidate) === 0) return finalise(o, now)',
      put: '',
    },
    {
      without: 'obeying the command that lets a run go on',
      file: rules('commands'),
      take: 'const going = { ...withClock(o.state, clock, now), phase: o.state.phase, hold: null }',
      put: 'const going = { ...withClock(o.state, clock, now), phase: o.state.phase }',
    },
  ),
  ...laws(ENDS, 'once the world shows what was asked, deciding again writes nothing', {
    without: "telling a user's Service that is as it should be from one that is not ours any more",
    file: 'src/core/render/ownership.ts',
    take: 'return ownsSome ? ',
    put: 'return live !== undefined ? ',
  }),
  ...laws(ENDS, 'abort takes a run back to weight 0 from wherever it is', ruleOfAnalysis('applyCommand'), {
    without: 'undoing a promotion on abort',
    file: rules('commands'),
    take: 'return { move: undo(o, `aborted by ${by(command)}`, now) }',
    put: "return { refused: 'too late' }",
  }),
  ...laws(
    ENDS,
    'decide answers whatever it is given',
    {
      without: 'the answer for a target that is gone while a run waits to start',
      file: rules('start-run'),
      take: 'if (target === null || target.revision === state.promoted) return null',
      put: 'if (target!.revision === state.promoted) return null',
    },
    {
      without: 'the same answer each time',
      file: 'src/core/machine/move.ts',
      take: 'return announcement(o, news, now, now)',
      put: 'return announcement(o, news, Math.random(), now)',
    },
  ),
  ...laws(
    MOMENTS,
    'the share rises only once that is confirmed',
    {
      without: 'asking before a rise',
      file: PHASES,
      take: '    confirmTrafficIncrease,\n    advance,\n',
      put: '    advance,\n',
    },
    {
      without: 'using a yes up',
      file: 'src/core/hooks/ask.ts',
      take: '{ ...record, place: NOWHERE, last: null, unavailableSince: null } : record,',
      put: 'record : record,',
    },
  ),
  ...laws(MOMENTS, 'a release is promoted only once that is confirmed', {
    without: 'the wait for the yes',
    file: rules('confirm'),
    take: '  if (waited === null) return promote({ ...o, memory }, now)\n  const held',
    put: '  if (waited !== undefined) return promote({ ...o, memory }, now)\n  const held',
  }),
  ...laws(MOMENTS, 'a release starts only once that is confirmed', {
    without: 'a confirmation of the newer revision',
    file: rules('start-pods'),
    take: 'if (isToBeConfirmed(o)) return',
    put: 'if (isToBeConfirmed(o) && now < 0) return',
  }),
  ...laws(MOMENTS, 'what a webhook has rejected goes no further', {
    without: 'the rule `rollBackWhenRequested`',
    file: PHASES,
    take: '  restartOnNewRevision,\n  rollBackWhenRequested,\n]',
    put: '  restartOnNewRevision,\n]',
  }),
  ...laws(MOMENTS, 'no webhook is called twice under one id', {
    without: 'the number of the call in its id',
    file: 'src/core/hooks/call.ts',
    take: 'runIdOf(o.state), name, place, answers])',
    put: 'runIdOf(o.state), name, place])',
  }),
  ...laws(MOMENTS, 'the end of a run is told once', {
    without: 'taking out what was acknowledged',
    file: 'src/core/machine/outbox.ts',
    take: 'return outbox.filter(one => one.key !== key)',
    put: "return outbox.filter(one => one.key !== key || one.sink === 'post-rollout')",
  }),
  ...laws('test/laws/status.laws.test.ts', 'what is written is what is read, for every phase', {
    without: 'the weight whose approval was given, in the status',
    file: 'src/core/status/write-status.ts',
    take: 'approved: state.approved === null ? undefined : String(state.approved),',
    put: '',
  }),
  ...laws(
    'test/core/routers/law.test.ts',
    'own routes by gatewayapi:v1: any split, after any other',
    {
      without: 'parts of an HTTPRoute that add up to 100',
      file: 'src/core/routers/gateway-api/rules.ts',
      take: 'withCookie(100 - canary, cookies?.primary)',
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
      take: "entry('primary', 100 - canary,",
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
  ...laws(MOMENTS, 'copies of requests end before the canary gets a share', {
    without: 'seeing the copies end',
    file: rules('advance'),
    take: 'if (state.traffic.mirror > 0) return endMirroring(o, now)',
    put: '',
  }),
  ...laws(MOMENTS, 'requests that do not match stay on the primary', {
    without: 'routes for the requests that match',
    file: OWN_ROUTES,
    take: "if (traffic.among !== '') {",
    put: "if (traffic.among === 'none') {",
  }),
  ...laws(MOMENTS, 'no caller stays on the canary of a run that is over', {
    without: 'the primary behind the cookie of a run that is over',
    file: OWN_ROUTES,
    take: "route: [{ destination: destinationOf(o, 'primary', port), headers",
    put: "route: [{ destination: destinationOf(o, 'canary', port), headers",
  }),
  ...laws(
    'test/controller/tenants.test.ts',
    'reaches weight 0 within a second',
    {
      without: 'a line of events for each namespace',
      file: 'src/runtime/events.ts',
      take: "const namespace = note.about.metadata.namespace ?? ''",
      put: "const namespace = ''",
    },
    {
      without: 'passes that wait for nothing but their own calls',
      file: 'src/runtime/workqueue.ts',
      take: 'while (this.#open && this.#begun < this.#atOnce) {',
      put: 'while (this.#open && this.#working.size < this.#atOnce) {',
    },
    {
      without: 'readiness that tells only of what every Canary needs',
      file: 'src/controller/watch-health.ts',
      take: 'return ![...followedWherePresent, ...configKinds, ',
      put: 'return ![...followedWherePresent, ',
    },
  ),
  ...laws(
    SCALERS,
    'the primary keeps its size while the canary has traffic',
    {
      without: 'the floor while the traffic is away',
      file: FLOOR,
      take: 'return withFloor(o, floorOf(o, before), null)',
      put: 'return withFloor(o, null, null)',
    },
    {
      without: 'waiting until the autoscaler has seen the traffic return',
      file: FLOOR,
      take: 'const SEEN: Milliseconds = 120_000',
      put: 'const SEEN: Milliseconds = 20_000',
    },
  ),
  ...laws(
    SCALERS,
    'of two autoscalers whose selectors overlap one acts at a time',
    {
      without: 'pausing the user’s before the first primary',
      file: 'src/core/render/primary.ts',
      take: 'return mayStartPrimary(o, posture) ? [',
      put: 'return posture !== null ? [',
    },
    {
      without: 'going on with the pause in a run',
      file: SCALER_WRITES,
      take: "if (!overlaps) return 'grows'",
      put: "return 'grows'",
    },
  ),
  ...laws(SCALERS, 'a target starts with as many pods as the primary has', {
    without: 'the size of the primary',
    file: 'src/core/render/autoscaling.ts',
    take: 'const wanted = Math.max(1, desired ?? 1, o.target?.replicas ?? 0, o.primary?.replicas ?? 0, limits?.min ?? 0)',
    put: 'const wanted = Math.max(1, o.target?.replicas ?? 0, limits?.min ?? 0)',
  }),
  ...laws(SCALERS, 'the target rests whatever its autoscaler finds', {
    without: 'the pause at rest',
    file: SCALER_WRITES,
    take: "    case 'none':\n      return { replicas: isLeftAlone(o) ? target.replicas : 0 }",
    put: "    case 'none':\n      return 'grows'",
  }),
  ...laws(
    SCALERS,
    'a deletion leaves the target with pods and its autoscaler as its user had it',
    {
      without: 'what is written once the primary is gone',
      file: 'src/core/render/render.ts',
      take: 'if (scalers.length > 0) return scalers',
      put: 'if (scalers.length > 99) return scalers',
    },
    {
      without: 'the pause until the metrics show the traffic',
      file: 'src/core/machine/rules/terminate.ts',
      take: 'if (now - since >= SEEN)',
      put: 'if (now >= since)',
    },
    {
      without: 'the values of the user',
      file: 'src/core/autoscalers/pause.ts',
      take: 'JSON.stringify({ canary, users, written: ours })',
      put: 'JSON.stringify({ canary, users: {}, written: ours })',
    },
  ),
>>>>>>> 49a24ee (test(e2e,core): HTTPRoutes on real parts, at a Gateway and in the mesh; the laws of routers and of histories have them too)
]
