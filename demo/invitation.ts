/** What to do with a cluster that stays up: commands to paste, in an order that makes a story. */
import { suffixes } from '../playground/workloads/images.ts'

/** Where things are. */
export interface Places {
  readonly kubeconfig: string
  readonly prometheusUrl: string
  readonly controller: { readonly log: string }
  /** The page; null: it is not installed. */
  readonly link: string | null
}

const CANARY = 'canaries.sluice.dev/web'
const release = (image: string): string => `kubectl set image deployment/web web=${image}`
const command = (name: string, why: string): string =>
  `kubectl annotate ${CANARY} sluice.dev/${name}="$(date +%s) ${why}" --overwrite`
const steps = JSON.stringify({ spec: { analysis: { steps: [{ weight: 10, approve: true }, { weight: 100 }] } } })

const topics: readonly { readonly what: string; readonly commands: readonly string[] }[] = [
  { what: 'a good release', commands: [release('demo/web:1.2.0')] },
  { what: 'one that fails', commands: [release('demo/web:2.1.0-errors')] },
  { what: 'why it was rolled back', commands: [`kubectl describe ${CANARY}`, `kubectl get events`] },
  {
    what: 'try the same revision again, and stop it by hand',
    commands: [command('retry', 'again'), command('abort', 'not today')],
  },
  {
    what: 'a step that waits for a person',
    commands: [
      `kubectl patch ${CANARY} --type=merge --patch '${steps}'`,
      release('demo/web:1.3.0'),
      command('approve', 'dashboards look fine'),
    ],
  },
  { what: 'hold, and go on', commands: [command('pause', 'lunch'), command('resume', 'back')] },
  { what: 'the revision before', commands: [command('rollback', 'old bug')] },
  { what: 'hand the Deployment back', commands: [`kubectl delete ${CANARY}`] },
]

/** The text that follows a demo with `--keep`. */
export const invitation = ({
  kubeconfig,
  prometheusUrl,
  controller,
  link,
}: Places): string => `The cluster stays up until Ctrl-C. ${
  link === null
    ? ''
    : `In a browser:

  ${link}

`
}In another terminal:

  export KUBECONFIG=${kubeconfig}
  kubectl config set-context --current --namespace=shop
  kubectl get sluice --watch

In a third one, with the same KUBECONFIG:

${topics.map(({ what, commands }) => `  # ${what}\n${commands.map(line => `  ${line}`).join('\n')}`).join('\n\n')}

Images with a fault: demo/web:<version>${suffixes.map(suffix => `-${suffix}`).join(', ')}
An image of any other name than demo/<name>:<version> and stefanprodan/podinfo:<version> cannot be pulled.
A Canary of your own gets callers too, in any namespace, once its primary serves.

Prometheus answers at ${prometheusUrl}, and the controller logs to ${controller.log}.
`
