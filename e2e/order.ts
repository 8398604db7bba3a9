/**
 * The test files, in the order in which they run. `npm run e2e -- contract` runs those of one folder.
 *
 * - `contract`: what the tests and the playground rely on is true of the real programs. No controller runs.
 * - `alone`: the API server, istiod, Prometheus or the controller is killed, or a webhook holds writes. Each starts controllers of its own.
 * - `page`: the page in Chromium, before a server that only speaks its protocol, and before the demo; then in the cluster, with users by RBAC.
 * - `behaviour`: what users see. All scenarios of all files share one controller and run side by side (fixtures/together.ts).
 *
 * `contract/kubectl` removes the manifests, so it comes before everything that installs them; `alone/helm` and `alone/from-nothing` remove what they installed, too,
 * and come before every file that gives rights to a controller. The API servers of `alone` do not have
 * the CRDs of autoscalers yet, which `behaviour` installs. Between `alone/fleet` and `alone/idle` are files that call no API server: the
 * fleet rests meanwhile. `rights` reads the audit log of the whole run, and `contract/api` leaves behind what it made and compacts etcd.
 */
const order = [
  'contract/lab',
  'contract/kubectl',
  'contract/chart',
  'contract/schemas',
  'contract/crd',
  'contract/queries',
  'contract/promql',
  'contract/mesh',
  'alone/helm',
  'alone/from-nothing',
  'alone/fleet',
  'page/states',
  'page/behaviour',
  'page/flow',
  'page/demo',
  'page/speed',
  'alone/idle',
  'alone/outages',
  'alone/secrets',
  'alone/tenants',
  'alone/traces',
  'alone/webhooks',
  'alone/image',
  'alone/versions',
  'behaviour/readme',
  'behaviour/guides',
  'behaviour/changes-in-a-run',
  'behaviour/ports',
  'behaviour/bypasses',
  'behaviour/ways-in',
  'behaviour/rules-and-kubectl',
  'behaviour/splits',
  'behaviour/strategies',
  'behaviour/gateway-api',
  'behaviour/ambient',
  'behaviour/no-mesh',
  'behaviour/zero-trust',
  'behaviour/mutual-tls',
  'behaviour/credentials',
  'behaviour/webhooks',
  'behaviour/alerts',
  'behaviour/commit-statuses',
  'behaviour/flagger-examples',
  'behaviour/release',
  'behaviour/command-line',
  'behaviour/surroundings',
  'behaviour/autoscalers',
  'behaviour/rollout-strategies',
  'behaviour/deletion',
  'behaviour/flux',
  'behaviour/argocd',
  'behaviour/argocd-shared-fields',
  'page/cluster',
  'rights',
  'contract/api',
] as const

/** The files to run, for arguments that name folders of them, or for none. */
export function filesFor(folders: readonly string[]): string[] {
  return order
    .filter(name => folders.length === 0 || folders.includes(name.split('/')[0] ?? ''))
    .map(name => `e2e/tests/${name}.test.ts`)
}

export const folders: readonly string[] = [...new Set(order.map(name => name.split('/')[0] ?? ''))]
