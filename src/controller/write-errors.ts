/** A write that failed, as a sentence for the person who has to mend it. */
import type { Ref } from '../api/object.ts'
import { ApiError, isForbidden, isInvalid, isNamespaceTerminating } from '../core/errors.ts'
import type { WriteError } from '../core/model/observation.ts'
import type { Write } from '../core/model/write.ts'
import { rightsToWrite } from './rights.ts'

/** Another writer keeps undoing the write. */
export class Contested extends Error {
  override readonly name = 'Contested'
}

/** The namespace is being deleted, and the write would make an object in it. */
export class NamespaceEnding extends Error {
  override readonly name = 'NamespaceEnding'
}

/** Whether a write may make an object, which a namespace that is being deleted takes no more; changes and deletions it takes. */
export function mayCreate(write: Write): boolean {
  if (write.verb === 'apply') return write.object.metadata.resourceVersion === undefined
  return write.verb === 'create' || write.verb === 'copy'
}

const nameOf = (ref: Ref): string => `${ref.kind.kind} ${ref.namespace}/${ref.name}`

export function writeErrorOf(write: Write, error: unknown): WriteError {
  const reason = error instanceof Contested ? 'Contested' : 'WriteRefused'
  return { reason, message: sentence(write, error) }
}

function sentence(write: Write, error: unknown): string {
  const what = nameOf(write.ref)
  if (error instanceof Contested) {
    const { kind, namespace, name } = write.ref
    const look = `kubectl -n ${namespace} get ${kind.plural}${kind.group === '' ? '' : `.${kind.group}`} ${name} -o yaml --show-managed-fields`
    return `Another client keeps reverting Sluice's changes to ${what}; Sluice retries every 30 s. Find the client with \`${look}\` and stop it from managing these fields; if it lists none, an admission webhook does it: kubectl get mutatingwebhookconfigurations`
  }
  if (error instanceof NamespaceEnding || isNamespaceTerminating(error)) {
    return `Namespace ${write.ref.namespace} is being deleted: ${what} is not created, and nothing else is created there`
  }
  const said = error instanceof Error ? error.message : String(error)
  if (isForbidden(error)) return forbidden(write, what, said)
  if (isInvalid(error)) return `${what} was refused: ${said}`
  if (error instanceof ApiError) return `${what} could not be written, and is tried again: ${said}`
  return `${what} could not be written, and is tried again: the API server did not answer (${said})`
}

/**
 * Whose refusal a 403 is: of RBAC in the words of its authorizer, else of an admission plugin in those of each
 * (https://kubernetes.io/docs/reference/access-authn-authz/admission-controllers/). Rights help with the first alone.
 */
function forbidden(write: Write, what: string, said: string): string {
  if (/User "[^"]*" cannot \w+ (resource|path) /.test(said)) {
    return `${what} cannot be written, forbidden by RBAC: ${said}. Apply ${rightsToWrite(write)}, or grant the missing permission.`
  }
  const [, webhook] = /admission webhook "([^"]+)" denied the request/.exec(said) ?? []
  const [, policy] = /ValidatingAdmissionPolicy '([^']+)'/.exec(said) ?? []
  const by =
    webhook !== undefined
      ? `the admission webhook ${webhook}`
      : policy !== undefined
        ? `the ValidatingAdmissionPolicy ${policy}`
        : said.includes('exceeded quota')
          ? 'a ResourceQuota of the namespace'
          : said.includes('violates PodSecurity')
            ? 'the Pod Security level of the namespace'
            : 'an admission plugin of the API server'
  return `${what} was refused by ${by}, not by RBAC, and is tried again: ${said}`
}
