/** What the page does in Chromium, before a server that only speaks the protocol: tokens, the stream, commands, keyboard. */
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { answers, forCanary, problem } from '../../page/answers.ts'
import { startBrowser } from '../../page/browser.ts'
import { type CanaryState, detailOf, hostileView, manyRows, now, viewIn } from '../../page/canaries.ts'
import type { Answers } from '../../page/fake-server.ts'
import { open, type Opened } from '../../page/open.ts'
import { waitFor } from '../../lab/wait.ts'

const CANARY = '#/shop/web'
const cluster = { version: '0.1.0', mode: 'cluster', readOnly: false, signedIn: false } as const
const laptop = { version: '0.1.0', mode: 'laptop', readOnly: false, signedIn: false, context: 'kind-shop' } as const
const listOf = (count: number): Partial<Answers> => ({
  stream: [{ kind: 'list', items: manyRows(count), more: 0 }],
})

suite('the page in Chromium', () => {
  let browser: Browser
  let opened: Opened | null = null

  suiteSetup(async () => {
    browser = await startBrowser()
  })
  teardown(async () => {
    const errors = opened?.errors ?? []
    await opened?.close()
    opened = null
    expect(errors).to.deep.equal([])
  })
  suiteTeardown(() => browser.close())

  const opens = async (given: Answers, fragment: string | null): Promise<Opened> => {
    opened = await open(browser, given, fragment)
    return opened
  }

  test('a list that comes in pieces is shown whole', async () => {
    const rows = manyRows(5)
    const [first, last] = [rows.slice(0, 3), rows.slice(3)]
    const stream = [
      { kind: 'list', items: first, more: 0, rest: last.length },
      { kind: 'list', items: last, more: 0 },
    ] as const
    const { page } = await opens(answers({ about: { ...cluster, signedIn: true }, stream }), '')
    for (const { name } of rows) await page.getByText(name).waitFor()
  })

  suite('tokens', () => {
    const TOKEN = 'token-of-kim'

    test('a token is sent with every call, is nowhere but in memory, and a reload asks for it again', async () => {
      const { page, server, address } = await opens(answers({ about: cluster, ...listOf(3) }), '')
      await page.getByLabel('Token', { exact: true }).fill(` Bearer ${TOKEN}\n`)
      await page.keyboard.press('Enter')
      await page.getByText('service-000').waitFor()
      const asked = server.sent.filter(({ path }) => path !== '/api/about')
      expect(asked.map(({ path }) => path)).to.deep.equal(['/api/whoami', '/api/stream'])
      expect(asked.map(({ authorization }) => authorization)).to.deep.equal([`Bearer ${TOKEN}`, `Bearer ${TOKEN}`])
      const kept = await page.evaluate<string>(
        `JSON.stringify([location.href, document.cookie, { ...localStorage }, { ...sessionStorage }, history.state])`,
      )
      expect(kept).to.not.include(TOKEN)
      expect(await page.evaluate<number>(`indexedDB.databases().then(all => all.length)`)).to.equal(0)
      expect(page.url()).to.equal(`${address}/`)
      await page.reload()
      await page.getByLabel('Token', { exact: true }).waitFor()
    })

    test('the link of a laptop is exchanged once, and leaves the address and the history', async () => {
      const { page, server, address } = await opens(answers({ about: laptop, ...listOf(3) }), '#link=once')
      await page.getByText('service-000').waitFor()
      expect(page.url()).to.equal(`${address}/`)
      expect(await page.evaluate<number>('history.length')).to.be.at.most(2)
      const sessions = server.sent.filter(({ path }) => path === '/api/session')
      expect(sessions.map(({ body }) => JSON.parse(body) as unknown)).to.deep.equal([{ link: 'once' }])
      expect(server.sent.find(({ path }) => path === '/api/stream')?.authorization).to.equal('Bearer session-token')
    })

    test('a token that ends in the middle is asked for again, with the sentence of the server', async () => {
      const { page, server } = await opens(answers({ about: { ...cluster, signedIn: true }, ...listOf(3) }), '')
      await page.getByText('service-000').waitFor()
      server.tell({ kind: 'end', problem: problem('token-refused', 'The token has expired'), again: null })
      await page.getByRole('alert').getByText('The token has expired').waitFor()
    })

    test('an API server in trouble is no refused token: what is known stays', async () => {
      const { page, server } = await opens(answers(listOf(3)), '')
      await page.getByText('service-000').waitFor()
      server.tell({ kind: 'trouble', problem: problem('api-server', 'The API server answered 503') })
      await page.getByText('The API server answered 503').waitFor()
      expect(await page.getByText('service-000').count()).to.equal(1)
      expect(await page.getByLabel('Token', { exact: true }).count()).to.equal(0)
      server.tell({ kind: 'trouble', problem: null })
      await page.getByText('The API server answered 503').waitFor({ state: 'detached' })
    })
  })

  suite('the stream', () => {
    test('a lost connection is shown, and comes back by itself', async () => {
      const { page, server } = await opens(answers(listOf(3)), '')
      await page.getByText('service-000').waitFor()
      const lines = server.answers
      server.answers = { ...lines, stream: 'lost' }
      server.cut()
      await page.getByText('The connection to the server of this page is lost').waitFor()
      expect(await page.getByText('service-000').count()).to.equal(1)
      server.answers = lines
      await page.getByText('The connection to the server').waitFor({ state: 'detached' })
    })

    test('it is closed while the tab is hidden, and opened again when it is shown', async () => {
      const { page, server } = await opens(answers(listOf(3)), '')
      await page.getByText('service-000').waitFor()
      expect(server.streams).to.equal(1)
      await hide(page, true)
      await waitFor('the stream to end', 10, () => server.streams === 0)
      await hide(page, false)
      await waitFor('the stream to come back', 10, () => server.streams === 1)
    })

    test('a tab has one stream, whatever it shows', async () => {
      const { page, server } = await opens(answers(listOf(3)), '')
      await page.getByText('service-000').click()
      await waitFor('the stream of one canary', 10, () =>
        server.sent.some(({ body }) => body.includes('"service-000"')),
      )
      await waitFor('one stream', 10, () => server.streams === 1)
      await page.getByRole('link', { name: 'Canaries' }).click()
      await page.getByText('service-000').waitFor()
      await waitFor('one stream', 10, () => server.streams === 1)
    })

    test('rows come, change and go', async () => {
      const { page, server } = await opens(answers(listOf(3)), '')
      await page.getByText('service-000').waitFor()
      const [first, second, third] = manyRows(4).slice(1)
      if (first === undefined || second === undefined || third === undefined) throw new Error('rows are missing')
      const changed = { ...first, view: { ...first.view, message: 'Something else' } }
      server.tell({ kind: 'changes', changed: [changed, third], gone: [second] })
      await page.getByText('Something else').waitFor()
      await page.getByText('service-003').waitFor()
      expect(await page.getByText('service-002').count()).to.equal(0)
    })
  })

  suite('the list', () => {
    test('a filter, a state and an order narrow it; they are still there after a look at one canary', async () => {
      const { page } = await opens(answers(listOf(80)), '')
      await page.getByRole('searchbox').fill('service-00')
      await page.getByText('10 of 80 canaries shown').waitFor()
      await page.getByRole('button', { name: 'Canary', exact: true }).click()
      expect(await page.getByRole('columnheader', { name: 'Canary' }).getAttribute('aria-sort')).to.equal('ascending')
      await page.getByText('service-001').click()
      await page.getByRole('link', { name: 'Canaries' }).click()
      await page.getByText('10 of 80 canaries shown').waitFor()
    })
  })

  suite('commands', () => {
    test('what is sent is what was confirmed: command, reason, revision', async () => {
      const { page, server } = await opens(forCanary(viewIn('approval')), CANARY)
      await page.getByRole('button', { name: 'Approve', exact: true }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByText('Raises the weight from 10 to 50').waitFor()
      await dialog.getByLabel('Reason').fill('dashboards look fine')
      await dialog.getByRole('button', { name: 'Approve', exact: true }).click()
      await dialog.waitFor({ state: 'detached' })
      await page.getByText('Approve is sent').waitFor()
      const answer = { id: 'page-1', outcome: 'refused', reason: 'no step is waiting for approval' } as const
      server.tell({ kind: 'canary', canary: { ...detailOf(viewIn('approval')), commands: [answer] } })
      await page.getByText('Approve was refused: no step is waiting for approval').waitFor()
      const sent = server.sent.find(({ path }) => path.endsWith('/commands'))
      expect(sent?.path).to.equal('/api/canaries/shop/web/commands')
      const { revision, ...others } = JSON.parse(sent?.body ?? '{}') as Record<string, unknown>
      expect(others).to.deep.equal({ command: 'approve', why: 'dashboards look fine' })
      expect(String(revision)).to.match(/^[0-9a-f]{10}$/)
    })

    test('Escape sends nothing, and the focus is back on the button', async () => {
      const { page, server } = await opens(forCanary(viewIn('progressing')), CANARY)
      await page.getByRole('button', { name: 'Abort' }).click()
      await page.getByRole('dialog').waitFor()
      expect(await focused(page)).to.equal('Reason (recorded with your name)')
      await page.keyboard.press('Escape')
      await page.getByRole('dialog').waitFor({ state: 'detached' })
      expect(await focused(page)).to.equal('Abort')
      expect(server.sent.filter(({ path }) => path.endsWith('/commands'))).to.deep.equal([])
    })

    test('a refusal is said in the dialog, which stays open', async () => {
      const refused = problem('read-only', 'This server runs with --read-only: it gives no commands')
      const { page } = await opens(forCanary(viewIn('progressing'), { commands: refused }), CANARY)
      await page.getByRole('button', { name: 'Abort' }).click()
      const dialog = page.getByRole('dialog')
      await dialog.getByRole('button', { name: 'Abort' }).click()
      await dialog.getByText('Not sent: This server runs with --read-only').waitFor()
    })

    test('what would be refused says why, and has no button', async () => {
      const { page } = await opens(forCanary(viewIn('succeeded')), CANARY)
      await page.getByText('Not possible now').click()
      await page.getByText('no run is under way').waitFor()
      expect(await page.getByRole('button', { name: 'Abort' }).count()).to.equal(0)
    })
  })

  suite('by keyboard and screen reader', () => {
    test('the focus of the list goes from the top to the rows', async () => {
      const { page } = await opens(answers(listOf(3)), '')
      await page.getByText('service-000').waitFor()
      expect(await tabbed(page, 14)).to.deep.equal([
        'Skip to the content',
        'Sluice',
        'All 3',
        'Unknown 1',
        'At rest 2',
        'Filter by name, image or message',
        'Namespace',
        'State ▴',
        'Canary',
        'Weight',
        'Run since',
        'service-000',
        'service-001',
        'service-002',
      ])
    })

    test('the focus of a canary goes from what can be done to what is behind it', async () => {
      const { page } = await opens(forCanary(viewIn('progressing')), CANARY)
      await page.getByText('requests of both sides').waitFor()
      await page.locator('button:enabled', { hasText: 'Abort' }).waitFor()
      expect(await tabbed(page, 22)).to.deep.equal([
        'Skip to the content',
        'Sluice',
        'Canaries',
        'Pause',
        'Approve full promotion',
        'Abort',
        'Not possible now: Approve, Resume, Retry, Roll back',
        'Point in time of request-success-rate',
        'Numbers of request-success-rate',
        'Point in time of request-duration',
        'Numbers of request-duration',
        'Point in time of requests',
        'Numbers of requests',
        'Checks as they come',
        'History',
        ...(await chartButtons(page)),
        'Pods',
        'Template: promoted against candidate',
        'Events',
        'Objects',
        'Conditions',
      ])
    })

    test('a chart is told in a sentence, and its points by the arrow keys', async () => {
      const { page } = await opens(forCanary(viewIn('progressing')), CANARY)
      const chart = page.getByRole('img', { name: /^request-duration canary: last .* limit ≤ 500 ms$/ })
      await chart.waitFor()
      const slider = page.getByLabel('Point in time of request-duration')
      await slider.focus()
      const before = await slider.getAttribute('aria-valuetext')
      await page.keyboard.press('ArrowLeft')
      await page.keyboard.press('ArrowLeft')
      const after = await slider.getAttribute('aria-valuetext')
      expect(after).to.match(/^\d\d:\d\d:\d\d: canary \d+ ms, primary \d+ ms$/)
      expect(after).to.not.equal(before)
    })

    test('a new sentence of the canary is announced, politely', async () => {
      const { page, server } = await opens(forCanary(viewIn('progressing')), CANARY)
      await page.getByText('Weight 10: all checks passed').first().waitFor()
      server.tell({ kind: 'canary', canary: detailOf({ ...viewIn('failing'), uid: viewIn('progressing').uid }) })
      await page
        .locator('[aria-live=polite]', { hasText: 'web: request-success-rate 87.7 %' })
        .waitFor({ state: 'attached' })
    })
  })

  test('text of a Canary is never markup, a style or a script', async () => {
    const { page } = await opens(forCanary(hostileView()), CANARY)
    await page.getByText('onerror').first().waitFor()
    expect(
      await page.locator('main script, main img, main iframe, main [style], main a[href^="javascript"]').count(),
    ).to.equal(0)
    await page.getByRole('button', { name: 'Abort' }).click()
    await page.getByRole('dialog').getByText('onerror').first().waitFor()
    expect(await page.locator('dialog script, dialog img').count()).to.equal(0)
  })

  test('each state of a canary follows the one before it without a reload', async () => {
    const order: readonly CanaryState[] = ['progressing', 'failing', 'failed', 'succeeded', 'promoting']
    const { page, server } = await opens(forCanary(viewIn('pods')), CANARY)
    await page.getByText('2 × ImagePullBackOff').waitFor()
    for (const state of order) {
      const view = viewIn(state)
      server.tell({ kind: 'canary', canary: detailOf(view) })
      await page.locator('.heading .sentence').getByText(view.message, { exact: true }).waitFor()
    }
    server.tell({ kind: 'canary', canary: null })
    await page.getByText('There is no Canary web').waitFor()
    expect(now).to.equal(Date.UTC(2026, 0, 2))
  })
})

/** Headless tabs are never hidden, so the page is told so. */
async function hide(page: Page, isHidden: boolean): Promise<void> {
  await page.evaluate(`
    Object.defineProperty(document, 'hidden', { configurable: true, get: () => ${isHidden} })
    document.dispatchEvent(new Event('visibilitychange'))`)
}

/** The name of what has the focus. */
const focused = (page: Page): Promise<string> =>
  page.evaluate<string>(`(() => {
    const { activeElement: at } = document
    const labelled = at.getAttribute('aria-labelledby')
    const named = labelled === null ? at.labels?.[0] ?? at : document.getElementById(labelled)
    return (at.getAttribute('aria-label') ?? named.textContent).trim().replace(/\\s+/g, ' ').replace(/All namespaces.*/, '').trim()
  })()`)

/** What gets the focus by so many presses of Tab. */
async function tabbed(page: Page, presses: number): Promise<string[]> {
  const names: string[] = []
  for (let press = 0; press < presses; press += 1) {
    await page.keyboard.press('Tab')
    names.push(await focused(page))
  }
  return names
}

async function chartButtons(page: Page): Promise<string[]> {
  const buttons = await page.getByRole('button', { name: /^Charts of the run/ }).all()
  return Promise.all(buttons.map(async button => (await button.getAttribute('aria-label')) ?? ''))
}
