/**
 * The application inside a test's pods. Its version is the tag of its image; what that version does wrong stands in
 * `$APPS/<namespace>/<tag>.json`, which a test may rewrite while the pod runs.
 */
import { readFileSync } from 'node:fs'
import http from 'node:http'
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

const server = http.createServer((request, response) => {
  const answer = (status: number): void => {
    response.writeHead(status, { 'x-version': version, 'x-pod': POD_NAME })
    response.end(`${version}\n`)
  }
  // A probe sees a healthy process: what a version does wrong is for its callers to find out.
  if (request.headers['user-agent']?.startsWith('kube-probe') === true) return answer(200)
  const wanted = Number(new URL(request.url ?? '/', 'http://app').searchParams.get('delay') ?? 0)
  const fails = Math.random() < (behaviour.errorRate ?? 0)
  setTimeout(() => answer(fails ? 500 : 200), wanted + (behaviour.delayMs ?? 0))
})
server.keepAliveTimeout = 600_000 // the proxy decides when a connection ends, or its next request would be lost
if (behaviour.neverReady !== true) setTimeout(() => server.listen(18080, POD_IP), behaviour.readyAfterMs ?? 0)

/** What is in flight is answered, what is idle is closed. */
process.on('SIGTERM', () => {
  server.close(() => process.exit(0))
  server.closeIdleConnections()
})
