/** A command of the page, as the annotation that the controller obeys: written with the caller's own rights. */
import { randomBytes } from 'node:crypto'
import { kinds, type Ref } from '../../api/object.ts'
import type { Json } from '../../core/json.ts'
import { annotationOf, commandValue } from '../../core/model/command.ts'
import { commands } from '../../core/model/command-line.ts'
import { Refusal } from './problems.ts'
import type { CommandRequest } from './protocol.ts'

const LONGEST_WHY = 200

/** Reads a request. @throws Refusal with what to write instead. */
export function commandOf({ command, why = '', revision, full = false }: Json): CommandRequest {
  const known = commands.find(one => one === command)
  if (known === undefined) throw new Refusal('bad-request', `command has to be one of ${commands.join(', ')}`)
  if (typeof why !== 'string' || why.length > LONGEST_WHY || /\p{Cc}/u.test(why)) {
    throw new Refusal('bad-request', `why has to be one line of at most ${LONGEST_WHY} characters`)
  }
  if (typeof full !== 'boolean' || (full && known !== 'approve')) {
    throw new Refusal('bad-request', 'full has to be true or false, and goes with approve alone')
  }
  if (
    revision !== undefined &&
    (typeof revision !== 'string' || !/^(h1:)?[0-9a-f]{6,64}(\+[0-9a-f]{64})?$/.test(revision))
  ) {
    throw new Refusal('bad-request', 'revision has to be a revision as the page shows it, at least 6 digits of it')
  }
  return { command: known, why, full, ...(revision === undefined ? {} : { revision }) }
}

export interface Annotation {
  readonly ref: Ref
  readonly key: string
  readonly value: string
  readonly id: string
}

/**
 * The annotation of a command.
 *
 * @param user as the API server knows the caller.
 */
export function annotationFor(
  { command, why = '', revision, full = false }: CommandRequest,
  { namespace, name }: Pick<Ref, 'namespace' | 'name'>,
  user: string,
): Annotation {
  const id = `page-${randomBytes(6).toString('hex')}`
  const who = user.replaceAll(/[\s\p{Cc}]+/gu, '_').slice(0, 200) || 'page'
  const value = commandValue(command, { id, who, full, revision: revision ?? null, why: quotedTerm(why.trim()) })
  return { ref: { kind: kinds.Canary, namespace, name }, key: annotationOf(command), value, id }
}

/** A reason that begins like a term must not become one. */
const quotedTerm = (why: string): string => (/^(full\b|revision=)/.test(why) ? `"${why}"` : why)
