/** Asks the API server what the caller may do (https://kubernetes.io/docs/reference/access-authn-authz/authorization/#checking-api-access). */
import type { Kind } from '../api/object.ts'
import { at } from '../core/json.ts'
import type { Call, KubeApi } from '../core/ports.ts'

const SelfSubjectAccessReview: Kind = {
  group: 'authorization.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectAccessReview',
  plural: 'selfsubjectaccessreviews',
  namespaced: false,
}

/** One verb on one resource. */
export interface Right {
  readonly verb: string
  /** Empty: the core group. */
  readonly group: string
  readonly resource: string
  readonly subresource?: string
  /** Empty: all namespaces. */
  readonly namespace: string
  /** Not said: any name. */
  readonly name?: string
}

/**
 * Whether the authorizers of the API server allow it: no opinion is no.
 *
 * @throws what the API server or the network answered.
 */
export async function isAllowed(api: Pick<KubeApi, 'write'>, right: Right, call: Call): Promise<boolean> {
  const object = {
    apiVersion: 'authorization.k8s.io/v1',
    kind: SelfSubjectAccessReview.kind,
    metadata: { name: '' },
    spec: { resourceAttributes: right },
  }
  const ref = { kind: SelfSubjectAccessReview, namespace: '', name: '' }
  const review = await api.write({ verb: 'create', ref, object }, call)
  return at(review?.['status'], 'allowed') === true
}

/** `patch canaries/status.sluice.dev`, as kubectl auth can-i writes it. */
export function rightText({ verb, group, resource, subresource, name }: Omit<Right, 'namespace'>): string {
  const whole = `${resource}${subresource === undefined ? '' : `/${subresource}`}`
  return `${verb} ${group === '' ? whole : `${whole}.${group}`}${name === undefined ? '' : ` "${name}"`}`
}

/** Reviews that are under way at once. */
const AT_ONCE = 4

/** Those of the rights that the caller lacks, in their order. @throws as `isAllowed`. */
export async function missingOf<T extends Right>(
  api: Pick<KubeApi, 'write'>,
  rights: readonly T[],
  call: () => Call,
): Promise<T[]> {
  const missing = new Set<T>()
  const waiting = [...rights]
  const work = async (): Promise<void> => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const { verb, group, resource, subresource, namespace, name } = next
      const right = {
        verb,
        group,
        resource,
        namespace,
        ...(subresource === undefined ? {} : { subresource }),
        ...(name === undefined ? {} : { name }),
      }
      if (!(await isAllowed(api, right, call()))) missing.add(next)
    }
  }
  await Promise.all(Array.from({ length: AT_ONCE }, work))
  return rights.filter(one => missing.has(one))
}
