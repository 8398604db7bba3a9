/** The plot of the demo: the shop gets its primary, then one release follows the other, and each is judged by its end. */
import type { CanaryStatus } from '../src/api/status.ts'
import type { Instant, Milliseconds } from '../src/core/time.ts'
import type { HookCall } from './receiver.ts'
import { type Deed, type Release, type ReleaseName, releases } from './releases.ts'
import type { Out } from './screen.ts'
import type { Requests, Shop } from './shop.ts'
import { showOn } from './show.ts'

/** Where it is played: in a cluster of its own and by the clock on the wall, or in virtual time. */
export interface Stage {
  readonly shop: Shop
  /** Every call of a webhook so far. */
  readonly hookCalls: readonly HookCall[]
  now(): Instant
  /** Lets time pass. */
  pass(time: Milliseconds): Promise<void>
  /**
   * Resolves when `done` says so of the Canary.
   *
   * @param what is not the case until then.
   * @throws Error with a sentence when that takes too long.
   */
  until(what: string, done: (status: CanaryStatus) => boolean): Promise<void>
  perform(deed: Deed): Promise<void>
}

/** Phases in which nothing is under way. */
const RESTS: ReadonlySet<CanaryStatus['phase']> = new Set(['Initialized', 'Succeeded', 'Failed'])

/** @returns whether every release ended as it should. @throws Error with a sentence when the demo cannot go on. */
export async function play(stage: Stage, names: readonly ReleaseName[], out: Out): Promise<boolean> {
  const { shop } = stage
  const since = stage.now()
  let act = 'the first version becomes the primary: demo/web:1.0.0'
  let callsBefore = 0
  const show = showOn(out, () => ({
    seconds: (stage.now() - since) / 1000,
    act,
    status: shop.status,
    answers: shop.answers(),
    hookCalls: stage.hookCalls.slice(callsBefore),
  }))
  const enter = (next: string): void => {
    act = next
    show.changed()
  }
  const stop = shop.follow(() => show.changed())
  try {
    show.changed()
    await stage.until('initialized', ({ phase }) => phase === 'Initialized')
    show.keep('Callers are answered by the primary. From now on, a new image is a release.')
    let allAsTheyShould = true
    for (const name of names) {
      callsBefore = stage.hookCalls.length
      const release: Release = releases[name]
      enter(`${release.act}: ${release.image}`)
      const verdict = await releaseOf(release, stage, enter)
      allAsTheyShould &&= verdict.asItShould
      show.keep([verdict.sentence, ...hooksSentence(stage.hookCalls.slice(callsBefore))].join('\n'))
    }
    return allAsTheyShould
  } finally {
    stop()
    show.end()
  }
}

/** Releases an image, lets happen what happens on its way, and judges how that ended. */
async function releaseOf(release: Release, stage: Stage, enter: (act: string) => void): Promise<Verdict> {
  const { shop } = stage
  const before = shop.promoted
  const latest = shop.status.history?.[0]?.id
  const begun = stage.now()
  const leave = shop.prepare(release)
  shop.setImage(release.image)
  for (const { when, after, deed, act } of release.incidents ?? []) {
    await stage.until(`where this happens: ${act}`, when)
    await stage.pass(after)
    await stage.perform(deed)
    enter(act)
  }
  await stage.until(`over with ${release.image}`, ({ phase, history, pendingEvents = [] }) => {
    const isTold = pendingEvents.every(({ sink }) => sink !== 'post-rollout')
    return RESTS.has(phase) && history?.[0]?.id !== latest && isTold
  })
  leave()
  return verdictOn(release, shop, before, shop.requests(begun))
}

interface Verdict {
  readonly asItShould: boolean
  readonly sentence: string
}

/** How a release ended, against how it should have. A release that succeeds costs no caller an answer. */
function verdictOn(release: Release, shop: Shop, before: string, { sent, failed }: Requests): Verdict {
  const { phase, message = '' } = shop.status
  const image = release.ends === 'Succeeded' ? release.image : before
  const asItShould = phase === release.ends && shop.promoted === image && (failed === 0 || phase === 'Failed')
  const end = phase === 'Succeeded' ? 'promoted' : 'rolled back'
  const requests = `${failed === 0 ? 'None' : failed} of ${sent} requests failed.`
  const sentence = asItShould
    ? `${release.image} was ${end}, as it should be. Callers are answered by ${shop.promoted}. ${requests}`
    : `${release.image} should have ended as ${release.ends} with ${image} on the primary, but it is ${phase} with ${shop.promoted}: ${message}. ${requests}`
  return { asItShould, sentence }
}

/** How often each webhook was called; nothing where none was. */
function hooksSentence(calls: readonly HookCall[]): string[] {
  const counts = new Map<string, number>()
  for (const { name, type } of calls) {
    const hook = `${name} (${type})`
    counts.set(hook, (counts.get(hook) ?? 0) + 1)
  }
  return counts.size === 0
    ? []
    : [`Webhooks were called ${calls.length} times: ${[...counts].map(([hook, n]) => `${hook} ${n}`).join(', ')}.`]
}
