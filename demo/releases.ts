/** What the demo can release, and how each should end: the images are those of the playground's one table. */

export interface Release {
  readonly image: string
  readonly act: string
  readonly ends: 'Succeeded' | 'Failed'
}

export const releases = {
  good: { image: 'demo/web:1.1.0', act: 'a good release', ends: 'Succeeded' },
  bad: { image: 'demo/web:2.0.0-errors', act: 'a bad release: one answer in ten is an error', ends: 'Failed' },
  slow: { image: 'demo/web:2.0.0-slow', act: 'a slow release: a percent of the answers takes 1.5 s', ends: 'Failed' },
  crash: { image: 'demo/web:2.0.0-crash', act: 'a release whose pods never start', ends: 'Failed' },
} as const satisfies Record<string, Release>

export type ReleaseName = keyof typeof releases
