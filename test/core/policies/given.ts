/** Policies around a Canary whose primary has other labels. */
import { kinds, type Kind, type KubeObject, type ObjectMeta } from '../../../src/api/object.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, object, observation } from '../given-objects.ts'

type Fields = Readonly<Record<string, unknown>>

/** Older than each one that is made after it, where nothing else is said. */
let made = 0
export function policy(kind: Kind, name: string, spec: Fields, metadata: Partial<ObjectMeta> = {}): KubeObject {
  made += 1
  const creationTimestamp = new Date(Date.UTC(2026, 0, 1) + made * 1000).toISOString()
  return object(kind, name, { spec }, { creationTimestamp, ...metadata })
}

export const web = { selector: { matchLabels: { app: 'web' } } } as const

/** Allows one caller. */
export const allow = (name = 'frontend', more: Partial<ObjectMeta> = {}, caller = 'frontend'): KubeObject =>
  policy(
    kinds.AuthorizationPolicy,
    name,
    { ...web, rules: [{ from: [{ source: { principals: [`cluster.local/ns/shop/sa/${caller}`] } }] }] },
    more,
  )

/** With labels `switch`: `app: web` becomes `app: web-primary`. */
export function switched(policies: readonly KubeObject[], more: Partial<Observation> = {}): Observation {
  const o = observation({ canary: canary({ primary: { labels: 'switch' } }), ...more })
  return { ...o, memory: { ...o.memory, labels: 'switch' }, policies }
}
