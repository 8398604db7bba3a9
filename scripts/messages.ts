/**
 * The text of docs/messages.md: every sentence in the source that people can see, found by parsing it. So the page is complete, and a sentence
 * that changes shows up in the review of the page. A message put together from parts has its parts in rows of their own.
 */
import { readdirSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { type Node, SyntaxKind } from 'typescript/unstable/ast'
import { API } from 'typescript/unstable/sync'
import { type Reason, reasons } from '../src/core/status/reasons.ts'
import { samples } from './messages-samples.ts'

interface Message {
  readonly file: string
  /** Empty for a part of messages. */
  readonly reason: string
  readonly sample: string
}

const root = fileURLToPath(new URL('..', import.meta.url))

const sections: readonly (readonly [heading: string, folders: readonly string[]])[] = [
  ['Status, conditions and Events of a Canary', ['src/core', 'src/controller']],
  [
    'What was wrong with an answer of Prometheus or of the API server',
    ['src/adapters/http', 'src/adapters/prometheus', 'src/adapters/kubernetes'],
  ],
  ['Flags and the start', ['src/cli']],
  ['/healthz and /readyz', ['src/server']],
]

/** Files without messages of their own: queries, what is written into objects, and the texts of the reasons (events.md). */
const silent = [/\/promql/, /\/metrics\.ts$/, /\/render\/(?!ownership)/, /core\/json\.ts$/, /status\/reasons\.ts$/]

const isReason = (text: string): text is Reason => Object.hasOwn(reasons, text)

type Literal = Node & { readonly text: string }
type Template = Node & {
  readonly head: Literal
  readonly templateSpans: readonly { readonly expression: Node; readonly literal: Literal }[]
}
type Declaration = Node & { readonly name: Literal; readonly initializer?: Node }

const isText = (node: Node): node is Literal =>
  node.kind === SyntaxKind.StringLiteral || node.kind === SyntaxKind.NoSubstitutionTemplateLiteral
const isTemplate = (node: Node): node is Template => node.kind === SyntaxKind.TemplateExpression

function childrenOf(node: Node): Node[] {
  const children: Node[] = []
  node.forEachChild(child => void children.push(child))
  return children
}

/** All nodes below one, each before those below it. */
function descendants(node: Node, found: Node[] = []): Node[] {
  node.forEachChild(child => {
    found.push(child)
    descendants(child, found)
  })
  return found
}

/** A name in words: `ignoredManager` → ‹ignored manager›. */
const named = (expression: string): string => {
  const [last = expression] = /[A-Za-z]\w*(?=[^A-Za-z.]*$|\()/.exec(expression.replaceAll(/\s+/g, ' ')) ?? []
  return `‹${last.replaceAll(/(?<=[a-z])[A-Z]/g, letter => ` ${letter.toLowerCase()}`)}›`
}

/** The sentences of one file. */
class Source {
  readonly #file: string
  readonly #source: Node & { readonly text: string }
  readonly #nodes: readonly Node[]
  readonly #identifiers = new Map<string, Node[]>()

  constructor(file: string, source: Node & { readonly text: string }) {
    this.#file = file
    this.#source = source
    this.#nodes = descendants(source)
    for (const node of this.#nodes.filter(({ kind }) => kind === SyntaxKind.Identifier)) {
      const { text } = node as Literal
      const others = this.#identifiers.get(text)
      if (others === undefined) this.#identifiers.set(text, [node])
      else others.push(node)
    }
  }

  messages(): Message[] {
    return this.#nodes
      .filter(node => (isText(node) || isTemplate(node)) && !this.#isOther(node))
      .map(node => ({ file: this.#file, reason: this.#reasonOf(node), sample: this.#sampleOf(node).trim() }))
      .filter(({ sample }) => isSentence(sample))
  }

  #textOf(node: Node): string {
    return this.#source.text.slice(node.pos, node.end).trim()
  }

  /** A type or the name of a file. */
  #isOther({ parent }: Node): boolean {
    const others = [SyntaxKind.LiteralType, SyntaxKind.ImportDeclaration, SyntaxKind.ExportDeclaration]
    return others.includes(parent.kind)
  }

  /** With every expression replaced by a sample. */
  #sampleOf(node: Node, depth = 0): string {
    if (isText(node)) return node.text
    if (!isTemplate(node)) return this.#sampleOfExpression(node, depth)
    return node.templateSpans.reduce(
      (text, { expression, literal }) => text + this.#sampleOfExpression(expression, depth + 1) + literal.text,
      node.head.text,
    )
  }

  #sampleOfExpression(node: Node, depth: number): string {
    if (isText(node) || isTemplate(node)) return this.#sampleOf(node, depth)
    const text = this.#textOf(node)
    const listed = samples.find(([expression]) => expression.test(text))
    if (listed !== undefined) return listed[1]
    if (node.kind === SyntaxKind.ParenthesizedExpression && depth < 4) {
      const [inner] = childrenOf(node)
      return inner === undefined ? named(text) : this.#sampleOfExpression(inner, depth)
    }
    if (node.kind === SyntaxKind.ConditionalExpression && depth < 4) {
      const [, , yes, , no] = childrenOf(node)
      const both = [yes, no].map(each => (each === undefined ? '' : this.#sampleOfExpression(each, depth + 1)))
      return both.find(each => each !== '') ?? ''
    }
    if (node.kind === SyntaxKind.Identifier && depth < 4) {
      const initializer = this.#initializerOf(text)
      if (initializer !== undefined) return this.#sampleOfExpression(initializer, depth + 1)
    }
    return named(text)
  }

  /** What a constant of that name begins with, where that is text or a choice of texts. */
  #initializerOf(name: string): Node | undefined {
    const found = this.#nodes.filter(
      (node): node is Declaration =>
        node.kind === SyntaxKind.VariableDeclaration && (node as Declaration).name.text === name,
    )
    const initializer = found.length === 1 ? found[0]?.initializer : undefined
    if (initializer === undefined) return undefined
    if (isText(initializer) || isTemplate(initializer)) return initializer
    const branches = initializer.kind === SyntaxKind.ConditionalExpression ? childrenOf(initializer) : []
    return branches.some(branch => isText(branch) || isTemplate(branch)) ? initializer : undefined
  }

  /** The reason beside it: in the same object, in the same call, or where the constant that holds it is used. */
  #reasonOf(node: Node): string {
    for (let at: Node | undefined = node; at !== undefined; at = at.parent) {
      if (at.kind === SyntaxKind.TemplateSpan) return ''
      if (at.kind === SyntaxKind.ObjectLiteralExpression || at.kind === SyntaxKind.CallExpression) {
        const reason = this.#reasonIn(at)
        if (reason !== undefined) return reason
      }
      if (at.kind === SyntaxKind.VariableDeclaration) return this.#reasonOfConstant(at as Declaration)
      if (at.kind === SyntaxKind.ArrowFunction || at.kind === SyntaxKind.FunctionDeclaration) return ''
    }
    return ''
  }

  /** A reason among the direct members of an object, or the arguments of a call. */
  #reasonIn(node: Node): string | undefined {
    for (const child of childrenOf(node)) {
      if (isText(child) && isReason(child.text)) return child.text
      const { name, initializer } = child as Partial<Declaration>
      if (name?.text === 'reason' && initializer !== undefined && isText(initializer) && isReason(initializer.text))
        return initializer.text
    }
    return undefined
  }

  #reasonOfConstant({ name, parent }: Declaration): string {
    let scope: Node = parent
    while (scope.parent !== undefined && scope.kind !== SyntaxKind.Block) scope = scope.parent
    const identifiers = this.#identifiers.get(name.text) ?? []
    for (const use of identifiers.filter(({ pos, end }) => pos >= scope.pos && end <= scope.end)) {
      for (let at: Node | undefined = use.parent; at !== undefined && at !== scope; at = at.parent) {
        const reason = this.#reasonIn(at)
        if (reason !== undefined) return reason
      }
    }
    return ''
  }
}

/** Words with spaces between them, more than names and signs. */
function isSentence(text: string): boolean {
  return /[a-z]{2,} [a-z‹]/.test(text) && !/[{}$]|=~|\n/.test(text)
}

const cell = (text: string): string => text.replaceAll('|', '\\|').replaceAll('<', '&lt;')

const sourceOf = (file: string): string => `[${file.split('/').slice(2).join('/')}](../${file})`

/** Rows with the reason first, in the order of the reasons; without one, in the order of the files. */
function tables(all: readonly Message[]): string {
  const order = Object.keys(reasons)
  const places = all.map(({ reason }) => order.indexOf(reason))
  const sorted = all
    .map((message, index) => ({ ...message, place: places[index] ?? -1 }))
    .sort((a, b) => a.place - b.place || Number(a.file > b.file) - Number(a.file < b.file))
  const told = sorted.filter(({ reason }) => reason !== '')
  const parts = sorted.filter(({ reason }) => reason === '')
  const rows = told.map(({ file, reason, sample }) => `| \`${reason}\` | ${cell(sample)} | ${sourceOf(file)} |`)
  const others = parts.map(({ file, sample }) => `| ${cell(sample)} | ${sourceOf(file)} |`)
  return [
    ...(rows.length === 0 ? [] : ['| Reason | Message | Source |', '| --- | --- | --- |', ...new Set(rows), '']),
    ...(rows.length === 0 ? [] : ['Messages that several reasons have, and parts of messages:', '']),
    '| Message | Source |',
    '| --- | --- |',
    ...new Set(others),
  ].join('\n')
}

/** The generated page: where it lies, and what it says. */
export function messagesPage(): { path: string; text: string } {
  const config = fileURLToPath(new URL('messages.tsconfig.json', import.meta.url))
  const api = new API({ cwd: root })
  try {
    const [project] = api.updateSnapshot({ openProjects: [config] }).getProjects()
    if (project === undefined) throw new Error(`${config} cannot be read`)
    const texts = sections.map(([heading, folders]) => {
      const files = folders.flatMap(folder =>
        readdirSync(`${root}${folder}`, { recursive: true, encoding: 'utf8' })
          .map(name => `${folder}/${name}`)
          .filter(file => file.endsWith('.ts') && !silent.some(pattern => pattern.test(file))),
      )
      const messages = files.sort().flatMap(file => {
        const source = project.program.getSourceFile(`${root}${file}`)
        return source === undefined ? [] : new Source(file, source).messages()
      })
      return `## ${heading}\n\n${tables(messages)}\n`
    })
    return { path: 'docs/messages.md', text: `${intro}\n${texts.join('\n')}` }
  } finally {
    api.close()
  }
}

const intro = `<!-- Generated by scripts/messages.ts from the sentences in src; edit them there. -->

# Messages

Every message that Sluice shows, with sample values or ‹what is filled in›, beside its reason ([events.md](events.md) says what each reason
means). What the API server refuses is in [reference.md](reference.md).
`
