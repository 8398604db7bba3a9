/** The kinds of a cluster that only the playground touches. */
import type { Kind } from '../api/object.ts'

export const Pod: Kind = { group: '', version: 'v1', kind: 'Pod', plural: 'pods', namespaced: true }
