/** The demo as a program: what it says when it cannot go on, and that it leaves nothing behind. */
import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs'
import { type AddressInfo, createServer } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import type { Readable } from 'node:stream'
import { fileURLToPath } from 'node:url'
import { expect } from 'chai'
import { inWords } from '../../demo/trouble.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))

function stdoutOf(child: ChildProcess): Readable {
  if (child.stdout === null) throw new Error('its output is not piped')
  return child.stdout
}

suite('the demo', () => {
  /** The bundles, without node_modules and without the sources. */
  let installed: string
  let folder: string
  let demo: ChildProcess
  let said: string

  suiteSetup(() => {
    installed = mkdtempSync(join(tmpdir(), 'sluice-installed-'))
    execFileSync(process.execPath, ['--import', 'tsx', join(root, 'scripts', 'build.ts'), installed], { cwd: root })
  })

  suiteTeardown(() => {
    rmSync(installed, { recursive: true, force: true })
  })

  setup(() => {
    folder = mkdtempSync(join(tmpdir(), 'sluice-'))
  })

  teardown(() => {
    demo.kill('SIGKILL')
    rmSync(folder, { recursive: true, force: true })
  })

  function run(...flags: string[]): void {
    const env = { ...process.env, TMPDIR: folder }
    demo = spawn(process.execPath, [join(installed, 'sluice.js'), 'demo', ...flags], { env, cwd: installed })
    said = ''
    for (const stream of [demo.stdout, demo.stderr]) stream?.on('data', (text: Buffer) => (said += text.toString()))
  }

  async function exitCode(): Promise<number | null> {
    if (demo.exitCode === null) await once(demo, 'close')
    return demo.exitCode
  }

  /** Resolves once the demo has said so; the test's own deadline ends the wait. */
  async function hears(text: string): Promise<void> {
    while (!said.includes(text)) {
      const ended = await Promise.race([once(demo, 'close').then(() => true), once(stdoutOf(demo), 'data')])
      if (ended === true) throw new Error(`The demo ended without saying "${text}": ${said}`)
    }
  }

  /** The processes of the controller of a demo. */
  const controllersOf = (parent: ChildProcess): number[] =>
    spawnSync('pgrep', ['-P', String(parent.pid), '-f', 'sluice.js run'])
      .stdout.toString()
      .split('\n')
      .filter(line => line !== '')
      .map(Number)

  /** The processes of the page of a demo; none where the page is not built. */
  const pagesOf = (parent: ChildProcess): number[] =>
    spawnSync('pgrep', ['-P', String(parent.pid), '-f', 'sluice.js dashboard'])
      .stdout.toString()
      .split('\n')
      .filter(line => line !== '')
      .map(Number)

  const isAlive = (pid: number): boolean => {
    try {
      return process.kill(pid, 0)
    } catch {
      return false
    }
  }

  /** Folders that demos have made and left. */
  const left = (): string[] => readdirSync(folder).filter(name => name.startsWith('sluice-demo-'))

  test('a wrong flag ends it with 2, a sentence, and how it is called', async () => {
    run('--port', 'http')
    expect(await exitCode()).to.equal(2)
    expect(said).to.match(/^--port http: write a whole number/)
    expect(said).to.contain('sluice demo [--scenario <name>]')
  })

  test('where only the controller is installed, it ends with 1 and what to do', async () => {
    const alone = mkdtempSync(join(folder, 'alone-'))
    copyFileSync(join(installed, 'sluice.js'), join(alone, 'sluice.js'))
    demo = spawn(process.execPath, [join(alone, 'sluice.js'), 'demo', '--keep'], { cwd: alone })
    said = ''
    demo.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    expect(await exitCode()).to.equal(1)
    expect(said).to.equal(
      `sluice-demo.js is not in ${alone}: this installation has the controller only. In a checkout of Sluice, run: npm ci && npm run demo\n`,
    )
  })

  test('beside it the program plays `sluice simulate`, and prints what `sluice install` does', async () => {
    const canary = {
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'Canary',
      metadata: { name: 'web' },
      spec: {
        targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
        service: { port: 80 },
        analysis: { interval: '10s', threshold: 1 },
      },
    }
    demo = spawn(process.execPath, [join(installed, 'sluice.js'), 'simulate', '-', '--scenario', 'errors'])
    demo.stdin?.end(JSON.stringify(canary))
    said = ''
    demo.stderr?.on('data', (text: Buffer) => (said += text.toString()))
    expect(await exitCode()).to.equal(3)
    expect(said).to.match(/^Rolled back \w+ \(web:candidate\) at weight 10: .*\n$/)
    demo = spawn(process.execPath, [join(installed, 'sluice.js'), 'install', '--without-crds', '--image', 'a:1'])
    said = ''
    demo.stdout?.on('data', (text: Buffer) => (said += text.toString()))
    expect(await exitCode()).to.equal(0)
    expect(said).to.contain('kind: Deployment').and.to.contain('image: a:1')
  })

  test('a port that is taken ends it with 1 and a sentence', async () => {
    const other = createServer().listen(0, '127.0.0.1')
    await once(other, 'listening')
    const { port } = other.address() as AddressInfo
    run('--port', String(port))
    expect(await exitCode()).to.equal(1)
    expect(said.trim()).to.equal(
      `The port 127.0.0.1:${port} is taken. Stop what listens there, or choose another with --port.`,
    )
    expect(left()).to.deep.equal([])
    other.close()
  })

  test('Ctrl-C ends the controller and the page too, and leaves no file', async () => {
    run('--keep')
    await hears('Creating Deployment web-primary')
    const controllers = controllersOf(demo)
    expect(controllers).to.have.lengthOf(1)
    const pages = pagesOf(demo)
    if (existsSync(join(installed, 'dashboard'))) {
      expect(pages).to.have.lengthOf(1)
      const link = /In a browser: (http:\S+)/.exec(said)?.[1] ?? ''
      expect((await fetch(link)).status).to.equal(200)
    }
    demo.kill('SIGINT')
    expect(await exitCode()).to.equal(130)
    expect([...controllers, ...pages].filter(isAlive)).to.deep.equal([])
    expect(left()).to.deep.equal([])
  })

  test('a controller that dies ends it with 1 and a sentence', async () => {
    run()
    await hears('Creating Deployment web-primary')
    for (const pid of controllersOf(demo)) process.kill(pid, 'SIGKILL')
    expect(await exitCode()).to.equal(1)
    expect(said).to.contain('The controller has ended (killed by SIGKILL); the last line of its log is: {')
    expect(left()).to.deep.equal([])
  })

  test('a full disk is said in a sentence, and what nobody foresaw with its stack', () => {
    const full = Object.assign(new Error('ENOSPC: no space left on device, write'), { code: 'ENOSPC' })
    expect(inWords(full)).to.match(/^The disk is full, .*Make room, or set TMPDIR/)
    expect(inWords(new Error('The controller has ended.'))).to.equal('The controller has ended.')
    expect(inWords(new TypeError('x is not a function'))).to.contain('at ')
    demo = spawn(process.execPath, ['--version'])
  })
})
