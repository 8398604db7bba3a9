/** What the API server and the network answered, as sentences with what to do. */
import { kindKey, kinds } from '../../api/object.ts'
import { ApiError, isForbidden, isNotFound } from '../../core/errors.ts'
import { StartupError } from '../startup-error.ts'

/** How the API server says who may not do what (k8s.io/apiserver, forbiddenMessage). */
const FORBIDDEN =
  /User "([^"]*)" cannot (\S+) resource "([^"]*)"(?: in API group "([^"]*)")?(?: in the namespace "([^"]*)"| at the cluster scope)?/

const ours = (group: string): boolean => group === kinds.Canary.group

/** The missing permission, of whom, and how it is granted. */
export function forbiddenSentence(message: string): string {
  const found = FORBIDDEN.exec(message)
  if (found === null) return `forbidden: ${message}`
  const [, user = '', verb = '', resource = '', group = '', namespace] = found
  // `impersonate`, or with constrained impersonation `impersonate-on:user-info:list` (KEP-5284).
  if (verb.startsWith('impersonate'))
    return `forbidden: user "${user}" may not act as another user. Leave --as out, or grant "${user}" the verb impersonate: https://kubernetes.io/docs/reference/access-authn-authz/user-impersonation/`
  const where = namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`
  const role = ['get', 'list', 'watch'].includes(verb) ? 'sluice-view' : 'sluice-canary-editor'
  const kind = group === '' ? resource : `${resource}.${group}`
  const grant = ours(group)
    ? namespace === undefined
      ? `Name a namespace with -n, or bind ClusterRole ${role} to the user`
      : `Bind ClusterRole ${role}: kubectl -n ${namespace} create rolebinding ${role} --clusterrole=${role} --user="${user}"`
    : 'Grant it with a role'
  return `forbidden: user "${user}" may not ${verb} ${kind} ${where}. ${grant}`
}

/** Any error as one sentence. @param server URL of the API server. */
export function sentenceOf(error: unknown, server: string): string {
  if (error instanceof StartupError) return error.message
  const said = error instanceof Error ? error.message : String(error)
  if (isForbidden(error)) return forbiddenSentence(said)
  if (isNotFound(error)) return noKindSentence(server)
  if (error instanceof ApiError && error.code === 401)
    return `The API server at ${server} does not accept the credentials: ${said}. Check --kubeconfig and --context`
  if (error instanceof ApiError) return `The API server at ${server} answered ${error.code}: ${said}`
  return `The API server at ${server} cannot be reached: ${said}. Check --kubeconfig and --context, and whether it runs`
}

export function noKindSentence(server: string): string {
  return `The cluster at ${server} does not know ${kindKey(kinds.Canary)}: install Sluice with \`sluice install --image IMAGE | kubectl apply -f -\`, or choose another cluster with --context`
}
