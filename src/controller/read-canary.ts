/** A Canary out of its object. */
import type { KubeObject } from '../api/object.ts'
import { parseCanary } from '../api/canary.ts'
import { DEFAULT_PROVIDER, type Provider } from '../api/providers.ts'
import { type Json, recordOf } from '../core/json.ts'
import { refusalOf } from '../runtime/object-limits.ts'

const parsedSpecs = new WeakMap<Json, ReturnType<typeof parseCanary>>()

/** The Canary, or the sentences that say why it cannot be read; each spec is parsed once, however often the status changes. */
export function readCanary(object: KubeObject, provider: Provider = DEFAULT_PROVIDER): ReturnType<typeof parseCanary> {
  const refusal = refusalOf(object)
  if (refusal !== null) return { problems: [refusal] }
  const raw = recordOf(object.spec)
  const parsed = parsedSpecs.get(raw) ?? parseCanary(object, provider)
  parsedSpecs.set(raw, parsed)
  return 'problems' in parsed ? parsed : { canary: { ...object, spec: parsed.canary.spec } }
}
