/** The program as its callers meet it: flags, first sentences, exit codes, and the end by SIGTERM. */
import { expect } from 'chai'
import { spawn, type ChildProcess } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { bundle, root } from '../scripts/bundle.ts'
import {
  type Answer,
  type Asked,
  json,
  type Scripted,
  serve,
  status,
  stream,
  until,
} from './runtime/scripted-server.ts'

interface Program {
  readonly child: ChildProcess
  /** Everything that it wrote so far. */
  said(): string
  readonly exit: Promise<number | null>
}

const canary = {
  metadata: { name: 'web', namespace: 'shop', uid: 'u1', resourceVersion: '5', generation: 1 },
  spec: {
    targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
    service: { port: 80 },
    analysis: { interval: '10s' },
  },
}

/** A cluster with one Canary and its target, on which nothing happens by itself. */
const cluster: Answer = (response, asked) => {
  const { method, path, query } = asked
  if (query['watch'] === 'true') return stream([])(response, asked)
  if (path.includes('/leases')) {
    if (method === 'GET') return status(404, 'NotFound', 'no Lease')(response, asked)
    const lease = JSON.parse(asked.body) as { metadata: Record<string, unknown> }
    return json(201, { ...lease, metadata: { ...lease.metadata, resourceVersion: '11' } })(response, asked)
  }
  if (method !== 'GET') return undefined // hangs
  const items = path.endsWith('/canaries') ? [canary] : []
  return json(200, { metadata: { resourceVersion: '10' }, items })(response, asked)
}
const nothing: Answer = () => {}
/** Milliseconds: what should take 5 s takes longer beside compilers; without a bound of its own it would never end. */
const FAR_OFF = 15_000

suite('the program', () => {
  /** The program as it ships: it starts in a tenth of the CPU time that its sources take. */
  let installed: string
  let folder: string
  let ending: (() => Promise<unknown>)[] = []

  suiteSetup(async () => {
    installed = mkdtempSync(join(tmpdir(), 'sluice-installed-'))
    await bundle({ entry: 'src/main.ts', file: 'sluice.js' }, installed)
  })

  suiteTeardown(() => {
    rmSync(installed, { recursive: true, force: true })
  })

  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  })

  teardown(async () => {
    for (const end of ending) await end()
    ending = []
    rmSync(folder, { recursive: true })
  })

  function run(...flags: string[]): Program {
    const child = spawn(process.execPath, [join(installed, 'sluice.js'), 'run', ...flags], {
      cwd: root,
      env: { PATH: process.env['PATH'] ?? '', HOME: folder },
      stdio: ['ignore', 'pipe', 'pipe'],
    })
    let said = ''
    for (const out of [child.stdout, child.stderr])
      out.setEncoding('utf8').on('data', (piece: string) => (said += piece))
    const exit = once(child, 'close').then(([code]) => code as number | null)
    ending.push(() => {
      child.kill('SIGKILL')
      return exit
    })
    return { child, said: () => said, exit }
  }

  async function server(answer: Answer): Promise<Scripted> {
    const started = await serve(answer)
    ending.push(() => started.close())
    return started
  }

  /** A run against a server, by a kubeconfig. */
  function runAt(url: string, ...flags: string[]): Program {
    const file = join(folder, `kubeconfig-${new URL(url).port}`)
    const kubeconfig = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'a', cluster: { server: url } }],
      users: [{ name: 'a', user: { token: 'token-1' } }],
      contexts: [{ name: 'a', context: { cluster: 'a', user: 'a' } }],
      'current-context': 'a',
    }
    writeFileSync(file, JSON.stringify(kubeconfig))
    return run('--kubeconfig', file, '--bind', '127.0.0.1', '--port', '0', ...flags)
  }

  test('a wrong call ends it with 2, what cannot be done with 1, each with one sentence', async () => {
    const closed = await serve(nothing)
    await closed.close()
    const wrong = run('--mesh-provider', 'linkerd')
    const unreachable = runAt(closed.url)
    expect([await wrong.exit, wrong.said()]).to.deep.equal([
      2,
      "error: option '--mesh-provider <name>' argument 'linkerd' is invalid. Only the providers istio, gatewayapi:v1, gatewayapi:v1beta1, kubernetes and nginx are supported so far: write one of them.\n(see: sluice run --help)\n",
    ])
    expect([
      await unreachable.exit,
      unreachable.said().replace(/reached: .*\. Check/, 'reached: … Check'),
    ]).to.deep.equal([
      1,
      `The API server at ${closed.url} cannot be reached: … Check --kubeconfig and --context, and whether it runs.\n`,
    ])
  })

  test('figures of canaries go with the Lease', async () => {
    let holder: 'we' | 'usurper' = 'we'
    const leases: Answer = (response, asked) => {
      const lease = { metadata: { name: 'sluice', namespace: 'a', resourceVersion: '90' } }
      if (asked.method === 'PUT') return status(409, 'Conflict', 'somebody else was faster')(response, asked)
      return json(200, { ...lease, spec: { holderIdentity: 'usurper', leaseDurationSeconds: 3600 } })(response, asked)
    }
    const started = await server((response, asked) => {
      if (asked.path.includes('/leases/') && holder === 'usurper') return leases(response, asked)
      if (asked.method !== 'PATCH') return cluster(response, asked)
      const { status: written } = JSON.parse(asked.body) as { status?: unknown }
      return json(200, { ...canary, apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', status: written })(
        response,
        asked,
      )
    })
    const program = runAt(started.url)
    await until(() => program.said().includes('"message":"started"'))
    const port = /"port":(\d+)/.exec(program.said())?.[1]
    const figures = async (): Promise<string[]> => {
      const page = await (await fetch(`http://127.0.0.1:${port}/metrics`)).text()
      return page.split('\n').filter(line => /^sluice_(canary_|leader)/.test(line) && !line.includes('_bucket'))
    }
    await until(() => started.asked.some(({ method }) => method === 'PATCH'))
    await until(() => program.said().includes('"message":"decided"'))
    expect(await figures()).to.include.members([
      'sluice_canary_status{namespace="shop",name="web",phase="Initializing"} 1',
      'sluice_leader 1',
    ])
    holder = 'usurper'
    await until(() => program.said().includes('"message":"stopped leading"'))
    expect(await figures()).to.deep.equal(['sluice_leader 0'])
  })

  test('SIGTERM ends it with 0 within 5 s, though the API server hangs at the first question', async () => {
    const hanging = await server(nothing)
    const program = runAt(hanging.url)
    await until(() => hanging.asked.length > 0)
    const from = performance.now()
    program.child.kill('SIGTERM')
    expect(await program.exit, program.said()).to.equal(0)
    expect(performance.now() - from).to.be.lessThan(FAR_OFF)
  })

  test('SIGTERM ends a leader with 0 within 5 s, though the API server hangs under its writes and the Lease', async () => {
    let answer = cluster
    const started = await server((response, asked: Asked) => answer(response, asked))
    const program = runAt(started.url)
    const hangs = (): boolean =>
      started.asked.some(({ method, path }) => method === 'PATCH' && path.endsWith('/status'))
    await until(() => {
      if (program.child.exitCode !== null) throw new Error(program.said())
      return hangs()
    })
    answer = nothing
    // A renewal hangs as well.
    const renewals = started.asked.length
    await until(() => started.asked.slice(renewals).some(({ method }) => method === 'PUT'))
    const from = performance.now()
    program.child.kill('SIGTERM')
    expect(await program.exit, program.said()).to.equal(0)
    expect(performance.now() - from).to.be.lessThan(FAR_OFF)
    expect(program.said()).to.contain('"message":"stopped"')
  })
})
