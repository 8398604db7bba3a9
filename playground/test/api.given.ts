/** An API server in memory with the kinds of Sluice and a namespace, for the tests of what it answers. */
import { createHash } from 'node:crypto'
import { type Kind, kinds, type KubeObject } from '../../src/api/object.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { Call, Sha256 } from '../../src/core/ports.ts'
import type { PlaygroundApi } from './api.ts'
import { VirtualClock } from '../clock.ts'
import { resourceOf } from '../schema/custom.ts'
import { installed, looseDefinition } from './installed.ts'

export const sha256: Sha256 = text => createHash('sha256').update(text).digest('hex')
export const call = (signal: AbortSignal = new AbortController().signal): Call => ({ lane: 'normal', signal })
export const ref = (kind: Kind, name = 'web') => ({ kind, namespace: 'shop', name })

export function service(ports: Record<string, unknown>[] = [{ name: 'http', port: 80 }], extra = {}): KubeObject {
  const metadata = { name: 'web', namespace: 'shop' }
  return { apiVersion: 'v1', kind: 'Service', metadata, spec: { selector: { app: 'web' }, ports, ...extra } }
}
export function canary(spec: Record<string, unknown> = { weight: 10 }, metadata = {}): KubeObject {
  return {
    apiVersion: 'sluice.dev/v1beta1',
    kind: 'Canary',
    metadata: { name: 'web', namespace: 'shop', ...metadata },
    spec,
  }
}
export function config(
  name: string,
  labels: Record<string, string> = {},
  data: Record<string, string> = {},
): KubeObject {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name, namespace: 'shop', labels }, data }
}

export function refusal(write: () => unknown): string {
  try {
    write()
  } catch (error) {
    if (error instanceof ApiError) return `${error.code} ${error.reason}: ${error.message}`
    throw error
  }
  return 'accepted'
}
export async function refusalOf(write: Promise<unknown>): Promise<string> {
  return write.then(
    () => 'accepted',
    error => (error instanceof ApiError ? `${error.code} ${error.reason}` : String(error)),
  )
}

/** Who owns which fields, as managedFields has it. */
export const owners = (object: KubeObject | null) =>
  (object?.metadata.managedFields ?? []).map(entry => [entry.manager, entry.operation, entry.fieldsV1])

/** A server without any object but the namespace, at the beginning of time. */
export function freshApi(): { clock: VirtualClock; api: PlaygroundApi } {
  const clock = new VirtualClock()
  const api = installed(clock)
  // Most of these tests are about any custom object.
  api.server.resources.install(resourceOf(looseDefinition(kinds.Canary)))
  api.as('kubectl').namespace('shop')
  return { clock, api }
}
