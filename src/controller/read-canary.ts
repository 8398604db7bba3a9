/** A Canary out of its object. */
import type { KubeObject } from '../api/object.ts'
import { parseCanary } from '../api/parse-canary.ts'
import { DEFAULT_PROVIDER, type Provider } from '../api/providers.ts'
import { type Json, recordOf } from '../core/json.ts'
import { refusalOf } from '../runtime/object-limits.ts'

interface ParsedSpec {
  readonly fallback: Provider
  readonly recorded: Provider | null
  readonly parsed: ReturnType<typeof parseCanary>
}

const parsedSpecs = new WeakMap<Json, ParsedSpec>()

/**
 * The Canary, or the sentences that say why it cannot be read. Each spec is parsed once, however often the status changes, and once
 * more when its provider is recorded.
 */
export function readCanary(
  object: KubeObject,
  fallback: Provider = DEFAULT_PROVIDER,
  recorded: Provider | null = null,
): ReturnType<typeof parseCanary> {
  const refusal = refusalOf(object)
  if (refusal !== null) return { problems: [refusal] }
  const raw = recordOf(object.spec)
  const known = parsedSpecs.get(raw)
  const parsed =
    known?.recorded === recorded && known.fallback === fallback ? known.parsed : parseCanary(object, fallback, recorded)
  parsedSpecs.set(raw, { fallback, recorded, parsed })
  return 'problems' in parsed ? parsed : { canary: { ...object, spec: parsed.canary.spec } }
}
