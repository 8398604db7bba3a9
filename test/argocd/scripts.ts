/** The scripts that Argo CD finds in manifests/argocd/argocd-cm.yaml, run on a Canary. */
import { parse } from 'yaml'
import type { KubeObject } from '../../src/api/object.ts'
import { read } from '../docs/pages.ts'
import { runLua } from './lua.ts'

const { data } = parse(read('manifests/argocd/argocd-cm.yaml').text) as { data: Readonly<Record<string, string>> }
const ofCanary = (kind: 'health' | 'actions'): string => data[`resource.customizations.${kind}.sluice.dev_Canary`] ?? ''

const health = ofCanary('health')
const actions = parse(ofCanary('actions')) as {
  readonly 'discovery.lua': string
  readonly definitions: readonly { readonly name: string; readonly 'action.lua': string }[]
}

/** Names of the actions that can be run. */
export const DEFINED: readonly string[] = actions.definitions.map(({ name }) => name)

/** What `argocd app get` shows of a resource. */
export interface Health {
  readonly status: string
  readonly message: string
}

export const healthOf = (canary: unknown): Health => runLua(health, canary) as Health

const templateHealth = data['resource.customizations.health.sluice.dev_MetricTemplate'] ?? ''

export const templateHealthOf = (template: unknown): Health => runLua(templateHealth, template) as Health

interface Listed {
  readonly displayName: string
  readonly iconClass: string
  readonly disabled: boolean
}

/** The actions that are listed, each with whether it can be clicked. */
export function listed(canary: unknown): Readonly<Record<string, boolean>> {
  const found = runLua(actions['discovery.lua'], canary) as Readonly<Record<string, Listed>>
  return Object.fromEntries(Object.entries(found).map(([name, { disabled }]) => [name, !disabled]))
}

/** Those that can be clicked. */
export const enabled = (canary: unknown): string[] =>
  Object.entries(listed(canary)).flatMap(([name, is]) => (is ? [name] : []))

/** The object after a click. */
export function click(action: string, canary: unknown, seconds?: number): KubeObject {
  const definition = actions.definitions.find(({ name }) => name === action)
  if (definition === undefined) throw new Error(`no action ${action}`)
  return runLua(definition['action.lua'], canary, seconds) as KubeObject
}
