/** The whole lab: one boot for all tests. */
import { mkdir } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { build } from 'esbuild'
import { Api } from './api.ts'
import { type ApiCall, readAudit } from './audit.ts'
import { findBinaries } from './binaries.ts'
import { ControlPlane } from './control-plane.ts'
import { startEdge } from './edge.ts'
import { Istio } from './istio.ts'
import { Kubectl } from './kubectl.ts'
import { Kubelet } from './kubelet.ts'
import { bringUpNetwork } from './network.ts'
import { apiServerUrl, Pki, type User } from './pki.ts'
import { Prometheus } from './prometheus.ts'
import { SecretDiscovery } from './sds.ts'

export interface Lab {
  /** Everything the run writes; logs are in `log/`. */
  readonly dir: string
  /** Where versions of the test application are told how to behave. */
  readonly apps: string
  readonly pki: Pki
  readonly api: Api
  readonly kubectl: Kubectl
  /** Path of the program. */
  readonly helm: string
  readonly controlPlane: ControlPlane
  readonly prometheus: Prometheus
  readonly istio: Istio
  readonly secrets: SecretDiscovery
  /** kubectl of a user with fewer rights. */
  kubectlOf(user: User): Kubectl
  /** Calls of the API that `user` has made. */
  audit(user: User): Promise<ApiCall[]>
  stop(): Promise<void>
}

/** The bundle as an image: containers of it run as they are written, with the rights of sluice-system's ServiceAccount `sluice`. */
export const sluiceImage = 'registry.example.com/sluice'

const say = (what: string, since: number): void =>
  console.log(`  ${what.padEnd(28)} ${((Date.now() - since) / 1000).toFixed(1)} s`)

/** Boots everything and says how long each part took. @throws Error with one sentence when something is missing. */
export async function bootLab(): Promise<Lab> {
  const started = Date.now()
  const binaries = findBinaries(process.env)
  const dir = process.env['SLUICE_E2E_DIR']
  if (dir === undefined)
    throw new Error('The lab needs a namespace and a folder of its own: start it with npm run e2e.')
  const apps = join(dir, 'apps')
  await Promise.all(['log', 'apps', 'home'].map(name => mkdir(join(dir, name))))

  await bringUpNetwork(binaries.path.ip)
  const pki = new Pki(join(dir, 'pki'), binaries.path.openssl)
  await pki.create()
  const appFile = join(dir, 'app.mjs')
  const ztunnelFile = join(dir, 'ztunnel.mjs')
  for (const [name, outfile] of [
    ['app', appFile],
    ['ztunnel', ztunnelFile],
  ] as const) {
    const entry = fileURLToPath(new URL(`../pods/${name}.ts`, import.meta.url))
    await build({ entryPoints: [entry], outfile, platform: 'node', format: 'esm', logLevel: 'error' })
  }
  say('network, certificates', started)

  let since = Date.now()
  const api = new Api(apiServerUrl, await pki.credentials('admin'), 'e2e')
  const kubectlOf = (user: User): Kubectl => new Kubectl(binaries.path.kubectl, pki.kubeconfig(user), join(dir, 'home'))
  const kubectl = kubectlOf('admin')
  const controlPlane = new ControlPlane(api, binaries, pki, dir)
  await controlPlane.start()
  say('control plane', since)

  since = Date.now()
  const environment = {
    PATH: `${dirname(process.execPath)}:${process.env['PATH'] ?? ''}`,
    ENVOY: binaries.path.envoy,
    APP: appFile,
    APPS: apps,
    ZTUNNEL: ztunnelFile,
    PKI: pki.dir,
  }
  const kubelet = new Kubelet(
    new Api(apiServerUrl, await pki.credentials('kubelet'), 'kubelet'),
    environment,
    join(dir, 'log'),
    {
      name: sluiceImage,
      entryPoint: [process.execPath, fileURLToPath(new URL('../../dist/sluice.js', import.meta.url))],
      env: ip => ({ SLUICE_BIND: ip, KUBECONFIG: pki.kubeconfig('sluice-account') }),
    },
  )
  const prometheus = new Prometheus(binaries, pki, dir)
  const istio = new Istio(kubectl, binaries, pki, dir)
  const secrets = new SecretDiscovery(pki)
  await Promise.all([kubelet.start(), prometheus.start(), istio.install(), secrets.start()])
  say('Prometheus, istiod', since)

  since = Date.now()
  await startEdge(kubectl)
  say('gateway and client', since)
  say('booted in', started)

  return {
    dir,
    apps,
    pki,
    api,
    kubectl,
    helm: binaries.path.helm,
    controlPlane,
    prometheus,
    istio,
    secrets,
    kubectlOf,
    audit: user => readAudit(controlPlane.auditLog, user),
    stop: async () => {
      await kubelet.stop()
      await Promise.all([prometheus.program.kill(), istio.program.kill()])
      secrets.stop()
      await controlPlane.stop()
      api.close()
    },
  }
}

let booted: Promise<Lab> | undefined
/** The lab of this run; the first caller boots it. */
export function lab(): Promise<Lab> {
  booted ??= bootLab()
  return booted
}
