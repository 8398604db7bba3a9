/**
 * What a test needs of ztunnel, beside a pod in ambient: HBONE (CONNECT over HTTP/2 and mutual TLS), out of it and into it. It knows
 * no policies, and no waypoints but the one that it is told.
 *
 * - `LISTEN` and `TO`: each connection to the first becomes a tunnel of `WAYPOINT` to the second.
 * - `SERVE=1`: takes tunnels on port 15008 of the pod, and connects them to the address that they name.
 * - `PKI`: folder of the mesh's authority; the identity is that of the pod.
 */
import { execFileSync } from 'node:child_process'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import http2 from 'node:http2'
import net from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Duplex } from 'node:stream'

const { LISTEN, TO, WAYPOINT, SERVE, PKI = '', POD_IP, POD_NAMESPACE, POD_SERVICE_ACCOUNT } = process.env

const dir = mkdtempSync(join(tmpdir(), 'ztunnel-'))
const openssl = (...args: readonly string[]): void => void execFileSync('openssl', args, { cwd: dir, stdio: 'ignore' })
const uri = `spiffe://cluster.local/ns/${POD_NAMESPACE}/sa/${POD_SERVICE_ACCOUNT}`
writeFileSync(join(dir, 'names'), `subjectAltName=critical,URI:${uri}\n`)
const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes', '-subj', '/', '-keyout', 'key']
openssl('req', '-new', ...newKey, '-out', 'csr')
const authority = ['-CA', join(PKI, 'ca.crt'), '-CAkey', join(PKI, 'ca.key'), '-set_serial', String(Date.now())]
openssl('x509', '-req', '-in', 'csr', ...authority, '-days', '1', '-extfile', 'names', '-out', 'crt')
const [key, cert] = ['key', 'crt'].map(file => readFileSync(join(dir, file), 'utf8'))
rmSync(dir, { recursive: true })
const tls = { key, cert, ca: readFileSync(join(PKI, 'ca.crt'), 'utf8'), minVersion: 'TLSv1.3' } as const

function joined(one: Duplex, other: Duplex): void {
  const end = (): void => {
    one.destroy()
    other.destroy()
  }
  for (const side of [one, other]) side.on('error', end).on('close', end)
  one.pipe(other).pipe(one)
}

let session: http2.ClientHttp2Session | undefined
function toWaypoint(): http2.ClientHttp2Session {
  if (session !== undefined && !session.closed && !session.destroyed) return session
  // Its certificate names an identity and no host.
  session = http2.connect(`https://${WAYPOINT}`, { ...tls, checkServerIdentity: () => undefined })
  session.on('error', error => console.log(error.message))
  return session
}

if (LISTEN !== undefined && TO !== undefined) {
  const [host, port] = LISTEN.split(':')
  const server = net.createServer(socket => {
    const stream = toWaypoint().request({ ':method': 'CONNECT', ':authority': TO }, { endStream: false })
    joined(socket, stream)
  })
  server.listen(Number(port), host)
}

if (SERVE === '1') {
  const server = http2.createSecureServer({ ...tls, requestCert: true, rejectUnauthorized: true })
  server.on('stream', (stream, headers) => {
    const [host, port] = (headers[':authority'] ?? '').split(':')
    const socket = net.connect(Number(port), host ?? '', () => stream.respond({ ':status': 200 }))
    joined(socket, stream)
  })
  server.listen(15008, POD_IP)
}
