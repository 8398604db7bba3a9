/** manifests/argocd/argocd-cm.yaml: what Argo CD has to know of Canaries and MetricTemplates, out of the Lua files beside it. */
import { readFileSync } from 'node:fs'
import { stringify } from 'yaml'
import type { CommandName } from '../src/core/model/command-line.ts'

const head = `# What Argo CD has to know of Canaries: their health, and the actions of its menu; and the health of MetricTemplates. Generated
# from the Lua files beside it by \`npm run generate\`. It adds three keys to the ConfigMap that Argo CD has:
#
#   kubectl apply --server-side --field-manager=sluice -f manifests/argocd/argocd-cm.yaml
`

interface Action {
  readonly command: CommandName
  /** Of `approve`: straight to promotion. */
  readonly full: boolean
}

/** By the names that discovery.lua lists. */
const ACTIONS: Readonly<Record<string, Action>> = {
  approve: { command: 'approve', full: false },
  'approve-full': { command: 'approve', full: true },
  pause: { command: 'pause', full: false },
  resume: { command: 'resume', full: false },
  abort: { command: 'abort', full: false },
  retry: { command: 'retry', full: false },
  rollback: { command: 'rollback', full: false },
}

const lua = (file: string): string => readFileSync(new URL(`../manifests/argocd/${file}.lua`, import.meta.url), 'utf8')

function actionOf([name, { command, full }]: [string, Action]): { name: string; 'action.lua': string } {
  return { name, 'action.lua': `local command, is_full = "${command}", ${full}\n\n${lua('command')}` }
}

const actions = {
  'discovery.lua': lua('discovery'),
  definitions: Object.entries(ACTIONS).map(actionOf),
}

const asText = (value: unknown): string => stringify(value, { lineWidth: 0, aliasDuplicateObjects: false })

export function argocdPage(): { path: string; text: string } {
  const configMap = {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace: 'argocd', labels: { 'app.kubernetes.io/part-of': 'argocd' } },
    data: {
      'resource.customizations.health.sluice.dev_Canary': lua('health'),
      'resource.customizations.health.sluice.dev_MetricTemplate': lua('metric-template-health'),
      'resource.customizations.actions.sluice.dev_Canary': asText(actions),
    },
  }
  return { path: 'manifests/argocd/argocd-cm.yaml', text: `${head}${asText(configMap)}` }
}
