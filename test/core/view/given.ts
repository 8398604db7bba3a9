/** Canaries as the API server has them: what a user wrote, with the status that the controller writes in a state. */
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { Memory } from '../../../src/core/model/memory.ts'
import type { State } from '../../../src/core/model/state.ts'
import { weighted } from '../../../src/core/model/traffic.ts'
import { describe } from '../../../src/core/view/describe.ts'
import { type Observed, observedOf } from '../../../src/core/view/observed.ts'
import type { View } from '../../../src/core/view/view.ts'
import type { Reason } from '../../../src/core/status/reasons.ts'
import { writeStatus } from '../../../src/core/status/write-status.ts'
import { canary, object, sha256 } from '../given-objects.ts'
import { at, candidate, now, primary, promoted, remembers, target } from '../machine/given.ts'

type Fields = Readonly<Record<string, unknown>>

/** The canary `web` as it was written, without a status. */
export const written = (spec: Fields = {}): KubeObject =>
  object(
    kinds.Canary,
    'web',
    {
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        service: { port: 80, targetPort: 8080 },
        progressDeadlineSeconds: 120,
        analysis: { interval: '10s' },
        ...spec,
      },
    },
    { creationTimestamp: '2026-01-01T00:00:00Z' },
  )

/** With the status of a state. */
export function inState(
  state: State,
  reason: Reason,
  message: string,
  more: { readonly spec?: Fields; readonly memory?: Partial<Memory> } = {},
): KubeObject {
  const spec = { progressDeadlineSeconds: 120, analysis: { interval: '10s' }, ...more.spec }
  const memory = remembers({ provider: 'istio', transitionAt: now - 15_000, ...more.memory })
  const o = at(state, { canary: canary(spec), memory })
  const status = writeStatus(o, { state, memory, reason, message, wakeAt: null, announcements: [] }, now)
  return { ...written(more.spec), status }
}

/** Everything is read: two ready pods on both sides. */
export const everything: Observed = observedOf(
  {
    target: target('web:2').object,
    primary: primary().object,
    pods: [],
    records: [promoted.object, candidate.object],
  },
  sha256,
)

export const viewOf = (given: KubeObject, observed: Observed = everything): View => describe(given, observed, now)

export { weighted }
