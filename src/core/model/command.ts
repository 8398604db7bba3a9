/**
 * A person's command as it travels: the annotation `sluice.dev/<command>` with the value
 * `<id> [<who>: ][full ][revision=<hash> ]<why>`. Written by the command line and the page, or by hand; read by the controller.
 */
import { fingerprint } from '../json.ts'
import type { CommandName } from './command-line.ts'

/** Every annotation of ours begins so. */
export const ANNOTATION_PREFIX = 'sluice.dev/'

/** The annotation that is a command. */
export const annotationOf = (name: CommandName): string => `${ANNOTATION_PREFIX}${name}`

/** What a command says, the name aside. */
export interface CommandWords {
  /** Tells two commands of the same words apart; without white space. */
  readonly id: string
  /** Who says it, in their own words; empty where that is not said. */
  readonly who: string
  /** Of `approve`: straight to promotion. */
  readonly full: boolean
  /**
   * The revision that is meant, as it is quoted: the one that is approved or tried again, or the one that is to be rolled back to. null:
   * whichever it is.
   */
  readonly revision: string | null
  /** May be empty. */
  readonly why: string
}

/** One command as a person wrote it. */
export interface Command extends CommandWords {
  readonly name: CommandName
  /** The whole annotation: a new value is a new command. */
  readonly value: string
}

/** What became of a command, as status has it. */
export interface HandledCommand {
  readonly id: string
  /** The annotation that was acted upon, or its fingerprint where it is long. */
  readonly value: string
  readonly outcome: 'done' | 'refused'
  /** What was done, or why nothing was. */
  readonly reason: string
}

/** An annotation may have 256 KiB; the status has the fingerprint of a long one. */
export const markOf = (value: string): string => (value.length <= 128 ? value : fingerprint(value))

/** The words that may come before why, by command. Stopping always works: `abort` and `pause` name no revision. */
const terms: Readonly<Record<CommandName, readonly ('full' | 'revision')[]>> = {
  abort: [],
  pause: [],
  resume: [],
  approve: ['full', 'revision'],
  retry: ['revision'],
  rollback: ['revision'],
}

/** Whether a command names the revision that is meant. */
export const namesRevision = (name: CommandName): boolean => terms[name].includes('revision')

/** Reads `<id> [<who>: ][full ][revision=<hash> ]<why>`; `full` and the revision may be in either order. Total. */
export function parseCommand(name: CommandName, value: string): Command {
  const [, id = '', rest = ''] = /^(\S*)\s*(.*)$/s.exec(value.trim()) ?? []
  // Names of users have colons in them (system:serviceaccount:shop:ci); the one before a space ends the name.
  const named = /^(\S+):(?:\s+(.*))?$/s.exec(rest)
  const who = named?.[1] ?? ''
  let left = (named === null ? rest : (named[2] ?? '')).trim()
  let full = false
  let revision: string | null = null
  for (let found = termIn(name, left); found !== null; found = termIn(name, left)) {
    // A word that is there twice is a word of why.
    if (found.full ? full : revision !== null) break
    if (found.full) full = true
    else revision = found.revision
    left = found.left
  }
  return { name, value, id, who, full, revision, why: left }
}

/** Whether a word decides what a command does: who forgets the id writes it in its place. */
export const isTerm = (name: CommandName, word: string): boolean => termIn(name, word) !== null

type Term = { readonly left: string } & ({ readonly full: true } | { readonly full: false; readonly revision: string })

/** The term with which the words begin, or null. */
function termIn(name: CommandName, words: string): Term | null {
  const [, first = '', left = ''] = /^(\S*)\s*(.*)$/s.exec(words) ?? []
  if (first === 'full' && terms[name].includes('full')) return { full: true, left }
  if (!first.startsWith('revision=') || !terms[name].includes('revision')) return null
  return { full: false, revision: first.slice('revision='.length), left }
}

/**
 * The value of the annotation. Law: `parseCommand` reads the same words, where id and who are without white space and not empty.
 *
 * @param words of which those are left out that a command of this name does not have.
 */
export function commandValue(name: CommandName, { id, who, full, revision, why }: CommandWords): string {
  const has = terms[name]
  return [
    id,
    `${who}:`,
    full && has.includes('full') ? 'full' : '',
    revision !== null && has.includes('revision') ? `revision=${revision}` : '',
    why.trim(),
  ]
    .filter(word => word !== '')
    .join(' ')
}
