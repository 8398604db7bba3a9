/** `sluice dashboard` as it is called: its flags, its first words, and that it ends in order. */
import { expect } from 'chai'
import { Command, CommanderError } from 'commander'
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { systemClock } from '../../src/adapters/clock.ts'
import { dashboardCommand, type DashboardFlags } from '../../src/cli/dashboard.ts'
import { serveDashboard } from '../../src/dashboard.ts'
import { listen, type Listening } from '../../playground/http/listen.ts'
import { writeKubeconfig } from '../../playground/kubeconfig.ts'
import { installed } from '../../playground/test/installed.ts'

/** The flags of a command line, or what is wrong with it. */
async function flagsOf(...args: string[]): Promise<DashboardFlags | string> {
  let flags: DashboardFlags | undefined
  let said = ''
  const program = new Command().exitOverride().configureOutput({ writeErr: text => (said += text) })
  dashboardCommand(program, async given => {
    flags = given
  })
    .exitOverride()
    .configureOutput({ writeErr: text => (said += text) })
  await program.parseAsync(['dashboard', ...args], { from: 'user' }).catch((error: unknown) => {
    // What is wrong with a flag is in `said`; any other error is the test's.
    if (!(error instanceof CommanderError)) throw error
  })
  return flags ?? said
}

suite('sluice dashboard', () => {
  const wrong: Readonly<Record<string, string>> = {
    '--bind 0.0.0.0': 'go with --in-cluster',
    '--insecure-http': 'go with --in-cluster',
    '--in-cluster --kubeconfig /k': 'do not go with --in-cluster',
    '--in-cluster --tls-cert-file /c': 'go together',
    '--allowed-host https://sluice.example.com': 'is no host',
    '--metrics-service prometheus': 'Write a Service and its port',
    '--metrics-server prometheus:9090': 'Write a URL',
    '--metrics-server-header secret': 'not shown, it may be secret',
    '--port 70000': 'Write a port',
  }
  for (const [line, sentence] of Object.entries(wrong)) {
    test(`is told what is wrong with ${line}`, async () => {
      const said = await flagsOf(...line.split(' '))
      expect(said).to.be.a('string')
      expect(said).to.include(sentence)
    })
  }

  suite('on this machine', () => {
    let folder: string
    let api: Listening

    setup(async () => {
      folder = mkdtempSync(join(tmpdir(), 'sluice-page-'))
      mkdirSync(join(folder, 'dashboard', 'assets'), { recursive: true })
      writeFileSync(join(folder, 'dashboard', 'index.html'), '<!doctype html><title>Sluice</title>')
      const { server } = installed(systemClock)
      api = await listen(server, { port: 0, token: 'secret' })
      writeKubeconfig(join(folder, 'kubeconfig'), api.url)
    })
    teardown(async () => {
      await api.close()
      rmSync(folder, { recursive: true, force: true })
    })

    async function started(
      ...args: string[]
    ): Promise<{ said: string[]; ended: Promise<void>; stop: AbortController }> {
      const flags = await flagsOf('--kubeconfig', join(folder, 'kubeconfig'), '--log-level', 'error', ...args)
      if (typeof flags === 'string') throw new Error(flags)
      const said: string[] = []
      const stop = new AbortController()
      let heard = (): void => {}
      const first = new Promise<void>(resolve => {
        heard = resolve
      })
      const say = (line: string): void => {
        said.push(line)
        heard()
      }
      const ended = serveDashboard(flags, { version: '1', stop: stop.signal, folder, environment: {}, say })
      await Promise.race([first, ended])
      return { said, ended, stop }
    }

    test('prints a link that opens one session, then the next one, and ends in order', async () => {
      const { said, ended, stop } = await started()
      const link = new URL(/http:\S+/.exec(said[0] ?? '')?.[0] ?? '')
      const json = { 'content-type': 'application/json' }
      const body = JSON.stringify({ link: link.hash.replace('#link=', '') })
      const session = await fetch(`${link.origin}/api/session`, { method: 'POST', headers: json, body })
      const { token } = (await session.json()) as { token: string }
      const whoami = await fetch(`${link.origin}/api/whoami`, { headers: { authorization: `Bearer ${token}` } })
      expect(await whoami.json()).to.deep.include({ user: 'sluice-demo', namespaces: { kind: 'all' } })
      expect(said.at(-1)).to.match(/^For another tab, or after a reload: http:\S+#link=/)
      expect(await (await fetch(link.origin)).text()).to.include('Sluice')
      expect(said.join('\n')).to.not.include(token)
      stop.abort()
      await ended
      const after = await fetch(link.origin).catch(() => 'nothing listens')
      expect(after).to.equal('nothing listens')
    })

    const failures: Readonly<Record<string, readonly [readonly string[], RegExp]>> = {
      'no kubeconfig': [['--kubeconfig', '/nowhere/config'], /^Cannot read the kubeconfig \/nowhere\/config/],
      'no context of that name': [['--context', 'prod'], /has no context "prod". It has: sluice-demo/],
      'no certificate authority': [
        ['--in-cluster', '--kube-api-server', 'https://127.0.0.1:1'],
        /kube-root-ca\/ca.crt cannot be read: ENOENT/,
      ],
      'no pod': [['--in-cluster'], /^This is no pod of a cluster/],
    }
    for (const [what, [args, sentence]] of Object.entries(failures)) {
      test(`says so where there is ${what}`, async () => {
        const flags = await flagsOf(
          ...(args.includes('--in-cluster') ? [] : ['--kubeconfig', join(folder, 'kubeconfig')]),
          ...args,
        )
        if (typeof flags === 'string') throw new Error(flags)
        const options = { version: '1', stop: AbortSignal.abort(), folder, environment: {}, say: () => {} }
        const said = await serveDashboard(flags, options).then(
          () => 'it serves',
          (error: unknown) => (error instanceof Error ? error.message : String(error)),
        )
        expect(said).to.match(sentence)
      })
    }

    test('says what to run where the page was not built', async () => {
      rmSync(join(folder, 'dashboard'), { recursive: true })
      const said = await started().then(
        () => 'it serves',
        (error: unknown) => (error instanceof Error ? error.message : String(error)),
      )
      expect(said).to.include('run: npm ci && npm run build')
    })
  })
})
