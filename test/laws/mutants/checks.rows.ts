/** Mutants for the laws of checks, verdicts and deadlines. */
import { laws, MOMENTS, type Mutant, PHASES, ruleOfAnalysis, rules, RUNS } from './mutant.ts'

export const mutantsOfChecks: readonly Mutant[] = [
  ...laws(
    MOMENTS,
    'the weight rises only after a look that passed',
    {
      without: 'reading the weight back from the mesh',
      file: rules('carry'),
      take: 'if (carries(traffic, state.traffic)) return true',
      put: 'if (traffic !== null) return true',
    },
    {
      without: 'the EndpointSlices in what provider kubernetes reads back: the selector alone says who carries',
      file: 'src/core/routers/apex-shares.ts',
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
  ...laws(RUNS, 'a candidate whose pods are all ready is not overdue', {
    without: 'ending the wait for pods at weight 0',
    file: 'src/core/autoscalers/readiness.ts',
    take: "isChecked(o.canary.spec.analysis, run) && !isReady(o, 'target')",
    put: "(!isChecked(o.canary.spec.analysis, run) || !isReady(o, 'target'))",
  }),
  ...laws(
    RUNS,
    'a deadline is a verdict only on what the API server says now',
    {
      without: 'a fresh look before a deadline is a verdict',
      file: rules('verdict'),
      take: "if (typeof o.sight === 'string') return { read: sourcesOf(o), sight: 'live' }",
      put: "if (typeof o.sight === 'string') return verdict()",
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
  ...laws(RUNS, 'while a route leads requests nowhere no canary rises, is promoted or fails', {
    without: 'holding where requests find no cluster',
    file: rules('checks'),
    take: 'const setting = isSetting ? problem : lost',
    put: 'const setting = isSetting ? problem : null',
  }),
  ...laws(
    RUNS,
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
  ...laws(
    RUNS,
    'requests that bypass the split decide nothing',
    {
      without: 'asking whether all requests meet the split before silence is counted',
      file: 'src/core/routers/istio/split-scope.ts',
      take: '    waysPast(o).length === 0 &&\n',
      put: '',
    },
    {
      without: 'finding VirtualServices of the namespace by their destination',
      file: 'src/core/routers/istio/problems/index.ts',
      take: '    stops(wayPastTheSplit),\n',
      put: '',
    },
  ),
]
