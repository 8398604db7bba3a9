/** What the demo can release, and how each should end: the images are those of the playground's one table. */

export interface Release {
  readonly image: string
  readonly act: string
  readonly ends: 'Succeeded' | 'Failed'
  /** What the analysis of the Canary says beside metrics and times; left out: nothing, so that it climbs its steps. */
  readonly strategy?: Readonly<Record<string, unknown>>
  /** More callers: with a header that a match is about, or with the cookie of the run. */
  readonly callers?: { readonly headers: Readonly<Record<string, string>> } | 'with the cookie'
}

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
} as const satisfies Record<string, Release>

export type ReleaseName = keyof typeof releases
