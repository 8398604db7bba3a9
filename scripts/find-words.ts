/**
 * Every place in src, docs, README, the unreleased part of the changelog, manifests, scripts and demo where a word of words-list.ts is
 * used. Generated files are left out; their sources are read.
 */
import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Exception, exceptions, type Word, words } from './words-list.ts'

export interface Found {
  readonly file: string
  readonly line: number
  readonly word: Word
  /** As it is written there. */
  readonly said: string
}

/** A space also matches the end of a comment's line and the beginning of the next. */
const patternOf = ({ find, as }: Word): RegExp =>
  new RegExp(find.replaceAll(' ', '(?: |[ \\t]*\\n[ \\t]*(?:\\*|//|#)?[ \\t]*)'), as === 'text' ? 'gim' : 'gm')

const patterns = words.map(word => ({ word, pattern: patternOf(word) }))

/** Every use of a word in one file, in the order of the lines. */
export function wordsIn(file: string, content: string): Found[] {
  const found = patterns.flatMap(({ word, pattern }) =>
    [...content.matchAll(pattern)].map(match => ({
      file,
      line: content.slice(0, match.index).split('\n').length,
      word,
      said: match[0].replaceAll(/\s+(?:\*|\/\/|#)?\s*/g, ' ').trim(),
    })),
  )
  return found.sort((a, b) => a.line - b.line)
}

/** The changelog's released part tells what was; it is not changed. */
const unreleased = (content: string): string => content.split(/^## \[?\d/m)[0] ?? ''

const excepted = (found: Found, line: string, { file, allows }: Exception): boolean =>
  found.file.startsWith(file) && (found.word.find === allows || line.includes(allows))

const root = fileURLToPath(new URL('..', import.meta.url))
const read = ['src', 'dashboard', 'docs', 'README.md', 'CHANGELOG.md', 'manifests', 'scripts', 'demo']
const generated = ['docs/reference.md', 'docs/events.md', 'docs/messages.md', 'docs/demo.svg']

/** All that is found in the files of the repository, and the exceptions that nothing needs any more. */
export function wordsOfTheRepository(): { found: Found[]; unused: Exception[] } {
  const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', ...read], {
    cwd: root,
    encoding: 'utf8',
  })
  const unused = new Set(exceptions)
  const found = listed
    .split('\n')
    .filter(file => file !== '' && !generated.includes(file))
    .flatMap(file => {
      const whole = readFileSync(`${root}/${file}`, 'utf8')
      const content = file === 'CHANGELOG.md' ? unreleased(whole) : whole
      const lines = content.split('\n')
      return wordsIn(file, content).filter(each => {
        const exception = exceptions.find(candidate => excepted(each, lines[each.line - 1] ?? '', candidate))
        if (exception !== undefined) unused.delete(exception)
        return exception === undefined
      })
    })
  return { found, unused: [...unused] }
}
