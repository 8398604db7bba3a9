/** The formats of `-o`. */
import { InvalidArgumentError, Option } from 'commander'
import { stringify } from 'yaml'
import { jsonPath } from './json-path.ts'

export type Output =
  | { readonly format: 'wide' | 'json' | 'yaml' | 'name' }
  | { readonly format: 'jsonpath'; readonly template: string }

/** Formats of a value for programs. */
const FOR_PROGRAMS = ['json', 'yaml'] as const
/** Those of lists, too. */
const FORMATS = ['wide', ...FOR_PROGRAMS, 'name'] as const

const TEMPLATE = 'jsonpath=TEMPLATE'

/** `-o` of a command that lists objects. */
export const listOutput = (): Option => outputOption(FORMATS)

/** `-o` of a command that has neither more columns nor names. */
export const dataOutput = (): Option => outputOption(FOR_PROGRAMS)

const outputOption = (formats: readonly (typeof FORMATS)[number][]): Option =>
  new Option('-o, --output <format>', `${formats.join(', ')}, or ${TEMPLATE}`).argParser(text =>
    outputOf(text, formats),
  )

/** What to complete behind `-o`. */
export const formatsIn = ({ description }: Pick<Option, 'description'>): string[] => [
  ...FORMATS.filter(one => description.split(', ').includes(one)),
  'jsonpath=',
]

/** Reads the value of `-o`. @throws InvalidArgumentError with a sentence. */
function outputOf(text: string, formats: readonly (typeof FORMATS)[number][]): Output {
  const [, template] = /^jsonpath=(.*)$/s.exec(text) ?? []
  if (template !== undefined) {
    try {
      jsonPath(template, {})
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
    }
    return { format: 'jsonpath', template: template.replaceAll(/^(["'])(.*)\1$/gs, '$2') }
  }
  const format = formats.find(one => one === text)
  if (format === undefined) throw new InvalidArgumentError(`Write one of ${formats.join(', ')} and ${TEMPLATE}.`)
  return { format }
}

/** A value for programs; null where the format is one for people, or names. */
export function dataIn(output: Output | undefined, value: unknown): string | null {
  switch (output?.format) {
    case 'json':
      return `${JSON.stringify(value, null, 2)}\n`
    case 'yaml':
      return stringify(value)
    case 'jsonpath':
      return jsonPath(output.template, value)
    case 'wide':
    case 'name':
    case undefined:
      return null
  }
}
