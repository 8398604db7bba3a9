/**
 * Argo CD's application controller and repo server, with redis, started by the first test that needs them; no API server and no UI. Applications
 * are in the namespace argocd; their source is a Git repository in a folder, their destination the API server of the lab.
 */
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Lab } from './lab.ts'
import { find, startPart } from './parts.ts'
import type { Program } from './program.ts'
import { timeoutOf, waitFor } from './wait.ts'

/** Whether the lab was built with the group `argocd`, and the machine has what that needs. */
export const hasArgoCd = ['argocd', 'redis-server', 'git'].every(name => find(name) !== null)

const partOf = { 'app.kubernetes.io/part-of': 'argocd' }

/** What an installation of Argo CD has; it looks at Git every two seconds, where it does so every two minutes. */
const installation = [
  { apiVersion: 'v1', kind: 'Namespace', metadata: { name: 'argocd' } },
  {
    apiVersion: 'v1',
    kind: 'ConfigMap',
    metadata: { name: 'argocd-cm', namespace: 'argocd', labels: partOf },
    data: { 'timeout.reconciliation': '2s', 'timeout.reconciliation.jitter': '0s' },
  },
  { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'argocd-rbac-cm', namespace: 'argocd', labels: partOf } },
  {
    apiVersion: 'v1',
    kind: 'Secret',
    metadata: { name: 'argocd-secret', namespace: 'argocd', labels: partOf },
    stringData: { 'server.secretkey': 'lab' },
  },
]

const project = {
  apiVersion: 'argoproj.io/v1alpha1',
  kind: 'AppProject',
  metadata: { name: 'default', namespace: 'argocd' },
  spec: {
    sourceRepos: ['*'],
    destinations: [{ server: '*', namespace: '*' }],
    clusterResourceWhitelist: [{ group: '*', kind: '*' }],
  },
}

let started: Promise<readonly Program[]> | undefined
export async function withArgoCd(lab: Lab): Promise<void> {
  started ??= start(lab)
  await started
}

/** Ends it, before tests that kill the API server; the next test that needs it starts it again. */
export async function withoutArgoCd(): Promise<void> {
  const programs = (await started) ?? []
  started = undefined
  await Promise.all(programs.map(program => program.kill()))
}

async function start(lab: Lab): Promise<readonly Program[]> {
  const dir = join(lab.dir, 'argocd')
  const folders = ['tls', 'ssh', 'plugin', 'home'].map(name => join(dir, name))
  await Promise.all(folders.map(folder => mkdir(folder, { recursive: true })))
  await writeFile(join(dir, 'ssh', 'ssh_known_hosts'), '')
  await lab.kubectl.apply(installation)
  const crds = join(process.env['KUBEBUILDER_ASSETS'] ?? '', '..', 'crds', 'argocd.yaml')
  await lab.kubectl.run('apply', '--server-side', '--force-conflicts', '-f', crds)
  await lab.kubectl.run('wait', '--for=condition=Established', 'crd', '--all', timeoutOf(60))
  await lab.kubectl.apply([project])
  const redisServer = startPart(lab, 'redis-server', [
    '--bind',
    '127.0.0.1',
    '--port',
    '6379',
    '--save',
    '',
    '--appendonly',
    'no',
    '--dir',
    dir,
  ])
  const env = {
    HOME: join(dir, 'home'),
    PATH: process.env['PATH'] ?? '',
    KUBECONFIG: lab.pki.kubeconfig('scaling'),
    TMPDIR: dir,
    ARGOCD_TLS_DATA_PATH: join(dir, 'tls'),
    ARGOCD_SSH_DATA_PATH: join(dir, 'ssh'),
    ARGOCD_GPG_ENABLED: 'false',
    ARGOCD_PLUGINSOCKFILEPATH: join(dir, 'plugin'),
    ARGOCD_FAKE_IN_CLUSTER: 'true',
  }
  const redis = ['--redis', '127.0.0.1:6379', '--logformat', 'text']
  const repoServer = startPart(
    lab,
    'argocd',
    [
      '--address',
      '127.0.0.1',
      '--port',
      '8085',
      '--metrics-address',
      '127.0.0.1',
      '--metrics-port',
      '8086',
      '--disable-tls',
      // How long it believes what a branch was, where that is three minutes.
      '--revision-cache-expiration',
      '1s',
      ...redis,
    ],
    { ...env, ARGOCD_BINARY_NAME: 'argocd-repo-server' },
  )
  const controller = startPart(
    lab,
    'argocd',
    [
      '--namespace',
      'argocd',
      '--repo-server',
      '127.0.0.1:8085',
      '--repo-server-plaintext',
      '--metrics-port',
      '8088',
      '--app-resync',
      '2',
      '--app-resync-jitter',
      '0',
      ...redis,
    ],
    { ...env, ARGOCD_BINARY_NAME: 'argocd-application-controller' },
  )
  await waitFor('Argo CD is ready', 60, async () => (await fetch('http://127.0.0.1:8088/healthz')).ok)
  return [redisServer, repoServer, controller]
}
