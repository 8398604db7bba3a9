/** Where the real programs are: the layout that KUBEBUILDER_ASSETS names, then PATH. */
import { accessSync, constants } from 'node:fs'
import { delimiter, join } from 'node:path'

/** What the lab runs, and what each of them is for. */
const programs = {
  etcd: 'the store of the API server',
  'kube-apiserver': 'the API server',
  'kube-controller-manager': 'Deployments, ReplicaSets, EndpointSlices',
  kubectl: 'what users type',
  prometheus: 'the metrics server',
  'pilot-discovery': 'istiod',
  envoy: 'the proxies of the mesh',
  loadtester: "Flagger's load tester",
  hey: 'the requests that it sends',
  helm: 'installs the chart',
  promtool: 'rules and metrics by the rules of Prometheus',
  dashcheck: "dashboards by Grafana's schema, and their queries",
  openssl: 'certificates',
  ip: 'addresses of pods (iproute2)',
} as const

export type ProgramName = keyof typeof programs

export interface Binaries {
  readonly path: Readonly<Record<ProgramName, string>>
  /** The CustomResourceDefinitions of the same Istio. */
  readonly istioCrds: string
  /** Those of the Gateway API that it implements. */
  readonly gatewayCrds: string
}

function executable(path: string): boolean {
  try {
    accessSync(path, constants.X_OK)
    return true
  } catch {
    return false
  }
}

/**
 * Finds every program of the lab.
 *
 * @throws Error with one sentence that names what is missing and what to install.
 */
export function findBinaries(env: NodeJS.ProcessEnv): Binaries {
  const assets = env['KUBEBUILDER_ASSETS']
  if (assets === undefined || assets === '') {
    throw new Error(
      'KUBEBUILDER_ASSETS is not set: it must name the folder that holds etcd, kube-apiserver, ' +
        'kube-controller-manager, kubectl, prometheus, pilot-discovery, envoy, loadtester, hey, helm, promtool and dashcheck.',
    )
  }
  const folders = [assets, ...(env['PATH'] ?? '').split(delimiter)]
  const find = (name: string): string | undefined => folders.map(folder => join(folder, name)).find(executable)
  const missing = Object.entries(programs).filter(([name]) => find(name) === undefined)
  if (missing.length > 0) {
    const list = missing.map(([name, what]) => `${name} (${what})`).join(', ')
    throw new Error(`Not found in KUBEBUILDER_ASSETS=${assets} nor in PATH: ${list}. Install them and try again.`)
  }
  const crds = (file: string, of: string): string => {
    const found = join(assets, '..', 'crds', file)
    try {
      accessSync(found, constants.R_OK)
    } catch {
      throw new Error(`${found} cannot be read: put the CustomResourceDefinitions of ${of} there.`)
    }
    return found
  }
  const istioCrds = crds(
    'istio.yaml',
    'Istio (manifests/charts/base/files/crd-all.gen.yaml of the istio.io/istio module)',
  )
  const gatewayCrds = crds('gateway-api.yaml', 'the Gateway API (its standard channel)')
  const path = Object.fromEntries(Object.keys(programs).map(name => [name, find(name)])) as Record<ProgramName, string>
  return { path, istioCrds, gatewayCrds }
}
