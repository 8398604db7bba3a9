/**
 * Commit statuses: POST /repos/{owner}/{repo}/statuses/{sha} of GitHub (https://docs.github.com/en/rest/commits/statuses) and of Gitea
 * (https://docs.gitea.com/api, repoCreateStatus), POST /projects/:id/statuses/:sha of GitLab
 * (https://docs.gitlab.com/api/commits/#set-commit-pipeline-status). The latest one of a context is what a commit shows.
 */
import type { GitType } from '../../api/alert-provider.ts'
import { fingerprint } from '../../core/json.ts'
import type { AlertMessage, AlertOutcome } from '../../core/model/alert.ts'
import { COMMIT_ANNOTATION, type CommitState, type GitCommit } from '../../core/model/commit.ts'
import { beginning, clipped } from '../../core/text.ts'
import type { HttpAnswer } from '../http/client.ts'
import { shownAnswer } from '../http/redaction.ts'
import type { Body } from './words.ts'

/** Where a server of this type is that has no address; null: it has no home. */
export const gitServerOf = (type: GitType): string | null => SERVERS[type]

const SERVERS: Readonly<Record<GitType, string | null>> = {
  github: 'https://api.github.com',
  gitlab: 'https://gitlab.com',
  gitea: null,
}

/** Below the address of a server, unless the address has it already. GitHub's cloud has its API on a host of its own. */
const API_PATHS: Readonly<Record<GitType, string>> = { github: '/api/v3', gitlab: '/api/v4', gitea: '/api/v1' }

/** Bytes of a description that GitHub takes; it answers 422 to a longer one. */
const LONGEST_DESCRIPTION = 140
/** Characters of a context that GitHub and GitLab take. */
const LONGEST_CONTEXT = 255

export interface CommitStatusRequest {
  readonly url: URL
  readonly headers: Readonly<Record<string, string>>
  readonly body: Body
}

/**
 * The request that sets a status.
 *
 * @param server the address of the server, or of its API.
 * @param cluster tells the contexts of a repository's clusters apart.
 */
export function commitStatusRequest(
  server: URL,
  commit: GitCommit,
  state: CommitState,
  alert: AlertMessage,
  cluster: string,
): CommitStatusRequest {
  const { type, repo, sha } = commit
  const url = apiOf(type, server)
  const path = type === 'gitlab' ? `/projects/${encodeURIComponent(repo)}` : `/repos/${repo}`
  url.pathname = `${url.pathname.replace(/\/+$/, '')}${path}/statuses/${sha}`
  const words = {
    state: STATES[type][state],
    description: clipped(alert.message, LONGEST_DESCRIPTION),
    ...(/^https?:/.test(alert.link) ? { target_url: alert.link } : {}),
  }
  const context = contextOf(cluster, alert)
  const body = type === 'gitlab' ? { ...words, name: context } : { ...words, context }
  return { url, headers: HEADERS[type], body }
}

/** The header in which a server takes a token. */
export function tokenHeader(type: GitType, token: string): Readonly<Record<string, string>> {
  if (type === 'gitlab') return { 'private-token': token }
  return { authorization: `${type === 'gitea' ? 'token' : 'Bearer'} ${token}` }
}

const HEADERS: Readonly<Record<GitType, Readonly<Record<string, string>>>> = {
  github: { accept: 'application/vnd.github+json', 'x-github-api-version': '2022-11-28' },
  gitlab: { accept: 'application/json' },
  gitea: { accept: 'application/json' },
}

/** GitLab alone has a word for what was canceled, and has none for an error. */
const STATES: Readonly<Record<GitType, Readonly<Record<CommitState, string>>>> = {
  github: { pending: 'pending', success: 'success', failure: 'failure', error: 'error', canceled: 'error' },
  gitea: { pending: 'pending', success: 'success', failure: 'failure', error: 'error', canceled: 'error' },
  gitlab: { pending: 'pending', success: 'success', failure: 'failed', error: 'failed', canceled: 'canceled' },
}

function contextOf(cluster: string, { namespace, canary }: AlertMessage): string {
  const context = `sluice/${cluster}/${namespace}/${canary}`
  if (context.length <= LONGEST_CONTEXT) return context
  return `${beginning(context, LONGEST_CONTEXT - 17)}-${fingerprint(context)}`
}

/** `https://api.github.com` of `https://github.com`, `https://api.acme.ghe.com` of `https://acme.ghe.com`, else below the address. */
function apiOf(type: GitType, server: URL): URL {
  const url = new URL(server)
  url.search = ''
  url.hash = ''
  const path = url.pathname.replace(/\/+$/, '')
  if (type === 'github' && /^(github\.com|[^.]+\.ghe\.com)$/i.test(url.hostname)) url.hostname = `api.${url.hostname}`
  const isOwnHost = type === 'github' && /^api\.(github\.com|[^.]+\.ghe\.com)$/i.test(url.hostname)
  url.pathname = isOwnHost || path.endsWith(API_PATHS[type]) ? path : `${path}${API_PATHS[type]}`
  return url
}

/** The right that a token needs, as the service calls it. */
const RIGHTS: Readonly<Record<GitType, string>> = {
  github: 'the permission "Commit statuses: write" for the repository, or the scope repo:status',
  gitlab: 'the scope api, and the role Developer in the project, or the one that may push to a protected branch',
  gitea: 'the permission repository: read and write, of a user who may write to the repository',
}

/**
 * What an answer to a status means.
 *
 * @param said the answer's body, without what the server was shown.
 * @param secret the Secret that has the token, as `Secret shop/git`.
 */
export function commitStatusOutcome(
  { status, retryAfter }: Pick<HttpAnswer, 'status' | 'retryAfter'>,
  { type, repo, sha }: GitCommit,
  state: CommitState,
  said: string,
  secret: string,
): AlertOutcome {
  if (status >= 200 && status < 300) return { kind: 'delivered', thread: null }
  // A repeat, after a crash or an answer that was lost: GitLab has it already.
  if (type === 'gitlab' && state === 'pending' && isPendingAlready(status, said)) {
    return { kind: 'delivered', thread: null }
  }
  const error = `answered ${status}${shownAnswer(said)}`
  const place = `${repo} at ${sha.slice(0, 10)}`
  if (status === 401) {
    return { kind: 'rejected', error: `${error}. Write a token that is valid into the key token of ${secret}` }
  }
  // GitHub limits requests by this status, too, and says then when it can be asked again.
  if (status === 403 && retryAfter === null) {
    const hint = `The token in ${secret} may not set the status of ${place}; it needs ${RIGHTS[type]}`
    return { kind: 'rejected', error: `${error}. ${hint}` }
  }
  if (status === 404) {
    const hint = `There is no ${place} on this server, or the token in ${secret} may not see it; it needs ${RIGHTS[type]}`
    return { kind: 'missing', error: `${error}. ${hint}` }
  }
  // A request that conflicts, or that took too long, is no fault of the status.
  const isFinal = status >= 400 && status < 500 && ![403, 408, 409, 425, 429].includes(status)
  return isFinal ? { kind: 'final', error } : { kind: 'failed', error, after: retryAfter }
}

/**
 * What a redirect means, which is not followed with a token: GitHub and Gitea answer so to the former name of a repository
 * (https://docs.github.com/en/rest/using-the-rest-api/best-practices-for-using-the-rest-api#follow-redirects).
 */
export const redirected = (error: string, { repo }: GitCommit): AlertOutcome => ({
  kind: 'rejected',
  error: `${error}. If ${repo} has a new name, write it into annotation ${COMMIT_ANNOTATION} and spec.repos; else write the URL that the server redirects to into address`,
})

/** `Cannot transition status via :enqueue from :pending`, for GitLab's jobs begin once. */
const isPendingAlready = (status: number, said: string): boolean =>
  status === 400 && /Cannot transition status via :enqueue from :(pending|running)/.test(said)
