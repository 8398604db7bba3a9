/** What to do with a cluster that stays up: commands to paste, in an order that makes a story. */
import { suffixes } from '../playground/workloads/images.ts'

/** Where things are. */
export interface Places {
  readonly kubeconfig: string
  readonly prometheusUrl: string
  readonly controller: { readonly log: string }
  /** Path of `sluice.js`. */
  readonly program: string
  /** The page; null: it is not installed. */
  readonly link: string | null
}

const CANARY = 'canaries.sluice.dev/web'
const release = (image: string): string => `kubectl set image deployment/web web=${image}`
const steps = JSON.stringify({ spec: { analysis: { steps: [{ weight: 10, approve: true }, { weight: 100 }] } } })

const topics: readonly { readonly what: string; readonly commands: readonly string[] }[] = [
  { what: 'a good release; status exits with 0', commands: [release('demo/web:1.2.0'), 'sluice status web'] },
  { what: 'one that fails; status exits with 3', commands: [release('demo/web:2.1.0-errors'), 'sluice status web'] },
  { what: 'why it was rolled back', commands: ['sluice explain web', 'sluice diff web', 'sluice events web'] },
  {
    what: 'a step that waits for a person; status exits with 4 before the approval, and with 0 after it',
    commands: [
      `kubectl patch ${CANARY} --type=merge --patch '${steps}'`,
      release('demo/web:1.3.0'),
      'sluice status web',
      'sluice approve web --why "dashboards look fine"',
      'sluice status web',
    ],
  },
  {
    what: 'stop one by hand, and try the same revision again',
    commands: [
      release('demo/web:1.4.0'),
      'sluice status web',
      'sluice abort web --why "not today" --wait',
      'sluice status web',
      'sluice retry web --why again',
    ],
  },
  { what: 'hold, and go on', commands: ['sluice pause web --why lunch', 'sluice resume web --why back'] },
  { what: 'straight to promotion', commands: ['sluice approve web --full --wait'] },
  { what: 'the revision before', commands: ['sluice rollback web --why "old bug" --wait'] },
  {
    what: 'without `sluice`, as GitOps does it: commands are annotations, and the outcome is in the status',
    commands: [
      `kubectl annotate ${CANARY} sluice.dev/retry="$(date +%s) again" --overwrite`,
      'kubectl get sluice',
      `kubectl describe ${CANARY}`,
    ],
  },
  { what: 'hand the Deployment back', commands: [`kubectl delete ${CANARY}`] },
]

/** The text that follows a demo with `--keep`. */
export const invitation = ({
  kubeconfig,
  prometheusUrl,
  controller,
  program,
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
  alias sluice="node '${program}'"
  sluice watch web

In a third one, with the first three lines:

${topics.map(({ what, commands }) => `  # ${what}\n${commands.map(line => `  ${line}`).join('\n')}`).join('\n\n')}

Images with a fault: demo/web:<version>${suffixes.map(suffix => `-${suffix}`).join(', ')}
An image of any other name than demo/<name>:<version> and stefanprodan/podinfo:<version> cannot be pulled.
A Canary of your own gets callers too, in any namespace, once its primary serves.

Prometheus answers at ${prometheusUrl}, and the controller logs to ${controller.log}.
`
