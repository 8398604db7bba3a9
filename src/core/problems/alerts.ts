/** Alerts that could not be sent. They stop nothing: neither a chat nor a Git server is a gate of a release. */
import { type GitType, isGitType } from '../../api/alert-provider.ts'
import { entryOf } from '../json.ts'
import {
  COMMIT_ANNOTATION,
  COMMIT_FORM,
  commitOf,
  gitCommitOf,
  isAllowedRepo,
  LONGEST_COMMIT,
} from '../model/commit.ts'
import { clipped } from '../text.ts'
import { calledHere, type FindProblem, problem } from './problem.ts'

export const alertWithoutProvider: FindProblem = o => {
  for (const [index, { name, providerRef }] of o.canary.spec.analysis.alerts.entries()) {
    const provider = entryOf(o.alertProviders, providerRef.name)
    if (provider !== undefined && 'provider' in provider) continue
    const where = `spec.analysis.alerts[${index}] is not sent: ${calledHere(o, 'AlertProvider', providerRef.name)}`
    const why =
      provider === undefined
        ? 'does not exist. Create it, or remove the alert.'
        : `is refused: ${provider.problems.join('; ')}`
    return problem('AlertNotSent', `Alert ${name}, ${where} ${why}`)
  }
  return null
}

/** Bytes of an annotation that are shown. */
const SHOWN = 80

/** A Git server is told of the commit that the annotation names. */
export const commitNotTold: FindProblem = o => {
  for (const [index, { name, providerRef }] of o.canary.spec.analysis.alerts.entries()) {
    const read = entryOf(o.alertProviders, providerRef.name)
    if (read === undefined || 'problems' in read) continue
    const { type, repos = [] } = read.provider.spec
    if (!isGitType(type)) continue
    const where = `Alert ${name}, spec.analysis.alerts[${index}] is not sent: `
    const text = commitOf(o.canary)
    if (text === null) {
      const isTooLong = (o.canary.metadata.annotations?.[COMMIT_ANNOTATION] ?? '') !== ''
      const said = isTooLong
        ? `annotation ${COMMIT_ANNOTATION} is longer than ${LONGEST_COMMIT} characters. Write`
        : `the Canary has no annotation ${COMMIT_ANNOTATION}. Write it there as`
      return problem('AlertNotSent', `${where}${said} ${COMMIT_FORM}.`)
    }
    const said = `annotation ${COMMIT_ANNOTATION} is "${clipped(text, SHOWN)}"`
    const commit = gitCommitOf(text)
    if (commit === null) return problem('AlertNotSent', `${where}${said}, which names no commit. Write ${COMMIT_FORM}.`)
    const provider = calledHere(o, 'AlertProvider', providerRef.name)
    if (commit.type !== type && isTold(o, commit.type)) continue
    if (commit.type !== type) {
      return problem(
        'AlertNotSent',
        `${where}${said}, and ${provider} is of type ${type}. Let the alert name an AlertProvider of type ${commit.type}, or write a commit of ${type}.`,
      )
    }
    if (!isAllowedRepo(repos, commit.repo)) {
      return problem(
        'AlertNotSent',
        `${where}repository ${clipped(commit.repo, SHOWN)} is not allowed by spec.repos of ${provider}. Add it there, or write another commit into annotation ${COMMIT_ANNOTATION}.`,
      )
    }
  }
  return null
}

/** Whether an alert leads to a Git server of this type. */
function isTold(o: Parameters<FindProblem>[0], type: GitType): boolean {
  return o.canary.spec.analysis.alerts.some(({ providerRef }) => {
    const read = entryOf(o.alertProviders, providerRef.name)
    return read !== undefined && 'provider' in read && read.provider.spec.type === type
  })
}
