/** The kubeconfig by which kubectl, the controller and everybody else finds the embedded cluster. */
import { writeFileSync } from 'node:fs'
import { stringify } from 'yaml'

export const CONTEXT = 'sluice-demo'

/** Writes a kubeconfig that only its owner may read: the URL holds the token. @throws Error with a sentence when it cannot be written. */
export function writeKubeconfig(path: string, url: string): void {
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    'current-context': CONTEXT,
    clusters: [{ name: CONTEXT, cluster: { server: url } }],
    users: [{ name: CONTEXT, user: {} }],
    contexts: [{ name: CONTEXT, context: { cluster: CONTEXT, user: CONTEXT, namespace: 'default' } }],
  }
  try {
    writeFileSync(path, stringify(config), { mode: 0o600 })
  } catch (error) {
    throw new Error(`Cannot write the kubeconfig ${path}: ${(error as Error).message}.`, { cause: error })
  }
}
