/** `spec.analysis`: the ladder that a canary climbs, and what it is judged by. */
import { z } from 'zod'
import { alertList } from './alert.ts'
import { metricList } from './metric.ts'
import { SessionAffinity } from './affinity.ts'
import { duration, emptyCounts, longDuration, percent, readableDuration, refused, ruled, share } from './schema.ts'
import { Match } from './istio-fields.ts'
import { webhookList } from './webhook.ts'

const Step = z.object({
  weight: share().describe('Percent of requests that the canary gets at this step.'),
  hold: duration().exactOptional().describe('How long the step lasts at least; never less than `interval`.'),
  approve: z.boolean().default(false).describe('Whether a person has to approve before the next step.'),
  metrics: metricList().exactOptional().describe("Gates of this step, beside the analysis's own."),
  match: refused(
    'list',
    'match of one step is not supported yet: write analysis.match, which all steps are a share of',
  ),
})

const isRising = (weights: readonly number[]): boolean =>
  weights.every((weight, index) => index === 0 || weight > (weights[index - 1] ?? 0))

const StepWeights = ruled(z.array(share()).min(1).max(50), {
  message: 'each weight must be above the one before it, such as [10, 25, 50, 100]',
  cel: 'self.isSorted() && self.all(one, self.exists_one(other, other == one))',
  holds: isRising,
})

const Steps = ruled(z.array(Step).min(1).max(50), {
  message: 'the weight of each step must be above the one before it',
  cel: 'self.map(step, step.weight).isSorted() && self.all(one, self.exists_one(other, other.weight == one.weight))',
  holds: steps => isRising(steps.map(step => step.weight)),
})

/** Conditions by name or in a list: without an entry Istio takes them for none (pilot/pkg/networking/core/route `TranslateRouteMatch`). */
const LISTED = ['headers', 'withoutHeaders', 'queryParams', 'sourceLabels', 'gateways'] as const
/** Conditions on one text. */
const TEXTS = ['uri', 'scheme', 'method', 'authority'] as const
/** Of those, what every request meets. */
const EVERY = { prefix: ['', '/'], regex: ['', '.*'] } as const

interface TextMatch {
  readonly exact?: string | undefined
  readonly prefix?: string | undefined
  readonly regex?: string | undefined
}

const isNarrow = ({ exact, prefix, regex }: TextMatch): boolean =>
  exact !== undefined ||
  (prefix !== undefined && !EVERY.prefix.some(one => one === prefix)) ||
  (regex !== undefined && !EVERY.regex.some(one => one === regex))

const narrows = (field: string): string => {
  const kinds = Object.entries(EVERY).map(([kind, all]) => {
    const others = all.map(one => `${field}.${kind} != '${one}'`)
    return `has(${field}.${kind}) && ${others.join(' && ')}`
  })
  return `has(${field}) && (has(${field}.exact) || ${kinds.join(' || ')})`
}

const CONDITIONS = [...TEXTS, ...LISTED, 'port', 'sourceNamespace']

const Audience = ruled(Match, {
  message: `each entry of match needs a condition, or it takes every request: write one of ${CONDITIONS.join(', ')}, and in it what to look for, such as headers: {x-canary: {exact: 'yes'}}`,
  cel: [
    ...TEXTS.map(field => narrows(`self.${field}`)),
    ...LISTED.map(field => `has(self.${field}) && size(self.${field}) > 0`),
    'has(self.port)',
    "has(self.sourceNamespace) && self.sourceNamespace != ''",
  ].join(' || '),
  holds: match =>
    TEXTS.some(field => isNarrow(match[field] ?? {})) ||
    LISTED.some(field => Object.keys(match[field] ?? {}).length > 0) ||
    match.port !== undefined ||
    (match.sourceNamespace ?? '') !== '',
})

const WEIGHTS = ['stepWeight', 'stepWeights', 'steps'] as const
const hasWeights = WEIGHTS.map(field => `has(self.${field})`).join(' || ')

interface Weighted {
  readonly stepWeight?: unknown
  readonly stepWeights?: unknown
  readonly steps?: unknown
}
const isWeighted = (analysis: Weighted): boolean => WEIGHTS.some(field => analysis[field] !== undefined)

const later = (subject: string, instead: string): string => `${subject} not supported yet: ${instead}`

export const AnalysisSchema = ruled(
  z.object({
    interval: longDuration()
      .prefault('1m')
      .describe('How long a step lasts at least, from the moment its weight is carried.'),
    checkInterval: longDuration()
      .exactOptional()
      .describe('How often the metrics are checked within a step. Left out: `interval`, at most 10s.'),
    threshold: emptyCounts(z.int().min(0).max(1_000))
      .default(5)
      .describe(
        'The number of failed checks that rolls back: the Nth one does. They add up over the run. 0 is 1, as in Flagger.',
      ),
    maxWeight: share().exactOptional().describe('With stepWeight: where the ladder ends. Left out: 100.'),
    stepWeight: share()
      .exactOptional()
      .describe(
        'Percent to add at each step, up to maxWeight. With none of stepWeight, stepWeights and steps the ladder is 10, 25, 50, 100.',
      ),
    stepWeights: StepWeights.exactOptional().describe('The weights of the ladder, rising; the last is its top.'),
    steps: Steps.exactOptional().describe('The steps of the ladder, each with its own terms; the last is its top.'),
    stepWeightPromotion: share()
      .default(0)
      .describe('Percent to move at a time from the canary to the promoted primary; 0 moves all at once.'),
    primaryReadyThreshold: percent(1)
      .default(100)
      .describe("Percent of the primary's pods that must be available to count as ready."),
    canaryReadyThreshold: percent(1)
      .default(100)
      .describe("Percent of the canary's pods that must be available to count as ready."),
    metrics: metricList()
      .exactOptional()
      .describe(
        'The gates of every step. Left out or empty: request-success-rate from 99 % and request-duration up to 500 ms.',
      ),
    onProviderError: z
      .enum(['hold', 'fail'])
      .default('hold')
      .describe('What it means when the metrics server does not answer: wait, or a failed check.'),
    maxBlind: duration()
      .prefault('15m')
      .describe(
        'How long a run may be without data before its analysis is suspended at weight 0. The steps start over when there is data again.',
      ),
    maxDuration: longDuration()
      .prefault('24h')
      .describe(
        'A run that is not decided by then is rolled back. Waiting for people, data or windows does not count.',
      ),
    drain: duration()
      .exactOptional()
      .describe(
        'From "seen at weight 0" to the end of the pods. Left out: 10s, or `service.timeout` if that is longer. With VirtualServices of your own, write the longest timeout of their routes here.',
      ),
    lockTarget: emptyCounts(z.boolean())
      .default(true)
      .describe(
        'Whether the target is kept from rolling while its pods carry requests, so that a push waits until it is judged.',
      ),
    iterations: z
      .int()
      .min(0)
      .max(1_000)
      .exactOptional()
      .describe(
        'Without match blue/green: how often the metrics must pass, one interval each, while no request of callers goes to the canary; then all do. With match A/B testing: how often they must pass while all requests that match go to the canary. 0 is none; with provider kubernetes left out or 0 is 10.',
      ),
    match: z
      .array(Audience)
      .max(20)
      .exactOptional()
      .describe(
        "Which requests the canary gets a share of, or with iterations all of: those that meet one of these and `service.match`. All others go to the primary. Istio's HTTPMatchRequest.",
      ),
    mirror: z
      .boolean()
      .default(false)
      .describe(
        'Whether requests are copied to the canary before its first share, for one interval, or with iterations (blue/green) for all of them. The primary answers; the answers to the copies are dropped.',
      ),
    mirrorWeight: share().exactOptional().describe('Percent of the requests that are copied. Left out: 100.'),
    sessionAffinity: SessionAffinity.exactOptional().describe(
      'Callers that the canary has answered stay on it, by a cookie, as long as it is healthy; a rollback takes them too.',
    ),
    webhooks: webhookList().exactOptional().describe('Servers that are asked, or told, at moments of a release.'),
    alerts: alertList().exactOptional().describe('AlertProviders that are told of the release.'),
    schedule: refused('schedule', later('schedule is', 'remove it; spec.paused: true holds a release')),
    mode: refused('string', later('mode (statistical judgement) is', 'remove it; gates are limits on values')),
  }),
  {
    message: 'write one of stepWeight, stepWeights and steps, or none for 10, 25, 50, 100',
    cel: '[has(self.stepWeight), has(self.stepWeights), has(self.steps)].filter(written, written).size() <= 1',
    holds: analysis =>
      [analysis.stepWeight, analysis.stepWeights, analysis.steps].filter(written => written !== undefined).length <= 1,
  },
  {
    message: 'maxWeight goes with stepWeight only: a list ends with its last weight',
    cel: '!has(self.maxWeight) || has(self.stepWeight)',
    holds: analysis => analysis.maxWeight === undefined || analysis.stepWeight !== undefined,
  },
  {
    message: `iterations are for a release without weights: write either iterations or ${WEIGHTS.join(', ')}`,
    cel: `!has(self.iterations) || !(${hasWeights})`,
    holds: analysis => (analysis.iterations ?? 0) === 0 || !isWeighted(analysis),
  },
  {
    message:
      'match says which requests, and not how many of them: write iterations (A/B testing), or stepWeights for a share of them',
    cel: `!has(self.match) || has(self.iterations) || ${hasWeights}`,
    holds: analysis => analysis.match === undefined || (analysis.iterations ?? 0) > 0 || isWeighted(analysis),
  },
  {
    message: 'mirrorWeight goes with mirror: true',
    cel: '!has(self.mirrorWeight) || has(self.mirror)',
    holds: analysis => analysis.mirrorWeight === undefined || analysis.mirror,
  },
  {
    message:
      'sessionAffinity keeps callers of a share of all requests: remove match and iterations, or sessionAffinity',
    cel: '!has(self.sessionAffinity) || !(has(self.match) || has(self.iterations))',
    holds: analysis =>
      analysis.sessionAffinity === undefined || (analysis.match === undefined && (analysis.iterations ?? 0) === 0),
  },
  {
    message: 'checkInterval must not be longer than interval: every step needs a check',
    cel: `!${readableDuration('self.checkInterval')} || (has(self.interval) && !${readableDuration('self.interval')}) || duration(self.checkInterval) <= duration(has(self.interval) ? self.interval : '1m')`,
    holds: analysis => analysis.checkInterval === undefined || analysis.checkInterval <= analysis.interval,
  },
)

export type Step = z.output<typeof Step>
