/** The AlertProviders that Canaries name, each version parsed once. */
import { parseAlertProvider, type ReadAlertProvider } from '../api/alert-provider.ts'
import { kinds, type KubeObject } from '../api/object.ts'
import type { Canary } from '../api/canary.ts'
import { isRecord } from '../core/json.ts'
import type { Observation } from '../core/model/observation.ts'
import { refusalOf } from '../runtime/object-limits.ts'
import type { TrackedReader } from './reader.ts'

/** By spec, which an object in the cache shares with the versions before that had the same: its status, or a label, makes no other one. */
const parsedProviders = new WeakMap<object, ReadAlertProvider>()

/** An AlertProvider as it is kept, read; or what is wrong with it. The same value for as long as its spec is the same. */
export function readAlertProvider(object: KubeObject): ReadAlertProvider {
  const { spec } = object
  const version = isRecord(spec) ? spec : object
  const known = parsedProviders.get(version)
  if (known !== undefined) return known
  const refusal = refusalOf(object)
  const parsed = refusal === null ? parseAlertProvider(object) : { problems: [refusal] }
  parsedProviders.set(version, parsed)
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
