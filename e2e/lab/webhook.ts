/** An admission webhook that holds what it is asked, then allows it: the API server's writes hang for as long. */
import { readFile } from 'node:fs/promises'
import { createServer, type Server } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { Lab } from './lab.ts'

export interface HoldingWebhook {
  /** Reviews that it was asked for. */
  readonly asked: () => number
  close(): Promise<void>
}

/** Resources whose writes by the user `sluice` are held, by API group. */
const held = [
  { apiGroups: ['sluice.dev'], apiVersions: ['*'], resources: ['canaries', 'canaries/status'] },
  { apiGroups: ['apps'], apiVersions: ['*'], resources: ['deployments', 'controllerrevisions'] },
  { apiGroups: ['networking.istio.io'], apiVersions: ['*'], resources: ['*'] },
  { apiGroups: [''], apiVersions: ['*'], resources: ['services', 'events', 'configmaps', 'secrets'] },
]

/** Holds the writes of the controller in namespaces with this label for so many seconds. */
export async function holdWrites(lab: Lab, label: string, seconds: number): Promise<HoldingWebhook> {
  const { pki, kubectl } = lab
  const [key, cert, ca] = await Promise.all(
    ['server.key', 'server.crt', 'ca.crt'].map(name => readFile(pki.file(name), 'utf8')),
  )
  let asked = 0
  const server: Server = createServer({ key, cert }, (request, response) => {
    let body = ''
    request.setEncoding('utf8')
    request.on('data', (piece: string) => {
      body += piece
    })
    request.on('end', () => {
      asked += 1
      const { apiVersion, kind, request: review } = JSON.parse(body) as Record<string, { uid: string }>
      setTimeout(() => {
        response.writeHead(200, { 'content-type': 'application/json' })
        response.end(JSON.stringify({ apiVersion, kind, response: { uid: review?.uid, allowed: true } }))
      }, seconds * 1000)
    })
  })
  await new Promise<void>(resolve => server.listen(0, '127.0.0.1', resolve))
  const name = `hold-${label}`
  await kubectl.apply([
    {
      apiVersion: 'admissionregistration.k8s.io/v1',
      kind: 'ValidatingWebhookConfiguration',
      metadata: { name },
      webhooks: [
        {
          name: `${name}.example.com`,
          clientConfig: {
            url: `https://127.0.0.1:${(server.address() as AddressInfo).port}/`,
            caBundle: Buffer.from(ca ?? '').toString('base64'),
          },
          rules: held.map(rule => ({ ...rule, operations: ['CREATE', 'UPDATE', 'DELETE'] })),
          namespaceSelector: { matchLabels: { [label]: 'true' } },
          matchConditions: [{ name: 'controller', expression: "request.userInfo.username == 'sluice'" }],
          timeoutSeconds: 30,
          failurePolicy: 'Ignore',
          sideEffects: 'None',
          admissionReviewVersions: ['v1'],
        },
      ],
    },
  ])
  return {
    asked: () => asked,
    close: async () => {
      await kubectl.run('delete', 'validatingwebhookconfiguration', name, '--ignore-not-found')
      server.closeAllConnections()
      await new Promise<void>(resolve => {
        server.close(() => resolve())
      })
    },
  }
}
