/** The controller's port: `/healthz`, `/readyz`, `/info` and `/metrics`. Nothing here writes, and nothing here waits for the cluster. */
import { createServer, type Server } from 'node:http'
import { type About, aboutJson, aboutLines } from './about.ts'

/** What is wrong, a sentence each; empty when all is well. */
export type Complaints = () => readonly string[]

export interface ServerOptions {
  readonly bind: string
  readonly port: number
  /** Would a restart help? The API server being away is no reason. */
  readonly health: Complaints
  /** Can this process do its work, or take it over? */
  readonly readiness: Complaints
  /** For `/readyz?verbose` and `/info`. */
  readonly about: () => About
  readonly metrics: () => Promise<{ contentType: string; body: string }>
}

/** Starts to listen; rejects with a sentence when the port cannot be had. */
export async function serve(options: ServerOptions): Promise<Server> {
  const server = createServer((request, response) => {
    const [path, query = ''] = (request.url ?? '/').split('?', 2)
    const send = (status: number, body: string, contentType = 'text/plain; charset=utf-8'): void => {
      response.writeHead(status, { 'content-type': contentType })
      response.end(request.method === 'HEAD' ? undefined : body)
    }
    const tell = (complaints: readonly string[], more: readonly string[] = []): void => {
      const lines = [...(complaints.length === 0 ? ['ok'] : complaints), ...more]
      send(complaints.length === 0 ? 200 : 503, `${lines.join('\n')}\n`)
    }
    if (request.method !== 'GET' && request.method !== 'HEAD') return send(405, 'only GET\n')
    if (path === '/healthz') return tell(options.health())
    if (path === '/readyz') {
      const isVerbose = new URLSearchParams(query).has('verbose')
      return tell(options.readiness(), isVerbose ? aboutLines(options.about()) : [])
    }
    if (path === '/info') return send(200, aboutJson(options.about()), 'application/json')
    if (path !== '/metrics') return send(404, 'there are /healthz, /readyz, /info and /metrics\n')
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
