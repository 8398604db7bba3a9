/** Questions about rights. There is one user, who may do everything; so that is the answer to all of them. */
import { type Json, recordOf } from '../json.ts'
import { readJson } from './body.ts'
import type { Answer } from './call.ts'
import type { Route } from './route.ts'

interface Review {
  readonly group: string
  readonly version: string
  readonly kind: string
  readonly plural: string
  readonly singular: string
  readonly namespaced: boolean
}

const of = (group: string, kind: string): Review => {
  const singular = kind.toLowerCase()
  return { group: `${group}.k8s.io`, version: 'v1', kind, plural: `${singular}s`, singular, namespaced: false }
}

export const reviews: readonly Review[] = [
  of('authentication', 'SelfSubjectReview'),
  of('authorization', 'SelfSubjectAccessReview'),
  of('authorization', 'SelfSubjectRulesReview'),
]

const everything = { verbs: ['*'], resources: ['*'], apiGroups: ['*'] }
const answers: Readonly<Record<string, Json>> = {
  selfsubjectreviews: { userInfo: { username: 'sluice-demo', groups: ['system:masters', 'system:authenticated'] } },
  selfsubjectaccessreviews: { allowed: true },
  selfsubjectrulesreviews: {
    resourceRules: [everything],
    nonResourceRules: [{ verbs: ['*'], nonResourceURLs: ['*'] }],
    incomplete: false,
  },
}

/** The answer to a review, or null for a route that is none. */
export function answerReview({ group, plural, name }: Route, body: string): Answer | null {
  const status = reviews.some(one => one.group === group && one.plural === plural) ? answers[plural] : undefined
  return status === undefined || name !== '' ? null : { code: 201, body: { ...recordOf(readJson(body).value), status } }
}
