/** The pages of the documentation, as text, and what is in them. */
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, normalize } from 'node:path'
import { fileURLToPath } from 'node:url'

export const root = fileURLToPath(new URL('../..', import.meta.url))

export interface Page {
  /** From the root of the repository. */
  readonly path: string
  readonly text: string
}

export const read = (path: string): Page => ({ path, text: readFileSync(join(root, path), 'utf8') })

/** Every page that people read. */
export function pages(): Page[] {
  const docs = readdirSync(join(root, 'docs'), { recursive: true, encoding: 'utf8' })
  const found = docs.filter(file => file.endsWith('.md')).map(file => join('docs', file))
  return ['README.md', 'CHANGELOG.md', 'SECURITY.md', ...found.sort()].map(read)
}

/** Fenced blocks of one language; they may be indented, as in lists. */
export function blocks({ text }: Page, language: string): string[] {
  const fence = new RegExp(`^( *)\`\`\`${language}\\n(.*?)^\\1\`\`\`$`, 'gms')
  return [...text.matchAll(fence)].map(([, indent = '', body = '']) =>
    body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
  )
}

/** A fenced block, and why no test runs it where the line above says so: `<!-- not run: needs a registry -->`. */
export interface Fenced {
  readonly language: string
  readonly body: string
  readonly mark: string | undefined
}

/** All fenced blocks of a page, in their order. */
export function fenced({ text }: Page): Fenced[] {
  const fence = /^(?: *<!-- not run: ([^\n]*) -->\n\n?)?( *)```(\w+)\n(.*?)^\2```$/gms
  return [...text.matchAll(fence)].map(([, mark, indent = '', language = '', body = '']) => ({
    language,
    body: body.replaceAll(new RegExp(`^${indent}`, 'gm'), ''),
    mark,
  }))
}

const prose = ({ text }: Page): string => text.replaceAll(/^ *```.*?^ *```$/gms, '')

/** Links to other pages and places, from the root: `docs/concepts.md#phases`, or `docs/adr`. */
export function internalLinks(page: Page): { file: string; anchor: string }[] {
  const targets = [...prose(page).matchAll(/\]\(([^)\s]+)\)/g)].flatMap(([, target]) => target ?? [])
  return targets
    .filter(target => !/^[a-z]+:/.test(target))
    .map(target => {
      const [path = '', anchor = ''] = target.split('#', 2)
      return { file: path === '' ? page.path : normalize(join(dirname(page.path), path)), anchor }
    })
}

/** The anchors of a page's headings, as GitHub makes them. */
export function anchors(page: Page): string[] {
  return [...prose(page).matchAll(/^#{1,6} (.*)$/gm)].map(([, heading = '']) =>
    heading
      .toLowerCase()
      .replaceAll(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(/\s/g, '-'),
  )
}
