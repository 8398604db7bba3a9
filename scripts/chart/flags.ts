/** Flags of `sluice run` and `sluice dashboard` as values of the chart: their schema, their lines in values.yaml, and the arguments. */
import { Command, type Option } from 'commander'
import { DURATION_PATTERN } from '../../src/api/duration.ts'
import { dashboardCommand } from '../../src/cli/dashboard.ts'
import { CLUSTER_NAME_PATTERN } from '../../src/cli/flag-values.ts'
import { runCommand } from '../../src/cli/flags.ts'
import type { Json } from '../../src/core/json.ts'

/** What the chart itself decides on, or what makes no sense in a pod. */
export const LEFT_OUT: Readonly<Record<'run' | 'dashboard', readonly string[]>> = {
  // The Service, the probes and the monitors know the port; the Role of the Lease is in the chart's namespace.
  run: ['kubeconfig', 'context', 'port', 'bind', 'leaderElectionNamespace'],
  dashboard: ['inCluster', 'kubeconfig', 'context', 'port', 'bind', 'metricsService', 'kubeCaFile'],
}

const optionsOf = (command: Command): readonly Option[] => {
  const name = command.name() === 'run' ? 'run' : 'dashboard'
  return command.options.filter(option => !LEFT_OUT[name].includes(option.attributeName()))
}

export const runOptions = (): readonly Option[] => optionsOf(runCommand(new Command(), async () => {}))
export const dashboardOptions = (): readonly Option[] => optionsOf(dashboardCommand(new Command(), async () => {}))

/** By flag, else by what it says that its value is. */
const PATTERNS: Readonly<Record<string, string>> = {
  '--namespace': '^[a-z0-9]([-a-z0-9]*[a-z0-9])?$',
  '--cluster-name': CLUSTER_NAME_PATTERN,
  url: '^https?://',
  duration: DURATION_PATTERN,
}

type Form = 'switch' | 'boolean' | 'choice' | 'list' | 'number' | 'text'

function formOf(option: Option): Form {
  if (option.isBoolean()) return 'switch'
  if (option.argChoices?.join() === 'true,false') return 'boolean'
  if (option.argChoices !== undefined) return 'choice'
  if (Array.isArray(option.defaultValue)) return 'list'
  return hintOf(option) === 'number' ? 'number' : 'text'
}

/** `url` of `--metrics-server <url>`. */
const hintOf = ({ flags }: Option): string => /[<[](.+)[>\]]/.exec(flags)?.[1] ?? ''

const textSchema = (option: Option): Json => {
  const pattern = PATTERNS[option.long ?? ''] ?? PATTERNS[hintOf(option)]
  return { type: 'string', minLength: 1, ...(pattern === undefined ? {} : { pattern }) }
}

function schemaOf(option: Option): Json {
  switch (formOf(option)) {
    case 'switch':
    case 'boolean':
      return { type: 'boolean' }
    case 'choice':
      return { enum: option.argChoices }
    case 'list':
      return { type: 'array', items: textSchema(option) }
    case 'number':
      return { type: 'number', minimum: 0 }
    case 'text':
      return textSchema(option)
  }
}

export const flagsSchema = (options: readonly Option[]): Json => ({
  type: 'object',
  additionalProperties: false,
  properties: Object.fromEntries(
    options.map(option => [option.attributeName(), { description: option.description, ...schemaOf(option) }]),
  ),
})

/** A comment a flag. */
export const flagComments = (options: readonly Option[], indent: string): string =>
  options
    .map(option => {
      const shown = option.defaultValueDescription ?? option.defaultValue
      return `${indent}#   ${option.attributeName()}: ${option.description}${shown === undefined ? '' : ` (default: ${String(shown)})`}\n`
    })
    .join('')

/** A header may have a comma in it, so each is an argument; other lists are one. */
const isOneByOne = (option: Option): boolean => hintOf(option).includes(':')

/** A named template that prints the arguments for the values that are set, a line each. */
export function argumentsTemplate(name: string, values: string, options: readonly Option[]): string {
  const parts = options.map(option => {
    const { long } = option
    const value = `${values}.${option.attributeName()}`
    const argument = (given: string): string => `- {{ printf "${long}=%v" ${given} | quote }}`
    switch (formOf(option)) {
      case 'switch':
        return `{{- if ${value} }}\n- ${long}\n{{- end }}`
      // `with` would leave out false and 0.
      case 'boolean':
      case 'number':
        return `{{- if not (kindIs "invalid" ${value}) }}\n${argument(value)}\n{{- end }}`
      case 'list':
        return isOneByOne(option)
          ? `{{- range ${value} }}\n${argument('.')}\n{{- end }}`
          : `{{- with ${value} }}\n${argument('(join "," .)')}\n{{- end }}`
      case 'choice':
      case 'text':
        return `{{- with ${value} }}\n${argument('.')}\n{{- end }}`
    }
  })
  return `{{- define "${name}" -}}\n${parts.join('\n')}\n{{- end }}\n`
}
