/** Real servers on loopback for the tests of the HTTP client, and what they were asked. */
import { createServer, type IncomingMessage, type RequestListener, type Server, type ServerResponse } from 'node:http'
import { createServer as createTlsServer } from 'node:https'
import {
  type AddressInfo,
  connect,
  createServer as createTcpServer,
  type Server as TcpServer,
  type Socket,
} from 'node:net'

export interface Asked {
  readonly method: string
  readonly path: string
  readonly headers: IncomingMessage['headers']
  readonly body: string
}

export interface Served {
  /** `http://127.0.0.1:<port>` */
  readonly url: string
  readonly port: number
  readonly asked: Asked[]
  /** Connections that are open now. */
  connections(): number
  /** Connections that were ever made. */
  accepted(): number
  close(): Promise<void>
}

type Listening = Server | TcpServer

async function listening(server: Listening, scheme: string, asked: Asked[], host = '127.0.0.1'): Promise<Served> {
  const sockets = new Set<Socket>()
  let accepted = 0
  server.on('connection', (socket: Socket) => {
    accepted += 1
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
    socket.on('error', () => {})
  })
  await new Promise<void>(resolve => {
    server.listen(0, host, resolve)
  })
  const { port } = server.address() as AddressInfo
  return {
    url: `${scheme}://${host}:${port}`,
    port,
    asked,
    connections: () => sockets.size,
    accepted: () => accepted,
    close: () =>
      new Promise(resolve => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}

export type Answering = (response: ServerResponse, asked: Asked) => void

function recording(answer: Answering, asked: Asked[]): RequestListener {
  return (request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      const { method = '', url = '', headers } = request
      const one = { method, path: url, headers, body }
      asked.push(one)
      answer(response, one)
    })
  }
}

export async function plain(answer: Answering): Promise<Served> {
  const asked: Asked[] = []
  return listening(createServer(recording(answer, asked)), 'http', asked)
}

export async function secure(identity: { key: string; cert: string }, answer: Answering): Promise<Served> {
  const asked: Asked[] = []
  return listening(createTlsServer(identity, recording(answer, asked)), 'https', asked)
}

/** Accepts connections and never says a word. */
export async function silent(scheme: 'http' | 'https'): Promise<Served> {
  return listening(
    createTcpServer(socket => socket.resume()),
    scheme,
    [],
  )
}

/** An HTTP proxy: forwards plain requests, and connects for HTTPS. */
export async function proxy(accepts: (headers: IncomingMessage['headers']) => boolean = () => true): Promise<Served> {
  const asked: Asked[] = []
  const server = createServer((request, response) => {
    const { method = '', url = '', headers } = request
    asked.push({ method, path: url, headers, body: '' })
    if (!accepts(headers)) response.writeHead(407).end()
    else response.end('from the proxy')
  })
  server.on('connect', (request: IncomingMessage, client: Socket) => {
    const { method = '', url = '', headers } = request
    asked.push({ method, path: url, headers, body: '' })
    if (!accepts(headers)) {
      client.end('HTTP/1.1 407 Proxy Authentication Required\r\ncontent-length: 0\r\n\r\n')
      return
    }
    const target = new URL(`http://${url}`)
    const upstream = connect(Number(target.port), target.hostname, () => {
      client.write('HTTP/1.1 200 Connection Established\r\n\r\n')
      upstream.pipe(client).pipe(upstream)
    })
    upstream.on('error', () => client.end('HTTP/1.1 502 Bad Gateway\r\ncontent-length: 0\r\n\r\n'))
    client.on('error', () => upstream.destroy())
    client.on('close', () => upstream.destroy())
  })
  return listening(server, 'http', asked)
}
