/** YAML in which some values are Helm's expressions: a document is edited as data, and keeps its comments. */
import { type Document, isSeq } from 'yaml'

/** Text in place of a value. @param indent of the line that it replaces; `key` ends in ": ", or is "- " in a list. */
type Insertion = (indent: number, key: string) => string

const pad = (indent: number): string => ' '.repeat(indent)

/** `key: {{ expression }}`. */
export const scalar =
  (expression: string): Insertion =>
  (indent, key) =>
    `${pad(indent)}${key}: {{ ${expression} }}`

/** The value as YAML below its key. */
export const block =
  (expression: string): Insertion =>
  (indent, key) =>
    `${pad(indent)}${key}:\n${pad(indent + 2)}{{- toYaml ${expression} | nindent ${indent + 2} }}`

/** The same, and nothing at all where the value is empty. */
export const optional =
  (expression: string): Insertion =>
  (indent, key) =>
    [`{{- with ${expression} }}`, `${key}:`, `  {{- toYaml . | nindent ${indent + 2} }}`, '{{- end }}']
      .map(line => pad(indent) + line)
      .join('\n')

/** What a named template prints, as more lines at the place of the key, whose name does not matter. */
export const lines =
  (text: (indent: number) => string): Insertion =>
  indent =>
    text(indent)
      .split('\n')
      .map(line => pad(indent) + line)
      .join('\n')

/** More entries, where there are any, of a list or an object. */
export const entriesOf = (expression: string): Insertion =>
  lines(indent => `{{- with ${expression} }}\n{{- toYaml . | nindent ${indent} }}\n{{- end }}`)

const PLACE = /^( *)(?:- )?(?:([\w.]+): )?TEMPLATE_(\d+)$/gm

/** Edits one document, and prints it as a part of a template. */
export class Template {
  readonly #document: Document.Parsed
  readonly #insertions: Insertion[] = []

  /** @param document is changed. */
  constructor(document: Document.Parsed) {
    this.#document = document
  }

  /** Replaces the value at a path, or adds it. */
  set(path: readonly (string | number)[], insertion: Insertion): void {
    this.#document.setIn(path, this.#place(insertion))
  }

  /** Adds to a list, or to an object under a key of no meaning. */
  add(path: readonly (string | number)[], insertion: Insertion): void {
    if (isSeq(this.#document.getIn(path))) this.#document.addIn(path, this.#place(insertion))
    else this.#document.setIn([...path, `more${this.#insertions.length}`], this.#place(insertion))
  }

  /** @throws Error where a value was set within a value on one line, such as `[a, b]`. */
  toString(): string {
    // What Helm would take for an expression of its own.
    const text = this.#document.toString({ lineWidth: 0, directives: false }).replaceAll('{{', '{{ "{{" }}')
    let placed = 0
    const filled = text.replaceAll(PLACE, (_all, indent: string, key: string | undefined, number: string) => {
      placed += 1
      return this.#insertions[Number(number)]?.(indent.length, key ?? '') ?? ''
    })
    if (placed !== this.#insertions.length)
      throw new Error(`${placed} of ${this.#insertions.length} expressions have a line of their own in:\n${filled}`)
    return filled
  }

  #place(insertion: Insertion): string {
    this.#insertions.push(insertion)
    return `TEMPLATE_${this.#insertions.length - 1}`
  }
}
