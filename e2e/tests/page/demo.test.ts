/**
 * What `npm run demo -- --keep` prints is enough: only its commands are typed, in a pseudoterminal, and its link is opened in Chromium.
 * Approve raises the weight, abort ends at 0, and `status` exits with 0 and with 3.
 */
import { expect } from 'chai'
import { type ChildProcess, spawn } from 'node:child_process'
import { once } from 'node:events'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openTab, startBrowser } from '../../page/browser.ts'
import { Pty } from '../../page/pty.ts'

const program = fileURLToPath(new URL('../../../dist/sluice.js', import.meta.url))

suite('the commands that the demo prints', () => {
  let demo: ChildProcess
  let printed = ''
  let commands: readonly string[]
  let browser: Browser
  let page: Page
  let shell: Pty
  let watch: Pty

  /** The one printed command that begins so. */
  function command(beginning: string): string {
    const found = commands.find(one => one.startsWith(beginning))
    if (found === undefined) throw new Error(`The demo printed no command ${beginning}`)
    return found
  }
  const code = async (beginning: string): Promise<number> => (await shell.type(command(beginning))).code
  const release = (image: string): Promise<number> => code(`kubectl set image deployment/web web=demo/web:${image}`)
  /** What the status says, by the printed list of all Canaries. */
  async function weight(): Promise<string> {
    const { shown } = await shell.type(command('kubectl get sluice'))
    return /\nweb +(.*)/.exec(shown)?.[1] ?? shown
  }
  /** Resolves when the weight is above that of the step that waited for approval, or what comes after the next step is seen. */
  async function rises(): Promise<void> {
    for (
      let now = await weight();
      !/^(Progressing +100|Promoting|Finalising|Succeeded) /.test(now);
      now = await weight()
    )
      expect(now).to.match(/^Progressing +10 /)
  }
  const shows = (text: string): Promise<void> => page.getByText(text).first().waitFor()
  async function give(button: string): Promise<void> {
    await page.getByRole('button', { name: button, exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByRole('button', { name: button, exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText(`${button} was done`).waitFor()
  }

  suiteSetup(async () => {
    demo = spawn(process.execPath, [program, 'demo', '--keep', '--scenario', 'good'], {
      stdio: ['ignore', 'pipe', 'inherit'],
    })
    await new Promise<void>((resolve, reject) => {
      demo.once('exit', () => reject(new Error(`The demo ended:\n${printed}`)))
      demo.stdout?.setEncoding('utf8').on('data', (text: string) => {
        printed += text
        if (printed.includes('the controller logs to')) resolve()
      })
    })
    const invitation = printed.slice(printed.indexOf('The cluster stays up'))
    commands = [...invitation.matchAll(/^ {2}(?!#|http)(\S.*)$/gm)].map(([, line = '']) => line)
    const env = { PATH: process.env['PATH'] ?? '', HOME: process.env['HOME'] ?? '/', LANG: 'C.UTF-8' }
    shell = await Pty.open(env)
    watch = await Pty.open(env)
    for (const terminal of [watch, shell]) {
      for (const beginning of ['export KUBECONFIG=', 'kubectl config set-context', 'alias sluice=']) {
        expect((await terminal.type(command(beginning))).code, beginning).to.equal(0)
      }
    }
    browser = await startBrowser()
    ;({ page } = await openTab(browser))
    page.setDefaultTimeout(90_000)
    await page.goto(/http:\S+#link=\S+/.exec(invitation)?.[0] ?? '')
    await page.getByRole('link', { name: 'web', exact: true }).click()
  })

  suiteTeardown(async () => {
    await browser?.close()
    await shell?.close()
    await watch?.close()
    const ended = once(demo, 'exit')
    demo.kill('SIGINT')
    await ended
  })

  test('status exits with 0 after a good release, and with 3 after one that fails, which is explained', async () => {
    watch.begin(command('sluice watch'))
    expect([await release('1.2.0'), await code('sluice status')]).to.deep.equal([0, 0])
    await shows('At rest')
    expect([await release('2.1.0-errors'), await code('sluice status')]).to.deep.equal([0, 3])
    await shows('Rolled back')
    const explained = await shell.type(command('sluice explain'))
    expect(explained.shown).to.match(/Rolled back .*web:2\.1\.0-errors/)
    expect((await shell.type(command('sluice diff'))).shown).to.include('demo/web:2.1.0-errors')
    expect((await shell.type(command('sluice events'))).shown).to.match(/Warning +\w+ +Rolled back/)
  })

  test('approve raises the weight: in the terminal', async () => {
    expect([await code('kubectl patch'), await release('1.3.0'), await code('sluice status')]).to.deep.equal([0, 0, 4])
    expect(await weight()).to.match(/^Progressing +10 /)
    await shows('Needs a decision')
    expect(await code('sluice approve web --why')).to.equal(0)
    await rises()
    expect(await code('sluice status')).to.equal(0)
    await shows('At rest')
  })

  test('abort ends at 0: in the terminal, and the page shows it', async () => {
    expect([await release('1.4.0'), await code('sluice status')]).to.deep.equal([0, 4])
    expect(await weight()).to.match(/^Progressing +10 /)
    expect(await code('sluice abort')).to.equal(0)
    expect(await weight()).to.match(/^Failed +0 /)
    expect(await code('sluice status')).to.equal(3)
    await page.locator('.heading').getByText('Rolled back', { exact: true }).waitFor()
    await shows('not today')
  })

  test('approve raises the weight: in the page', async () => {
    expect(await code('sluice retry')).to.equal(0)
    expect(await code('sluice status')).to.equal(4)
    await give('Approve')
    await rises()
    expect(await code('sluice status')).to.equal(0)
    await shows('At rest')
  })

  test('abort ends at 0: in the page', async () => {
    expect([await release('1.2.0'), await code('sluice status')]).to.deep.equal([0, 4])
    expect([await code('sluice pause'), await code('sluice resume')]).to.deep.equal([0, 0])
    expect(await weight()).to.match(/^Progressing +10 /)
    await give('Abort')
    expect(await code('sluice status')).to.equal(3)
    expect(await weight()).to.match(/^Failed +0 /)
  })

  test('the other commands are obeyed, and Ctrl-C ends the watch', async () => {
    expect(await code('kubectl annotate')).to.equal(0)
    expect(await code('sluice status')).to.equal(4)
    expect(await code('sluice approve web --full')).to.equal(0)
    expect(await code('sluice rollback')).to.equal(0)
    expect(await code('kubectl describe')).to.equal(0)
    const { code: ended, shown } = await watch.interrupt()
    expect([ended, /Stopped watching/.test(shown)]).to.deep.equal([130, true])
    expect(await code('kubectl delete')).to.equal(0)
  })
})
