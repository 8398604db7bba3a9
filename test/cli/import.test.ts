/** `sluice import flagger` as a command: what goes where, and how it ends. */
import { mkdtemp, rm, writeFile } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { Command, CommanderError } from 'commander'
import { importCommand } from '../../src/cli/import.ts'
import { StartupError } from '../../src/cli/startup-error.ts'

const canary = (spec: string): string => `apiVersion: flagger.app/v1beta1
kind: Canary
metadata: {name: web, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  service: {port: 80}
  analysis: {interval: 1m, threshold: 5, stepWeight: 10}
${spec}`

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly said: string
}

async function called(args: readonly string[], stdin = ''): Promise<Ended> {
  const heard = { out: '', said: '' }
  let code: number | null = null
  const program = new Command().exitOverride().configureOutput({ writeErr: () => {}, writeOut: () => {} })
  const streams = {
    stdin: Readable.from([stdin]),
    stdout: async (text: string) => void (heard.out += text),
    stderr: async (text: string) => void (heard.said += text),
  }
  importCommand(program, streams, given => (code = given))
  await program.parseAsync(['import', 'flagger', ...args], { from: 'user' })
  return { code, ...heard }
}

suite('sluice import flagger', () => {
  test('writes the manifests and what they mean apart, and ends with 0 where all can be applied', async () => {
    const { code, out, said } = await called(['-f', '-'], canary('  suspend: true\n'))
    expect(out).to.equal(canary('  suspend: true\n').replace('flagger.app', 'sluice.dev'))
    expect(said.split('\n')).to.deep.equal([
      'Canary shop/web',
      '  means something else: spec.suspend: is the same as paused: nothing starts and no weight rises, but rollbacks and repairs go on, which Flagger stops too',
      '1 object rewritten, nothing refused',
      '',
    ])
    expect(code).to.equal(0)
  })

  test('ends with 1 where something is refused, and writes the result all the same', async () => {
    const { code, out, said } = await called(['--file', '-'], canary('  upstreamRef: {name: web}\n'))
    expect(out).to.include('sluice.dev/v1beta1')
    expect(said).to.include('  refused: spec.upstreamRef: ')
    expect(said).to.match(/1 object rewritten; 1 finding needs a change before they can be applied\n$/)
    expect(code).to.equal(1)
  })

  test('reads a file, and names one that it cannot read', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'import-'))
    const file = join(folder, 'canary.yaml')
    await writeFile(file, canary(''))
    expect(await called(['-f', file])).to.include({ code: 0, said: '1 object rewritten, nothing refused\n' })
    await rm(folder, { recursive: true })
    const error = await called(['-f', file]).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(StartupError)
    expect((error as Error).message).to.equal(`${file} cannot be read: ENOENT`)
  })

  test('wants a file', async () => {
    const error = await called([]).catch((thrown: unknown) => thrown)
    expect(error).to.be.instanceOf(CommanderError)
  })
})
