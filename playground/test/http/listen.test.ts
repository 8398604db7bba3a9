/** The embedded API server on the wire: who gets in, what is written at once, what becomes of clients that do not read. */
import { expect } from 'chai'
import { existsSync, mkdtempSync, readFileSync, rmSync, statSync } from 'node:fs'
import { createServer, type AddressInfo, connect } from 'node:net'
import { once } from 'node:events'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { monotonicClock, systemClock } from '../../../src/adapters/clock.ts'
import { loadCredentials } from '../../../src/adapters/kubernetes/credentials.ts'
import { Admission } from '../../../src/adapters/kubernetes/admission.ts'
import { KubeTransport } from '../../../src/adapters/kubernetes/transport.ts'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import type { WatchEvent } from '../../../src/core/ports.ts'
import { at } from '../../json.ts'
import { startCluster } from '../../cluster.ts'
import { type Ask, asker, CONFIGS, config, httpCluster, MERGE } from './cluster.ts'

suite('the embedded API server over HTTP', () => {
  let it: Awaited<ReturnType<typeof httpCluster>>
  let ask: Ask
  setup(async () => {
    it = await httpCluster()
    ask = it.ask
  })
  teardown(() => it.close())

  suite('who gets in', () => {
    test('without the token nothing is told but health, with it everything, in the path or as a bearer', async () => {
      const { origin, pathname } = new URL(it.cluster.url)
      const stranger = asker(origin)
      const status = { kind: 'Status', apiVersion: 'v1', metadata: {}, status: 'Failure' }
      const { code, body } = await stranger('GET', CONFIGS)
      expect([code, body]).to.deep.equal([
        401,
        { ...status, message: 'Unauthorized', reason: 'Unauthorized', code: 401 },
      ])
      expect((await stranger('GET', '/version')).code).to.equal(401)
      expect((await stranger('GET', '/readyz')).body).to.equal('ok')
      expect(
        (await stranger('GET', CONFIGS, undefined, { authorization: `Bearer ${pathname.slice(1)}` })).code,
      ).to.equal(200)
      expect((await ask('GET', CONFIGS)).code).to.equal(200)
    })

    test('the kubeconfig is for its owner only, and names the context and the namespace', () => {
      const { kubeconfig, url } = it.cluster
      expect(statSync(kubeconfig).mode & 0o777).to.equal(0o600)
      expect(readFileSync(kubeconfig, 'utf8'))
        .to.include(`server: ${url}\n`)
        .and.include('current-context: sluice-demo\n')
        .and.include('namespace: default')
    })

    test('the transport of the controller reads, writes and watches by that kubeconfig', async () => {
      const credentials = loadCredentials({ kubeconfig: it.cluster.kubeconfig }, monotonicClock)
      const admission = new Admission({ qps: 100, burst: 100 }, monotonicClock)
      const options = { credentials, admission, clock: monotonicClock, random: Math.random, userAgent: 'sluice/test' }
      const transport = new KubeTransport(options)
      const call = { lane: 'normal', signal: AbortSignal.timeout(60_000) } as const
      const stop = new AbortController()
      const seen: WatchEvent[] = []
      const query = { namespace: 'default', resourceVersion: '', timeout: 300_000 }
      const arrived = new Promise<void>(resolve => {
        const hear = (event: WatchEvent): void => {
          seen.push(event)
          if (seen.length === 2) resolve()
        }
        void transport.watch(kinds.ConfigMap, query, hear, { ...call, signal: stop.signal })
      })
      const ref = { kind: kinds.ConfigMap, namespace: 'default', name: 'a' }
      const object: KubeObject = { ...config('a', { a: '1' }), metadata: { name: 'a', namespace: 'default' } }
      await transport.write({ verb: 'apply', ref, object }, call)
      await transport.write({ verb: 'merge', ref, patch: { data: { a: '2' } } }, call)
      await arrived
      expect(seen.map(({ type, object: { data } }) => [type, at(data, 'a')])).to.deep.equal([
        ['ADDED', '1'],
        ['MODIFIED', '2'],
      ])
      expect((await transport.get(ref, call))?.metadata.managedFields?.map(({ manager }) => manager)).to.include(
        'sluice',
      )
      stop.abort()
      await transport.close()
    })
  })

  suite('starting and ending', () => {
    test('a taken port is one clear sentence', async () => {
      const other = createServer().listen(0, '127.0.0.1')
      await once(other, 'listening')
      const { port } = other.address() as AddressInfo
      const kubeconfig = join(tmpdir(), 'never-written')
      const refusal = await startCluster({ clock: systemClock, port, kubeconfig }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).to.equal(
        `The port 127.0.0.1:${port} is taken. Stop what listens there, or choose another with --port.`,
      )
      expect(existsSync(kubeconfig)).to.equal(false)
      other.close()
    })

    test('a kubeconfig that cannot be written is one clear sentence, and the port is free again', async () => {
      const dir = mkdtempSync(join(tmpdir(), 'sluice-http-'))
      const kubeconfig = join(dir, 'no', 'folder')
      const refusal = await startCluster({ clock: systemClock, port: 0, kubeconfig }).catch(
        (error: Error) => error.message,
      )
      expect(refusal).to.match(/^Cannot write the kubeconfig .*no\/folder: ENOENT/)
      rmSync(dir, { recursive: true })
    })

    test('after close there is no timer and no socket of it left, whatever runs and whoever watches', async () => {
      const before = process.getActiveResourcesInfo().filter(name => /Timeout|TCP|Immediate/.test(name)).length
      const other = await httpCluster()
      const labels = { app: 'web' }
      await other.ask('POST', '/apis/apps/v1/namespaces/default/deployments', {
        metadata: { name: 'web' },
        spec: {
          selector: { matchLabels: labels },
          template: {
            metadata: { labels },
            spec: { containers: [{ name: 'web', image: 'demo/web:1.0.0-slow-start' }] },
          },
        },
      })
      const watching = fetch(`${other.cluster.url}${CONFIGS}?watch=1`).then(response => response.text())
      await other.ask('GET', '/readyz')
      await other.close()
      expect(await watching.catch((error: Error) => error.name)).to.equal('TypeError')
      await new Promise(resolve => setTimeout(resolve, 20))
      const after = process.getActiveResourcesInfo().filter(name => /Timeout|TCP|Immediate/.test(name)).length
      expect(after).to.be.at.most(before + 1)
    })
  })

  suite('many at once', () => {
    test('of 200 parallel patches of one object none is lost', async () => {
      await ask('POST', CONFIGS, config('shared'))
      const writers = Array.from({ length: 200 }, (_, i) =>
        ask('PATCH', `${CONFIGS}/shared`, { data: { [`k${i}`]: 'v' } }, MERGE),
      )
      expect(new Set((await Promise.all(writers)).map(({ code }) => code))).to.deep.equal(new Set([200]))
      const { body } = await ask('GET', `${CONFIGS}/shared`)
      expect(Object.keys(at(body, 'data') as object)).to.have.lengthOf(200)
    })

    test('of 200 parallel replacements of one version one wins, and all others hear of the conflict', async () => {
      const made = (await ask('POST', CONFIGS, config('shared'))).body as KubeObject
      const writers = Array.from({ length: 200 }, (_, i) =>
        ask('PUT', `${CONFIGS}/shared`, { ...made, data: { winner: String(i) } }),
      )
      const codes = (await Promise.all(writers)).map(({ code }) => code)
      expect(codes.filter(code => code === 200)).to.have.lengthOf(1)
      expect(codes.filter(code => code === 409)).to.have.lengthOf(199)
    })

    test('a client that stops reading its watch is cut off, and costs no more than what may wait for it', async () => {
      const { port, pathname } = new URL(it.cluster.url)
      const socket = connect(Number(port), '127.0.0.1')
      await once(socket, 'connect')
      socket.write(`GET ${pathname}${CONFIGS}?watch=1 HTTP/1.1\r\nHost: x\r\n\r\n`)
      await once(socket, 'data')
      socket.pause()
      const cut = once(socket, 'close')
      await ask('POST', CONFIGS, config('large'))
      for (let i = 0; i < 40; i++) {
        await ask('PATCH', `${CONFIGS}/large`, { data: { text: String(i % 10).repeat(900_000) } }, MERGE)
      }
      socket.resume().on('error', () => {})
      await cut
      expect((await ask('GET', `${CONFIGS}/large`)).code).to.equal(200)
    })
  })

  suite('what cannot be', () => {
    test('an object of three mebibytes is refused, and the connection lives on', async () => {
      const { code, body } = await ask('POST', CONFIGS, config('big', { text: 'x'.repeat(3 * 1024 * 1024) }))
      expect([code, at(body, 'reason')]).to.deep.equal([413, 'RequestEntityTooLarge'])
      expect((await ask('GET', CONFIGS)).code).to.equal(200)
    })

    test('what is not played is not found, in the words for it', async () => {
      expect((await ask('GET', '/apis/batch/v1/jobs')).body).to.equal('404 page not found\n')
      expect(at((await ask('GET', '/apis/apps/v1/daemonsets')).body, 'message')).to.equal(
        'the server could not find the requested resource',
      )
      expect((await ask('POST', '/version', {})).code).to.equal(405)
    })
  })
})
