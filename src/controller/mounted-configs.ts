/** The ConfigMaps and Secrets that a target mounts, and of which kinds a Canary has to see any. */
import { kinds, type Kind, type Ref } from '../api/object.ts'
import type { Names } from '../core/model/names.ts'
import type { RecordedTemplate } from '../core/model/observation.ts'
import { configKey, type ConfigReference, isTracked } from '../core/render/configs.ts'
import type { ConfigContents } from './config-contents.ts'
import { configKinds } from './kinds.ts'
import type { TrackedReader } from './reader.ts'

export interface MountedConfigs {
  /** `configmaps/name` or `secrets/name` → hash; what does not exist is left out. */
  readonly configs: Readonly<Record<string, string>>
  /** Not all contents have been read yet. */
  readonly unread: boolean
  /** Why contents cannot be read, as sentences. */
  readonly problems: readonly string[]
}

const kindOf = ({ kind }: ConfigReference): Kind => (kind === 'Secret' ? kinds.Secret : kinds.ConfigMap)

/** Hashes of the configuration that the target mounts; what does not exist is left out. */
export function readConfigs(
  reader: TrackedReader,
  contents: Pick<ConfigContents, 'of' | 'retain'>,
  { namespace, canary }: Names,
  references: readonly ConfigReference[],
): MountedConfigs {
  const configs: Record<string, string> = {}
  const problems: string[] = []
  const mounted: Ref[] = []
  let unread = false
  const key = `${namespace}/${canary}`
  for (const reference of references) {
    const ref = { kind: kindOf(reference), namespace, name: reference.name }
    const config = reader.get(ref)
    if (config === undefined || !isTracked(config)) continue
    mounted.push(ref)
    const { hash, problem } = contents.of(ref, config, key)
    if (problem !== null) problems.push(problem)
    if (hash !== null) configs[configKey(reference)] = hash
    else unread = true
  }
  contents.retain(key, mounted)
  return { configs, unread, problems }
}

/**
 * What the target mounts now, what a recorded template mounted (a promotion, or a clean-up after a restart, has to see its
 * copies), and what there are copies of.
 */
export function neededConfigKinds(
  reader: TrackedReader,
  names: Names,
  references: readonly ConfigReference[],
  recorded: readonly RecordedTemplate[],
): Kind[] {
  const remembered = recorded.flatMap(({ configs }) => Object.keys(configs))
  return configKinds.filter(
    kind =>
      references.some(reference => kindOf(reference) === kind) ||
      remembered.some(key => key.startsWith(`${kind.plural}/`)) ||
      reader.byIndex(kind, 'canary', `${names.namespace}/${names.canary}`).length > 0,
  )
}
