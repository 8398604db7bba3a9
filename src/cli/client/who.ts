/** Who the caller is. */
import type { Kind } from '../../api/object.ts'
import { ApiError } from '../../core/errors.ts'
import { at, textOf } from '../../core/json.ts'
import type { Session } from './session.ts'

/** Served since Kubernetes 1.28: https://kubernetes.io/docs/reference/access-authn-authz/authentication/#self-subject-review */
const SelfSubjectReview: Kind = {
  group: 'authentication.k8s.io',
  version: 'v1',
  kind: 'SelfSubjectReview',
  plural: 'selfsubjectreviews',
  namespaced: false,
}

/** The name by which the API server knows the caller; where it does not say, that of the kubeconfig. Without white space. */
export async function callerOf(session: Session): Promise<string> {
  const name = (await askedName(session)) || session.user || 'unknown'
  return name.trim().replaceAll(/\s+/g, '_')
}

async function askedName(session: Session): Promise<string> {
  const object = { apiVersion: 'authentication.k8s.io/v1', kind: SelfSubjectReview.kind, metadata: { name: '' } }
  const ref = { kind: SelfSubjectReview, namespace: '', name: '' }
  try {
    const review = await session.api.write({ verb: 'create', ref, object }, session.call())
    return textOf(at(review?.['status'], 'userInfo', 'username'))
  } catch (error) {
    // Older API servers do not serve it, and a role may forbid it.
    if (error instanceof ApiError && error.code !== 401) return ''
    throw error
  }
}
