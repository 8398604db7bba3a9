/** Watches over HTTP/2: a connection on which nothing comes any more is found, and a quiet one is left alone. */
import { assert } from 'chai'
import { readFileSync } from 'node:fs'
import type { ServerResponse } from 'node:http'
import { createSecureServer, type Http2SecureServer, type ServerHttp2Stream } from 'node:http2'
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net'
import { monotonicClock } from '../../../src/adapters/clock.ts'
import type { KubeTransport } from '../../../src/adapters/kubernetes/transport.ts'
import { kinds } from '../../../src/api/object.ts'
import type { WatchEvent } from '../../../src/core/ports.ts'
import { config, event, plainCredentials, serve, transportTo, until } from '../../runtime/scripted-server.ts'

const tls = {
  key: readFileSync(new URL('loopback.key', import.meta.url), 'utf8'),
  cert: readFileSync(new URL('loopback.crt', import.meta.url), 'utf8'),
}

suite('watches over HTTP/2', () => {
  let server: Http2SecureServer
  /** A network in between that can forget its connections, as a NAT does: nothing passes, and nobody is told. */
  let network: Server
  let links: { near: Socket; far: Socket }[]
  let watches: ServerHttp2Stream[]
  let transport: KubeTransport

  setup(async () => {
    links = []
    watches = []
    server = createSecureServer({ ...tls, allowHTTP1: true, settings: { maxConcurrentStreams: 3 } })
    server.on('stream', stream => {
      stream.on('error', () => {})
      stream.respond({ ':status': 200, 'content-type': 'application/json' })
      watches.push(stream)
      if (watches.length > 1) stream.write(`${JSON.stringify(event('ADDED', config('late', 20)))}\n`)
    })
    await new Promise<void>(resolve => {
      server.listen(0, '127.0.0.1', resolve)
    })
    network = createServer(near => {
      const far = connect((server.address() as AddressInfo).port, '127.0.0.1')
      near.pipe(far).pipe(near)
      for (const socket of [near, far]) socket.on('error', () => {})
      links.push({ near, far })
    })
    await new Promise<void>(resolve => {
      network.listen(0, '127.0.0.1', resolve)
    })
    const url = `https://127.0.0.1:${(network.address() as AddressInfo).port}`
    const credentials = plainCredentials(url, { ca: tls.cert })
    transport = transportTo(url, { credentials, idle: 40, probing: { every: 20, answer: 60 } })
  })

  teardown(async () => {
    await transport.close()
    for (const { near, far } of links) {
      near.destroy()
      far.destroy()
    }
    network.close()
    server.close()
  })

  const forget = (): void => {
    for (const { near, far } of links) {
      near.unpipe(far)
      far.unpipe(near)
      for (const socket of [near, far]) socket.resume()
    }
  }

  /** Watches ConfigMaps; says how it ended. */
  function watch(seen: (event: WatchEvent) => void, signal: AbortSignal): Promise<string> {
    const query = { namespace: 'shop', resourceVersion: '1', timeout: 300_000 }
    return transport.watch(kinds.ConfigMap, query, seen, { lane: 'normal', signal }).then(
      () => 'ended in order',
      (error: unknown) => `failed: ${String(error)}`,
    )
  }

  test('a connection that went silent ends its watches within the time of a PING; the next one is new', async () => {
    const stop = new AbortController()
    const ended = watch(() => {}, stop.signal)
    await until(() => watches.length === 1)
    forget()
    assert.match(await ended, /^failed: .*: nothing came over the connection for \d+ s, not even a PING$/)
    const seen: string[] = []
    const again = watch(({ object }) => seen.push(object.metadata.name), stop.signal)
    await until(() => seen.length === 1)
    assert.deepEqual([seen, links.length], [['late'], 2])
    stop.abort()
    assert.equal(await again, 'ended in order')
  })

  test('a quiet watch is left open, and watches share a connection', async () => {
    const stop = new AbortController()
    let over = 0
    const both = [watch(() => {}, stop.signal), watch(() => {}, stop.signal)].map(one => one.then(() => (over += 1)))
    await until(() => watches.length === 2)
    const from = monotonicClock.now()
    await until(() => monotonicClock.now() - from > 400)
    assert.deepEqual([over, watches.length, links.length], [0, 2, 1])
    stop.abort()
    await Promise.all(both)
  })

  test('watches that begin together take no more of a connection than the server allows', async () => {
    const stop = new AbortController()
    const all = Array.from({ length: 8 }, () => watch(() => {}, stop.signal))
    await until(() => watches.length === 8)
    assert.equal(links.length, 3)
    stop.abort()
    assert.deepEqual(new Set(await Promise.all(all)), new Set(['ended in order']))
  })

  test('a watch that is given up while it connects ends at once, and the end of all opens no connection again', async () => {
    let [held, closed] = [false, false]
    network.removeAllListeners('connection')
    network.on('connection', near => {
      held = true
      near
        .on('error', () => {})
        .on('close', () => (closed = true))
        .resume()
    })
    const stop = new AbortController()
    const ended = watch(() => {}, stop.signal)
    const other = watch(() => {}, new AbortController().signal)
    await until(() => held)
    stop.abort()
    assert.equal(await ended, 'ended in order')
    assert.equal(closed, false, 'the connection was not waited for')
    await transport.close()
    assert.match(await other, /^failed: .*: the connections to the API server were closed$/)
    await until(() => closed)
  })

  test('a watch that the server forgot on a connection that answers is given up after its time', async () => {
    server.removeAllListeners('stream')
    server.on('stream', stream => {
      stream.on('error', () => {})
      watches.push(stream)
    })
    const query = { namespace: 'shop', resourceVersion: '1', timeout: 50 }
    const signal = new AbortController().signal
    await transport.watch(kinds.ConfigMap, query, () => {}, { lane: 'normal', signal })
    assert.equal(watches.length, 1)
  })

  test('a server without HTTP/2 is watched over HTTP/1.1', async () => {
    const answer = (response: ServerResponse): void => {
      response.writeHead(200, { 'content-type': 'application/json' })
      response.write(`${JSON.stringify(event('ADDED', config('plain', 20)))}\n`)
    }
    const plain = await serve(answer, tls)
    const api = transportTo(plain.url, { credentials: plainCredentials(plain.url, { ca: tls.cert }) })
    const stop = new AbortController()
    const seen: string[] = []
    const call = { lane: 'normal', signal: stop.signal } as const
    const query = { namespace: 'shop', resourceVersion: '1', timeout: 300_000 }
    const ended = api.watch(kinds.ConfigMap, query, ({ object }) => seen.push(object.metadata.name), call)
    try {
      await until(() => seen.length === 1)
    } finally {
      stop.abort()
      await ended
      await api.close()
      await plain.close()
    }
  })
})
