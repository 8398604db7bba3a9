/** The demo from curtain to curtain: the stage is set, releases are made one after the other, and each is judged by its end. */
import type { CanaryStatus } from '../src/api/status.ts'
import { invitation } from './invitation.ts'
import type { Options } from './options.ts'
import { type Release, releases } from './releases.ts'
import type { Out } from './screen.ts'
import { showOn } from './show.ts'
import { Interrupted, Stage } from './stage.ts'

/** Phases in which nothing is under way. */
const RESTS: ReadonlySet<CanaryStatus['phase']> = new Set(['Initialized', 'Succeeded', 'Failed'])

/**
 * @param signal ends the demo early, in order.
 * @returns whether every release ended as it should.
 * @throws Error with a sentence when the demo cannot begin or go on.
 */
export async function perform(options: Options, out: Out, signal: AbortSignal): Promise<boolean> {
  const since = performance.now()
  const stage = await Stage.open(options, signal)
  // Whatever happens to this process, the controller does not outlive it.
  const last = (): void => stage.controller.kill()
  process.on('exit', last)
  let asTheyShould = false
  try {
    asTheyShould = await play(stage, options, out, since)
    if (options.keep) {
      out.write(invitation(stage))
      await stage.stay()
    }
    return asTheyShould
  } catch (error) {
    if (error instanceof Interrupted) return asTheyShould
    throw error
  } finally {
    await stage.close()
    process.off('exit', last)
  }
}

async function play(stage: Stage, options: Options, out: Out, since: number): Promise<boolean> {
  let act = 'the first version becomes the primary: demo/web:1.0.0'
  const show = showOn(out, () => {
    return { seconds: (performance.now() - since) / 1000, act, status: stage.status, answers: stage.answers() }
  })
  const stop = stage.follow(() => show.changed())
  try {
    show.changed()
    await stage.until('initialized', ({ phase }) => phase === 'Initialized')
    show.keep('Callers are answered by the primary. From now on, a new image is a release.')
    let allAsTheyShould = true
    for (const name of options.releases) {
      const release: Release = releases[name]
      act = `${release.act}: ${release.image}`
      show.changed()
      const verdict = await releaseOf(release, stage)
      allAsTheyShould &&= verdict.asItShould
      show.keep(verdict.sentence)
    }
    return allAsTheyShould
  } finally {
    stop()
    show.end()
  }
}

/** Releases an image, and judges how that ended. */
async function releaseOf(release: Release, stage: Stage): Promise<Verdict> {
  const before = stage.promoted
  const latest = stage.status.history?.[0]?.id
  const leave = stage.prepare(release)
  stage.setImage(release.image)
  await stage.until(`over with ${release.image}`, ({ phase, history }) => {
    return RESTS.has(phase) && history?.[0]?.id !== latest
  })
  leave()
  return verdictOn(release, stage, before)
}

interface Verdict {
  readonly asItShould: boolean
  readonly sentence: string
}

/** How a release ended, against how it should have. */
function verdictOn(release: Release, stage: Stage, before: string): Verdict {
  const { phase, message = '' } = stage.status
  const image = release.ends === 'Succeeded' ? release.image : before
  const asItShould = phase === release.ends && stage.promoted === image
  const end = phase === 'Succeeded' ? 'promoted' : 'rolled back'
  const sentence = asItShould
    ? `${release.image} was ${end}, as it should be. Callers are answered by ${stage.promoted}.`
    : `${release.image} should have ended as ${release.ends} with ${image} on the primary, but it is ${phase} with ${stage.promoted}: ${message}.`
  return { asItShould, sentence }
}
