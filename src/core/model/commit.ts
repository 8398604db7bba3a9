/**
 * Which commit Git says it has applied: the annotation `sluice.dev/commit` of a Canary. A push changes the target and not the Canary, so
 * this alone tells a tool that reads the Canary that there was one.
 */
import { GIT_TYPES, type GitType } from '../../api/alert-provider.ts'
import type { KubeObject } from '../../api/object.ts'
import { ANNOTATION_PREFIX } from './command.ts'
import type { Revision } from './state.ts'

export const COMMIT_ANNOTATION = `${ANNOTATION_PREFIX}commit`

/** Characters that are read; status repeats them. */
export const LONGEST_COMMIT = 512

/** null: none is said, or one that is too long. */
export function commitOf({ metadata }: KubeObject): string | null {
  const commit = metadata.annotations?.[COMMIT_ANNOTATION] ?? ''
  return commit === '' || commit.length > LONGEST_COMMIT ? null : commit
}

/** A commit of a Git server, as `github/shop/web@0123456789abcdef0123456789abcdef01234567` names it. */
export interface GitCommit {
  readonly type: GitType
  /** `owner/name`; of GitLab as many groups as there are. */
  readonly repo: string
  /** 40 hexadecimal digits, in lower case. */
  readonly sha: string
}

/** How `GitCommit` is written, for sentences. */
export const COMMIT_FORM = 'github|gitlab|gitea/<owner>/<repository>@<40 hexadecimal digits>'

/** No part of a path leads elsewhere: neither is empty, nor `.` or `..`. */
const PART = '(?!\\.{1,2}(?:/|@))[A-Za-z0-9_.-]+'
const COMMIT = new RegExp(`^(${GIT_TYPES.join('|')})/(${PART}(?:/${PART})+)@([0-9a-fA-F]{40})$`)

/** The commit of Git that a text names; null where it names none. */
export function gitCommitOf(text: string): GitCommit | null {
  const [, prefix, repo = '', sha = ''] = COMMIT.exec(text) ?? []
  const type = GIT_TYPES.find(one => one === prefix)
  if (type === undefined) return null
  // Only GitLab has groups within groups.
  if (type !== 'gitlab' && repo.split('/').length > 2) return null
  return { type, repo, sha: sha.toLowerCase() }
}

/** Whether a repository is one of those that `spec.repos` of an AlertProvider allows. Git servers know no case in their names. */
export function isAllowedRepo(repos: readonly string[], repo: string): boolean {
  const wanted = repo.toLowerCase()
  return repos.some(one => {
    const allowed = one.toLowerCase()
    return allowed.endsWith('/*') ? wanted.startsWith(allowed.slice(0, -1)) : wanted === allowed
  })
}

/**
 * How the release of a commit is: under way, promoted, rolled back, ended by something that says nothing of it (a target that was
 * deleted, metrics that never came), or ended without a verdict because of another change.
 */
export const COMMIT_STATES = ['pending', 'success', 'failure', 'error', 'canceled'] as const
export type CommitState = (typeof COMMIT_STATES)[number]

export const commitStateOf = (text: string): CommitState | undefined => COMMIT_STATES.find(one => one === text)

/** A status of a commit, as it is to be sent. */
export interface CommitNote {
  /** As the annotation has it. */
  readonly of: string
  readonly state: CommitState
}

/** The last commit whose status was told. */
export interface CommitTold {
  readonly commit: string
  readonly revision: Revision
  readonly run: string
  readonly state: CommitState
  /** It is the commit of the run that this one replaced; a commit that is seen in this run takes its place. */
  readonly takenOver: boolean
}
