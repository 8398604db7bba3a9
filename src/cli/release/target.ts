/** Which revision a release is awaited of: the one on the live target, hashed as the controller does it, or one that is named. */
import { type KubeObject, kinds, type Ref } from '../../api/object.ts'
import { isForbidden } from '../../core/errors.ts'
import { at, textOf } from '../../core/json.ts'
import { isQuoted, templateOf } from '../../core/model/revision.ts'
import type { Revision } from '../../core/model/state.ts'
import type { Sha256 } from '../../core/ports.ts'
import { configKey, isTracked, trackedConfigs } from '../../core/render/configs.ts'
import { hashOfContent } from '../../core/render/content.ts'
import { workloads } from '../../core/workloads/index.ts'
import { forbiddenSentence } from '../client/errors.ts'
import type { Session } from '../client/session.ts'
import { StartupError } from '../startup-error.ts'

/** A revision as it is looked for in a status. */
export interface Meant {
  /** Ten digits. */
  readonly short: string
  /** As it is known: whole, or as it was named. */
  readonly text: string
  /**
   * Whether a revision of a status is this one.
   *
   * @param isTracking whether that status knows of configuration: a controller with --track-configs=false hashes templates alone.
   */
  is(revision: Revision, isTracking: boolean): boolean
}

/** What is on the target now. */
export interface Live extends Meant {
  /** ConfigMaps and Secrets that may not be read, by name: then a change of them alone is not told apart. */
  readonly unread: readonly string[]
}

/** One that a user names: the whole of it, or the beginning. */
export const quoted = (text: string): Meant => ({
  short: text.replace(/^h1:/, '').slice(0, 10),
  text,
  is: revision => isQuoted(revision, text),
})

/**
 * Reads the target and the configuration that it mounts.
 *
 * @param canary as the API server has it; its spec may be one that is refused.
 * @returns null when there is no target.
 * @throws StartupError when the target may not be read.
 */
export async function readLive(session: Session, canary: KubeObject, sha256: Sha256): Promise<Live | null> {
  const namespace = canary.metadata.namespace ?? ''
  const target: Ref = { kind: kinds.Deployment, namespace, name: textOf(at(canary.spec, 'targetRef', 'name')) }
  if (target.name === '') return null
  const object = await session.api.get(target, session.call()).catch((error: unknown) => {
    if (!isForbidden(error)) throw error
    throw new StartupError(
      `${forbiddenSentence(error instanceof Error ? error.message : '')}. Or name the revision that is awaited with --revision`,
    )
  })
  if (object === null) return null
  const unread: string[] = []
  const configs: Record<string, string> = {}
  for (const reference of trackedConfigs(at(object.spec, 'template'))) {
    const ref = { kind: kinds[reference.kind], namespace, name: reference.name }
    try {
      const config = await session.api.get(ref, session.call())
      if (config !== null && isTracked(config))
        configs[configKey(reference)] = hashOfContent({ ...config, kind: reference.kind }, sha256)
    } catch (error) {
      if (!isForbidden(error)) throw error
      unread.push(`${reference.kind} ${reference.name}`)
    }
  }
  const { revision } = workloads.Deployment.read(object, [], { configs, readyPercent: 100, sha256 })
  const template = templateOf(revision)
  return {
    text: revision,
    unread,
    short: template.replace(/^h1:/, '').slice(0, 10),
    is: (other, isTracking) =>
      other === revision || ((unread.length > 0 || !isTracking) && templateOf(other) === template),
  }
}
