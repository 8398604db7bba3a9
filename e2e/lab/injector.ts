/**
 * Sidecar injection, as Istio does it: a mutating webhook that the API server asks about each pod of a namespace with
 * `istio-injection: enabled`. It adds the proxy, moves the probe past it, and, in place of pulling the image, runs the
 * test application behind it.
 */
import https from 'node:https'
import { readFile } from 'node:fs/promises'
import { json } from 'node:stream/consumers'
import type { KubeObject } from '../../src/api/object.ts'
import type { ContainerSpec } from './container.ts'
import type { Lab } from './lab.ts'
import { drainSeconds, proxyContainer } from './proxy.ts'

const port = 15443
const applicationPort = 18080

interface Review {
  readonly request: { readonly uid: string; readonly object: KubeObject }
}

interface PodSpec {
  readonly containers: readonly ContainerSpec[]
}

function injected(pod: KubeObject): object[] {
  const spec = pod['spec'] as PodSpec
  const containers = spec.containers.map(container => ({
    ...container,
    command: ['node', '$(APP)'],
    readinessProbe: { httpGet: { path: '/', port: applicationPort }, periodSeconds: 2 },
    lifecycle: { preStop: { sleep: { seconds: drainSeconds } } },
  }))
  const annotations = { ...pod.metadata.annotations, ...proxyContainer.scraped }
  return [
    { op: 'replace', path: '/spec/containers', value: [...containers, proxyContainer.of('sidecar')] },
    { op: 'add', path: '/metadata/annotations', value: annotations },
    { op: 'add', path: '/metadata/labels', value: { ...pod.metadata.labels, mesh: 'in' } },
  ]
}

function answer({ request }: Review): object {
  const patch = Buffer.from(JSON.stringify(injected(request.object))).toString('base64')
  return {
    apiVersion: 'admission.k8s.io/v1',
    kind: 'AdmissionReview',
    response: { uid: request.uid, allowed: true, patchType: 'JSONPatch', patch },
  }
}

let started: Promise<void> | undefined
/** One for all tests, from the first that needs it until the end of the run. */
export async function withInjector(lab: Lab): Promise<void> {
  started ??= start(lab)
  await started
}

/** Starts to answer, and tells the API server to ask. */
async function start(lab: Lab): Promise<void> {
  const [cert, key, ca] = await Promise.all(
    ['server.crt', 'server.key', 'ca.crt'].map(name => readFile(lab.pki.file(name))),
  )
  const server = https.createServer({ cert, key }, (request, response) => {
    json(request).then(
      body => {
        response.setHeader('content-type', 'application/json')
        response.end(JSON.stringify(answer(body as Review)))
      },
      () => response.destroy(),
    )
  })
  await new Promise<void>(resolve => {
    server.listen(port, '127.0.0.1', resolve)
  })
  server.unref()
  await lab.kubectl.apply([
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'MutatingWebhookConfiguration',
      metadata: { name: 'injector' },
      webhooks: [
        {
          name: 'injector.example.com',
          clientConfig: {
            url: `https://127.0.0.1:${port}/inject`,
            caBundle: (ca ?? Buffer.alloc(0)).toString('base64'),
          },
          namespaceSelector: { matchLabels: { 'istio-injection': 'enabled' } },
          rules: [{ operations: ['CREATE'], apiGroups: [''], apiVersions: ['v1'], resources: ['pods'] }],
          failurePolicy: 'Fail',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    },
  ])
}

/** Where iptables would redirect: the proxies of a namespace take over this port of their pods. */
export const takingOver = (namespace: string, number: number): object => ({
  apiVersion: 'networking.istio.io/v1',
  kind: 'Sidecar',
  metadata: { name: 'in-mesh', namespace },
  spec: {
    workloadSelector: { labels: { mesh: 'in' } },
    ingress: [{ port: { number, protocol: 'HTTP', name: 'http' }, defaultEndpoint: `0.0.0.0:${applicationPort}` }],
    egress: [{ hosts: ['~/*'] }],
  },
})
