/** The controller's port: `/healthz`, `/readyz` and `/metrics`. Nothing here writes, and nothing here waits for the cluster. */
import { createServer, type Server } from 'node:http'

/** What is wrong, a sentence each; empty when all is well. */
export type Complaints = () => readonly string[]

export interface ServerOptions {
  readonly bind: string
  readonly port: number
  /** Would a restart help? The API server being away is no reason. */
  readonly health: Complaints
  /** Can this process do its work, or take it over? */
  readonly readiness: Complaints
  readonly metrics: () => Promise<{ contentType: string; body: string }>
}

/** Starts to listen; rejects with a sentence when the port cannot be had. */
export async function serve(options: ServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    const path = (request.url ?? '/').split('?', 1)[0]
    const send = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': contentType })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const tell = (complaints: readonly string[]): void =>
      complaints.length === 0 ? send(200, 'ok\n') : send(503, `${complaints.join('\n')}\n`)
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'only GET\n')
    if (path === '/healthz') return tell(options.health())
    if (path === '/readyz') return tell(options.readiness())
    if (path !== '/metrics') return send(404, 'there are /healthz, /readyz and /metrics\n')
    options.metrics().then(
      page => send(200, page.body, page.contentType),
      () => send(500, 'the metrics could not be collected\n'),
    )
  })
  server.requestTimeout = 10_000
  await new Promise<void>((resolve, reject) => {
    server.once('error', error => reject(new Error(sentence(error, options))))
    server.listen(options.port, options.bind, resolve)
  })
  return server
}

function sentence(error: NodeJS.ErrnoException, { bind, port }: ServerOptions): string {
  const where = `${bind}:${port}`
  if (error.code === 'EADDRINUSE')
    return `The port ${where} is taken. Stop what listens there, or choose another with --port.`
  if (error.code === 'EACCES') return `The port ${where} may not be used. Choose one above 1024 with --port.`
  return `Cannot listen on ${where}: ${error.message}. Choose another address with --bind and --port.`
}
