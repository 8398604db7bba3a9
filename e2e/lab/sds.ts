/**
 * The certificates of the mesh, in place of istiod's authority and of Istio's agent: a secret discovery service (SDS,
 * https://www.envoyproxy.io/docs/envoy/latest/configuration/security/secret) over gRPC without TLS, in this process. `default` is a
 * certificate for `spiffe://cluster.local/ns/<namespace>/sa/<service account>`, as the node metadata of the proxy that asks says;
 * `ROOTCA` is the authority. The few protobuf messages are read and written by hand.
 */
import http2 from 'node:http2'
import { type Message, message, textOf, valuesOf } from './protobuf.ts'
import type { Pki } from './pki.ts'

/** Where proxies get their certificates. */
export const sdsPort = 15019

const SECRET = 'type.googleapis.com/envoy.extensions.transport_sockets.tls.v3.Secret'
/** Fields of envoy.service.discovery.v3.DiscoveryRequest: node, resource_names, response_nonce, error_detail. */
const [NODE, NAMES, NONCE, ERROR] = [2, 3, 5, 6] as const

/** What the node metadata of a request says, of its texts. */
function metadataOf(node: Message): Readonly<Record<string, string>> {
  const entries = valuesOf(node, 3).flatMap(struct => valuesOf(struct, 1))
  return Object.fromEntries(entries.map(entry => [textOf(entry, 1), textOf(valuesOf(entry, 2)[0], 3)]))
}

/** A DataSource with its bytes inline. */
const inline = (pem: string): Message => message([2, pem])

async function secretOf(pki: Pki, name: string, identity: string): Promise<Message> {
  if (name === 'ROOTCA') return message([1, name], [4, message([1, inline(await pki.authority())])])
  const { cert, key } = await pki.identity(identity)
  return message([1, name], [2, message([1, inline(cert)], [2, inline(key)])])
}

/** A gRPC message: not compressed, its length, itself. */
function framed(body: Message): Buffer {
  const head = Buffer.alloc(5)
  head.writeUInt32BE(body.length, 1)
  return Buffer.concat([head, body])
}

export class SecretDiscovery {
  readonly #pki: Pki
  readonly #server = http2.createServer()
  readonly #sessions = new Set<http2.ServerHttp2Session>()
  /** What proxies said was wrong with their certificates. */
  readonly rejected: string[] = []

  constructor(pki: Pki) {
    this.#pki = pki
    this.#server.on('session', session => {
      this.#sessions.add(session)
      session.once('close', () => this.#sessions.delete(session))
    })
    this.#server.on('stream', stream => this.#serve(stream))
  }

  async start(): Promise<void> {
    await new Promise<void>(resolve => this.#server.listen(sdsPort, '127.0.0.1', resolve))
  }

  stop(): void {
    for (const session of this.#sessions) session.destroy()
    this.#server.close()
  }

  #serve(stream: http2.ServerHttp2Stream): void {
    stream.respond({ ':status': 200, 'content-type': 'application/grpc' })
    let identity = ''
    let buffer = Buffer.alloc(0)
    stream.on('data', (chunk: Buffer) => {
      buffer = Buffer.concat([buffer, chunk])
      while (buffer.length > 4 && buffer.length >= 5 + buffer.readUInt32BE(1)) {
        const request = buffer.subarray(5, 5 + buffer.readUInt32BE(1))
        buffer = buffer.subarray(5 + request.length)
        // Said in the first request of a stream.
        const [node] = valuesOf(request, NODE)
        if (node !== undefined) {
          const { NAMESPACE, SERVICE_ACCOUNT } = metadataOf(node)
          identity = `spiffe://cluster.local/ns/${NAMESPACE}/sa/${SERVICE_ACCOUNT}`
        }
        for (const error of valuesOf(request, ERROR)) this.rejected.push(`${identity}: ${textOf(error, 2)}`)
        // With a nonce it is the answer to what was sent.
        if (textOf(request, NONCE) === '') void this.#answer(stream, valuesOf(request, NAMES).map(String), identity)
      }
    })
    stream.on('end', () => stream.end())
    stream.on('error', () => {})
  }

  async #answer(stream: http2.ServerHttp2Stream, names: readonly string[], identity: string): Promise<void> {
    const secrets = await Promise.all(names.map(name => secretOf(this.#pki, name, identity)))
    const resources = secrets.map(secret => [2, message([1, SECRET], [2, secret])] as const)
    if (!stream.destroyed) stream.write(framed(message([1, '1'], ...resources, [4, SECRET], [5, '1'])))
  }
}
