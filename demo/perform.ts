/** The demo from curtain to curtain: the stage is set, the releases are played, and the cluster stays up where that is wanted. */
import { controller as program } from './files.ts'
import { invitation, type Places } from './invitation.ts'
import type { Options } from './options.ts'
import { play } from './play.ts'
import type { Out } from './screen.ts'
import { Interrupted, LiveStage } from './stage.ts'

/**
 * @param signal ends the demo early, in order.
 * @returns whether every release ended as it should.
 * @throws Error with a sentence when the demo cannot begin or go on.
 */
export async function perform(options: Options, out: Out, signal: AbortSignal): Promise<boolean> {
  const stage = await LiveStage.open(options, signal)
  // Whatever happens to this process, the controller and the page do not outlive it.
  const last = (): void => {
    stage.controller.kill()
    stage.page.kill()
  }
  process.on('exit', last)
  let asTheyShould = false
  try {
    const link = await stage.page.link()
    if (link !== null) out.write(`In a browser: ${link}\n\n`)
    asTheyShould = await play(stage, options.releases, out)
    if (options.keep) {
      out.write(invitation({ ...placesOf(stage), link: await stage.page.link() }))
      stage.page.follow(next => out.write(`In another tab, or after a reload: ${next}\n`))
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

const placesOf = ({ kubeconfig, prometheusUrl, controller }: LiveStage): Omit<Places, 'link'> => ({
  kubeconfig,
  prometheusUrl,
  controller,
  program,
})
