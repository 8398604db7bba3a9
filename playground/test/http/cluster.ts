/** A cluster over HTTP for a test, in real time, and the simplest client of it. */
import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../../src/adapters/clock.ts'
import { startCluster } from '../../cluster.ts'

export interface Answered {
  readonly code: number
  readonly headers: Headers
  /** JSON as it is, everything else as text. */
  readonly body: unknown
}

export type Ask = (method: string, path: string, body?: unknown, headers?: Record<string, string>) => Promise<Answered>

export async function httpCluster() {
  const dir = mkdtempSync(join(tmpdir(), 'sluice-http-'))
  const cluster = await startCluster({ clock: systemClock, port: 0, kubeconfig: join(dir, 'kubeconfig') })
  const close = async (): Promise<void> => {
    await cluster.close()
    rmSync(dir, { recursive: true })
  }
  return { cluster, ask: asker(cluster.url), close }
}

/** A client of a server; objects are sent as JSON, texts as they are. */
export function asker(url: string): Ask {
  return async (method, path, body, headers = {}) => {
    const text = body === undefined || typeof body === 'string' ? body : JSON.stringify(body)
    const type = { 'content-type': 'application/json', ...headers }
    const response = await fetch(url + path, { method, headers: type, ...(text === undefined ? {} : { body: text }) })
    const answer = await response.text()
    return {
      code: response.status,
      headers: response.headers,
      body: /^[[{]/.test(answer) ? JSON.parse(answer) : answer,
    }
  }
}

export const CONFIGS = '/api/v1/namespaces/default/configmaps'
export const MERGE = { 'content-type': 'application/merge-patch+json' }

export function config(name: string, data: Record<string, string> = {}) {
  return { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name }, data }
}
