/** The AlertProviders that Canaries name, each version parsed once. */
import { parseAlertProvider, type ReadAlertProvider } from '../api/alert-provider.ts'
import { kinds, type KubeObject } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import type { Observation } from '../core/model/observation.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import type { TrackedReader } from './reader.ts'

const parsedProviders = new WeakMap<KubeObject, ReadAlertProvider>()

/** An AlertProvider as it is kept, read; or what is wrong with it. */
export function readAlertProvider(object: KubeObject): ReadAlertProvider {
  const known = parsedProviders.get(object)
  if (known !== undefined) return known
  const refusal = refusalOf(object)
  const parsed = refusal === null ? parseAlertProvider(object) : { problems: [refusal] }
  parsedProviders.set(object, parsed)
  return parsed
}

/** Those that the analysis names and that exist, by name. */
export function readAlertProviders(reader: TrackedReader, { spec, metadata }: Canary): Observation['alertProviders'] {
  const found = spec.analysis.alerts.flatMap(({ providerRef: { name } }) => {
    const object = reader.get({ kind: kinds.AlertProvider, namespace: metadata.namespace ?? '', name })
    return object === undefined ? [] : [[name, readAlertProvider(object)] as const]
  })
  return Object.fromEntries(found)
}
