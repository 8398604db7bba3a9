import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { assert } from 'chai'
import { loadCredentials } from '../../../src/adapters/kubernetes/credentials.ts'
import { VirtualClock } from '../../../playground/clock.ts'
import { until } from '../../runtime/scripted-server.ts'

suite('credentials', () => {
  let folder: string
  const clock = new VirtualClock()

  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  })
  teardown(() => rmSync(folder, { recursive: true }))

  function kubeconfig(user: string, cluster = 'server: "https://10.0.0.1:6443/prefix/"'): string {
    const path = join(folder, 'config')
    writeFileSync(
      path,
      `apiVersion: v1
kind: Config
clusters: [{name: c, cluster: {${cluster}}}]
users: [{name: u, user: {${user}}}]
contexts: [{name: one, context: {cluster: c, user: u, namespace: shop}}, {name: two, context: {cluster: c, user: u}}]
current-context: one
`,
    )
    return path
  }

  test('come from a kubeconfig: server, namespace, token', async () => {
    const loaded = loadCredentials({ kubeconfig: kubeconfig('token: abc') }, clock)
    const { headers, proxy } = await loaded.current()
    assert.deepEqual(
      { server: loaded.server, namespace: loaded.namespace, headers, proxy },
      {
        server: 'https://10.0.0.1:6443/prefix',
        namespace: 'shop',
        headers: { authorization: 'Bearer abc' },
        proxy: '',
      },
    )
    assert.equal(loadCredentials({ kubeconfig: kubeconfig('token: abc'), context: 'two' }, clock).namespace, '')
  })

  test('of a token file lose the newline, and are read again after a 401', async () => {
    const token = join(folder, 'token')
    writeFileSync(token, 'first\n')
    const user = `auth-provider: {name: tokenFile, config: {tokenFile: ${JSON.stringify(token)}}}`
    const loaded = loadCredentials({ kubeconfig: kubeconfig(user) }, clock)
    assert.equal((await loaded.current()).headers['authorization'], 'Bearer first')
    writeFileSync(token, 'second\n')
    assert.equal((await loaded.current()).headers['authorization'], 'Bearer first')
    assert.equal((await loaded.refresh()).headers['authorization'], 'Bearer second')
    assert.equal((await loaded.current()).headers['authorization'], 'Bearer second')
  })

  test('carry certificates as they are in the files now', async () => {
    for (const name of ['ca', 'cert', 'key']) writeFileSync(join(folder, name), `${name} 1`)
    const path = kubeconfig(
      'client-certificate: cert, client-key: key',
      'server: "https://h:1", certificate-authority: ca',
    )
    const loaded = loadCredentials({ kubeconfig: path }, clock)
    const texts = async (): Promise<string[]> =>
      Object.values((await loaded.current()).tls).map(value =>
        Buffer.isBuffer(value) ? value.toString() : 'not bytes',
      )
    assert.deepEqual(await texts(), ['ca 1', 'cert 1', 'key 1'])
    writeFileSync(join(folder, 'cert'), 'cert 2')
    await clock.advance(10_000)
    assert.deepEqual(await texts(), ['ca 1', 'cert 2', 'key 1'])
  })

  test('of a plugin that hangs are given up after ten seconds, and it is started once', async () => {
    const started = join(folder, 'started')
    const script = `require('node:fs').appendFileSync(${JSON.stringify(started)}, process.pid + ' '); setInterval(() => {}, 1000)`
    const exec = { apiVersion: 'client.authentication.k8s.io/v1', command: process.execPath, args: ['-e', script] }
    const credentials = loadCredentials({ kubeconfig: kubeconfig(`exec: ${JSON.stringify(exec)}`) }, clock)
    const asked = [credentials.current(), credentials.current()].map(one =>
      one.then(
        () => 'an answer',
        (error: unknown) => (error as Error).message,
      ),
    )
    await until(() => existsSync(started) && readFileSync(started, 'utf8').endsWith(' '))
    await clock.advance(10_000)
    const sentence =
      'The credential plugin of the kubeconfig (users[].user.exec) has not answered for 10 s. Run it by hand to see what it waits for.'
    assert.deepEqual(await Promise.all(asked), [sentence, sentence])
    const pids = readFileSync(started, 'utf8').trim().split(' ')
    for (const pid of pids) process.kill(Number(pid))
    assert.lengthOf(pids, 1)
  })

  test('work for a server without TLS', async () => {
    const loaded = loadCredentials({ kubeconfig: kubeconfig('token: abc', 'server: "http://127.0.0.1:8001"') }, clock)
    assert.equal((await loaded.current()).headers['authorization'], 'Bearer abc')
  })

  const refused: Record<string, [() => string | undefined, string | undefined, string]> = {
    'a file that is not there': [() => join(folder, 'none'), undefined, 'Cannot read the kubeconfig'],
    'a context that is not in it': [() => kubeconfig('token: x'), 'three', 'has no context "three". It has: one, two.'],
    'a server that is no URL': [() => kubeconfig('token: x', 'server: nowhere'), undefined, 'which is not a URL'],
    'a SOCKS proxy': [
      () => kubeconfig('token: x', 'server: "https://h:1", proxy-url: "socks5://p:1"'),
      undefined,
      'names the SOCKS proxy socks5://p:1, which Sluice does not speak. Use an HTTP proxy.',
    ],
    'a file that is no kubeconfig': [
      () => {
        writeFileSync(join(folder, 'text'), 'hello')
        return join(folder, 'text')
      },
      undefined,
      'has no cluster for its current context "". Name a context with --context.',
    ],
  }
  for (const [what, [path, context, sentence]] of Object.entries(refused)) {
    test(`refuse ${what} with a sentence`, () => {
      const file = path()
      assert.throws(
        () =>
          loadCredentials(
            { ...(file === undefined ? {} : { kubeconfig: file }), ...(context === undefined ? {} : { context }) },
            clock,
          ),
        sentence,
      )
    })
  }

  test('that are nowhere end in a sentence, not in a refused connection', () => {
    const { HOME, KUBECONFIG } = process.env
    process.env['HOME'] = folder
    delete process.env['KUBECONFIG']
    try {
      assert.throws(() => loadCredentials({}, clock), 'No cluster to talk to: there is no --kubeconfig, no KUBECONFIG')
    } finally {
      if (HOME === undefined) delete process.env['HOME']
      else process.env['HOME'] = HOME
      if (KUBECONFIG !== undefined) process.env['KUBECONFIG'] = KUBECONFIG
    }
  })
})
