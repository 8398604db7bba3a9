/** The formats of `-o`. */
import { InvalidArgumentError } from 'commander'
import { stringify } from 'yaml'
import { jsonPath } from './json-path.ts'

export type Output =
  | { readonly format: 'wide' | 'json' | 'yaml' | 'name' }
  | { readonly format: 'jsonpath'; readonly template: string }

/** Reads the value of `-o`. @throws InvalidArgumentError with a sentence. */
export function outputOf(text: string): Output {
  const [, template] = /^jsonpath=(.*)$/s.exec(text) ?? []
  if (template !== undefined) {
    try {
      jsonPath(template, {})
    } catch (error) {
      throw new InvalidArgumentError(error instanceof Error ? error.message : String(error))
    }
    return { format: 'jsonpath', template: template.replaceAll(/^(["'])(.*)\1$/gs, '$2') }
  }
  const format = (['wide', 'json', 'yaml', 'name'] as const).find(one => one === text)
  if (format === undefined) throw new InvalidArgumentError('Write one of wide, json, yaml, name and jsonpath=TEMPLATE.')
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
