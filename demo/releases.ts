/** What the demo can release, and how each should end: the images are those of the playground's one table. */
import type { CanaryStatus } from '../src/api/status.ts'
import type { Milliseconds } from '../src/core/time.ts'
import type { Hooks } from './receiver.ts'

export interface Release {
  readonly image: string
  readonly act: string
  readonly ends: 'Succeeded' | 'Failed'
  /** What the analysis of the Canary says beside metrics and times; left out: nothing, so that it climbs its steps. */
  readonly strategy?: Readonly<Record<string, unknown>>
  readonly webhooks?: Hooks
  /** What happens on its way, in this order. */
  readonly incidents?: readonly Incident[]
  /** More callers: with a header that a match is about, or with the cookie of the run. */
  readonly callers?: { readonly headers: Readonly<Record<string, string>> } | 'with the cookie'
}

/** What can be done to what is around a release. */
export type Deed =
  | 'open the gate'
  | 'stop Prometheus'
  | 'start Prometheus'
  | 'kill the controller'
  | 'start a controller'

/** Something that is done to what is around a release while it goes on. */
export interface Incident {
  /** Whether the Canary is where it happens. */
  readonly when: (status: CanaryStatus) => boolean
  /** How long people are given to see that, before. */
  readonly after: Milliseconds
  readonly deed: Deed
  readonly act: string
}

const isAt =
  (weight: number) =>
  ({ traffic }: CanaryStatus): boolean =>
    traffic?.requested === weight && traffic.carried === weight

const hooks = {
  ticket: 'confirm-rollout',
  'smoke-test': 'pre-rollout',
  'load-test': 'rollout',
  'office-hours': 'confirm-traffic-increase',
  approval: 'confirm-promotion',
  'stop-button': 'rollback',
  report: 'post-rollout',
  chat: 'event',
} as const satisfies Hooks

/** The webhooks that the demo's receiver answers. */
export const webhooks: Hooks = hooks

const insider = { 'x-canary': 'yes' }

export const releases = {
  good: { image: 'demo/web:1.1.0', act: 'a good release', ends: 'Succeeded' },
  bad: { image: 'demo/web:2.0.0-errors', act: 'a bad release: one answer in ten is an error', ends: 'Failed' },
  slow: { image: 'demo/web:2.0.0-slow', act: 'a slow release: a percent of the answers takes 1.5 s', ends: 'Failed' },
  crash: { image: 'demo/web:2.0.0-crash', act: 'a release whose pods never start', ends: 'Failed' },
  ab: {
    image: 'demo/web:1.2.0',
    act: 'an A/B test: only callers with the header x-canary get the new version, until it is promoted',
    ends: 'Succeeded',
    strategy: { iterations: 3, match: [{ headers: { 'x-canary': { exact: 'yes' } } }] },
    callers: { headers: insider },
  },
  'blue-green': {
    image: 'demo/web:1.3.0',
    act: 'blue/green: judged on copies of requests, then it gets all at once',
    ends: 'Succeeded',
    strategy: { iterations: 3, mirror: true },
  },
  mirror: {
    image: 'demo/web:2.1.0-errors',
    act: 'a bad release that gets copies of requests first: no caller sees one of its errors',
    ends: 'Failed',
    strategy: { stepWeights: [25, 50], mirror: true },
  },
  sticky: {
    image: 'demo/web:1.4.0',
    act: 'session affinity: callers that the new version has answered stay with it',
    ends: 'Succeeded',
    strategy: { stepWeights: [25, 50], sessionAffinity: { cookieName: 'web-canary', maxAge: 60 } },
    callers: 'with the cookie',
  },
  hooks: {
    image: 'demo/web:1.5.0',
    act: 'a release that asks webhooks: each is called at its moment, and the last gate is closed at first',
    ends: 'Succeeded',
    strategy: { stepWeights: [25, 50] },
    webhooks: hooks,
    incidents: [
      {
        when: ({ phase, reason }) => phase === 'WaitingPromotion' && reason === 'WaitingForWebhook',
        after: 4000,
        deed: 'open the gate',
        act: 'the gate is opened: webhook approval answers yes from now on',
      },
    ],
  },
  outage: {
    image: 'demo/web:1.6.0',
    act: 'a good release, and Prometheus is away in the middle of it',
    ends: 'Succeeded',
    strategy: { stepWeights: [25, 50] },
    incidents: [
      {
        when: isAt(25),
        after: 1000,
        deed: 'stop Prometheus',
        act: 'Prometheus is stopped: without metrics the weight neither rises nor falls',
      },
      {
        when: ({ reason }) => reason === 'MetricsUnavailable',
        after: 4000,
        deed: 'start Prometheus',
        act: 'Prometheus is started again: the release goes on at the weight where it held',
      },
    ],
  },
  killed: {
    image: 'demo/web:1.7.0',
    act: 'a good release, and its controller is killed in the middle of it',
    ends: 'Succeeded',
    strategy: { stepWeights: [25, 50] },
    incidents: [
      {
        when: isAt(25),
        after: 1000,
        deed: 'kill the controller',
        act: 'the controller is killed (SIGKILL): the proxies keep the weight 25, and every caller gets an answer',
      },
      {
        when: isAt(25),
        after: 3000,
        deed: 'start a controller',
        act: 'another controller starts: it waits up to 14 s for the Lease of the killed one to expire, and goes on from weight 25',
      },
    ],
  },
} as const satisfies Record<string, Release>

export type ReleaseName = keyof typeof releases
