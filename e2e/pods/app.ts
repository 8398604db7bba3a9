/**
 * The application inside a test's pods. Its version is the tag of its image; what that version does wrong stands in
 * `$APPS/<namespace>/<tag>.json`, which a test may rewrite while the pod runs.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
import http2 from 'node:http2'
import { join } from 'node:path'
import type { Behaviour } from '../fixtures/behaviour.ts'

const { POD_IP, POD_NAME = '', POD_NAMESPACE = '', CONTAINER_IMAGE = '', APPS = '' } = process.env
const version = CONTAINER_IMAGE.slice(CONTAINER_IMAGE.lastIndexOf(':') + 1)
const file = join(APPS, POD_NAMESPACE, `${version}.json`)

// As podinfo has it: a third of the answers are errors.
const usual: Behaviour = process.env['PODINFO_RANDOM_ERROR'] === 'true' ? { errorRate: 1 / 3 } : {}
let behaviour: Behaviour = usual
function learn(): void {
  try {
    behaviour = JSON.parse(readFileSync(file, 'utf8')) as Behaviour
  } catch {
    behaviour = usual // nothing was said of this version
  }
  if (behaviour.crash === true) process.exit(1)
}
learn()
setInterval(learn, 100)

type Request = http.IncomingMessage | http2.Http2ServerRequest
type Response = http.ServerResponse | http2.Http2ServerResponse

const serve = (port: number) => (request: Request, response: Response) => {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://app')
  const answer = (status: number): void => {
    const headers = { 'x-version': version, 'x-pod': POD_NAME, 'x-port': String(port) }
    const isGrpc = request.headers['content-type'] === 'application/grpc'
    if (isGrpc && response instanceof http2.Http2ServerResponse) {
      response.writeHead(200, { ...headers, 'content-type': 'application/grpc' })
      // OK with an empty message, or INTERNAL.
      if (status === 200) response.write(Buffer.alloc(5))
      response.addTrailers({ 'grpc-status': status === 200 ? '0' : '13' })
      response.end()
      return
    }
    if (response instanceof http.ServerResponse) response.writeHead(status, headers)
    else response.writeHead(status, headers)
    response.end(pathname === '/token' ? '{"token":"e2e"}\n' : `${version}\n`)
  }
  // A probe sees a healthy process: what a version does wrong is for its callers to find out.
  if (request.headers['user-agent']?.startsWith('kube-probe') === true) return answer(200)
  const wanted = Number(searchParams.get('delay') ?? 0)
  const fails = Math.random() < (behaviour.errorRate ?? 0)
  // As podinfo: /status/500 asks for that answer.
  const asked = Number(/^\/status\/(\d{3})$/.exec(pathname)?.[1] ?? 200)
  setTimeout(() => answer(fails ? 500 : asked), wanted + (behaviour.delayMs ?? 0))
}

const server = http.createServer(serve(18080))
server.keepAliveTimeout = 600_000 // the proxy decides when a connection ends, or its next request would be lost

// Other ports, each open before the first: `MORE_PORTS=19091,17001/h2`; those with /h2 speak nothing but HTTP/2.
for (const written of (process.env['MORE_PORTS'] ?? '').split(',').filter(Boolean)) {
  const [port, protocol] = written.split('/')
  const number = Number(port)
  if (protocol === 'h2') http2.createServer(serve(number)).listen(number, POD_IP)
  else Object.assign(http.createServer(serve(number)), { keepAliveTimeout: 600_000 }).listen(number, POD_IP)
}
if (behaviour.neverReady !== true) setTimeout(() => server.listen(18080, POD_IP), behaviour.readyAfterMs ?? 0)

/** What is in flight is answered, what is idle is closed. */
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
