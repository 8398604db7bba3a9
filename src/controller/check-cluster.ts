/** Before anything is started: is there a cluster, does it know Canaries, may we see them? A sentence, or null when all is well. */
import { kindKey, kinds } from '../api/object.ts'
import { ApiError, isForbidden, isNotFound } from '../core/errors.ts'
import type { KubeApi } from '../core/ports.ts'

const DEADLINE = 10_000

/**
 * @param server URL, for the sentence.
 * @param namespaces that are watched; empty: all.
 * @param stop ends the questions; then there is nothing to say.
 */
export async function checkCluster(
  api: KubeApi,
  server: string,
  namespaces: readonly string[],
  stop: AbortSignal,
): Promise<string | null> {
  const [namespace = ''] = namespaces
  for (const kind of [kinds.Canary, kinds.MetricTemplate]) {
    try {
      const signal = AbortSignal.any([stop, AbortSignal.timeout(DEADLINE)])
      await api.list(kind, { namespace, limit: 1 }, { lane: 'urgent', signal })
    } catch (error) {
      if (stop.aborted) return null
      const said = error instanceof Error ? error.message : String(error)
      if (isNotFound(error)) {
        return `The cluster at ${server} does not know ${kindKey(kind)}: install the CRDs with \`kubectl apply -k manifests\` or \`kubectl apply -f crds\`.`
      }
      if (isForbidden(error)) {
        return `forbidden to list ${kindKey(kind)} at ${server}: ${said}. Apply manifests/rbac.yaml, and bind it to the user that runs Sluice.`
      }
      if (error instanceof ApiError && error.code === 401) {
        return `The API server at ${server} does not accept our credentials: ${said}. Check --kubeconfig and --context.`
      }
      if (error instanceof ApiError)
        return `The API server at ${server} answered ${error.code}: ${said}. Is it healthy?`
      return `The API server at ${server} cannot be reached: ${said}. Check --kubeconfig and --context, and whether it runs.`
    }
  }
  return null
}
