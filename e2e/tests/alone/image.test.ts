/** The image of the Dockerfile, with the user that it names and a root file system that cannot be written, leads and releases. */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join, relative } from 'node:path'
import { Controller } from '../../fixtures/controller.ts'
import { expectNoFailure } from '../../fixtures/expect.ts'
import { Shop } from '../../fixtures/shop.ts'
import { Image, image } from '../../lab/image.ts'
import { type Lab, lab } from '../../lab/lab.ts'
import { run } from '../../lab/program.ts'

const root = new URL('../../..', import.meta.url).pathname

/** Files below a folder, as paths from there. */
const filesIn = (folder: string): string[] =>
  readdirSync(folder, { recursive: true, withFileTypes: true }).flatMap(entry =>
    entry.isFile() ? [relative(folder, join(entry.parentPath, entry.name))] : [],
  )

/** The last of a chain of processes that start one another. */
function innermost(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ')
  return child === undefined || child === '' ? pid : innermost(Number(child))
}

suite('The image', () => {
  if ('missing' in image) {
    test(`is not tried: ${image.missing}`)
    return
  }
  const { folder } = image
  let the: Lab
  let built: Image

  const inContainer = async (script: string): Promise<string> =>
    run([...built.command(['/nodejs/bin/node', '-e', script])], { env: { PATH: process.env['PATH'] ?? '' } })

  suiteSetup(async () => {
    the = await lab()
    built = await Image.open(folder)
  })

  test('has the bundle and the page that are tested here, runs as nonroot, and has no shell', () => {
    const of = (name: string): Buffer => readFileSync(join(built.root, 'app', name))
    for (const name of ['sluice.js', 'sluice-install.yaml'])
      expect(of(name).equals(readFileSync(join(root, 'dist', name))), name).to.equal(true)
    const page = filesIn(join(root, 'dist/dashboard'))
    expect(page).to.have.length.greaterThan(1)
    expect(filesIn(join(built.root, 'app/dashboard'))).to.have.members(page)
    for (const name of page)
      expect(of(`dashboard/${name}`).equals(readFileSync(join(root, 'dist/dashboard', name))), name).to.equal(true)
    expect(built.config).to.deep.include({ User: 'nonroot', Cmd: ['run'] })
    expect(readFileSync(join(built.root, 'etc/passwd'), 'utf8')).to.match(/^nonroot:x:65532:65532:/m)
    expect(readdirSync(built.root)).to.not.include('bin')
  })

  test('cannot write, and is user 65532', async () => {
    await built.mount('kubeconfig', the.pki.kubeconfig('sluice'))
    const said = await inContainer(`
      const codes = ['/app/x', '/tmp/x', '/x'].map(file => { try { require('fs').writeFileSync(file, ''); return 'written' } catch (error) { return error.code } })
      console.log(JSON.stringify([process.getuid(), process.env.NODE_ENV, codes]))`)
    const [uid, mode, codes] = JSON.parse(said) as [number, string, string[]]
    expect([uid, mode]).to.deep.equal([65_532, 'production'])
    expect(codes.filter(code => !['EROFS', 'ENOENT', 'EACCES'].includes(code))).to.deep.equal([])
    expect(codes).to.include('EROFS')
  })

  test('leads, releases under load, and ends when it is told to', async () => {
    const kubeconfig = await built.mount('kubeconfig', the.pki.kubeconfig('sluice'))
    const controller = await Controller.start(the, ['--leader-elect=true'], { command: built.command(), kubeconfig })
    try {
      await Shop.within(the, 'image', async shop => {
        await shop.deployWeb({ version: 'v1' })
        const timeline = shop.timeline()
        await shop.apply(shop.canary({ analysis: { stepWeights: [50, 100] } }))
        await timeline.untilPhase('Initialized', 90)
        await shop.reachable('client')
        const load = shop.load('client', { rate: 40 })
        await timeline.untilPhase('Succeeded', 120, await shop.setImage('v2'))
        expectNoFailure(load)
      })
      // As a runtime does it: the program in the container is told, and bubblewrap ends with its code.
      process.kill(innermost(controller.program.pid ?? 0), 'SIGTERM')
      expect(await controller.program.exit).to.deep.equal({ code: 0, signal: null })
    } finally {
      await controller.close()
    }
  })
})
