/** The page of the demo: the real server before the playground, with a controller that releases. What a person clicks happens. */
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { LiveStage } from '../../../demo/stage.ts'
import { openTab, startBrowser } from '../../page/browser.ts'

const APPROVING = { steps: [{ weight: 10, approve: true }, { weight: 100 }] }

suite('the page of a cluster', () => {
  const end = new AbortController()
  let stage: LiveStage
  let browser: Browser
  let page: Page
  let errors: string[]

  suiteSetup(async () => {
    browser = await startBrowser()
    stage = await LiveStage.open({ releases: [], keep: true, seed: 1, port: 0 }, end.signal)
    await stage.until('initialized', ({ phase }) => phase === 'Initialized')
    const link = await stage.page.link()
    if (link === null) throw new Error('The demo serves no page: run npm run build')
    ;({ page, errors } = await openTab(browser))
    page.setDefaultTimeout(60_000)
    await page.goto(link)
    await page.getByRole('link', { name: 'web', exact: true }).click()
    await page.getByRole('heading', { name: 'web', level: 1 }).waitFor()
  })

  suiteTeardown(async () => {
    await browser.close()
    await stage.close()
    expect(errors).to.deep.equal([])
  })

  async function give(button: string, why: string): Promise<void> {
    await page.getByRole('button', { name: button, exact: true }).click()
    const dialog = page.getByRole('dialog')
    await dialog.getByLabel('Reason').fill(why)
    await dialog.getByRole('button', { name: button, exact: true }).click()
    await dialog.waitFor({ state: 'detached' })
    await page.getByText(`${button} was done`).waitFor()
  }

  test('approve raises the weight', async () => {
    stage.shop.prepare({ image: '', act: '', ends: 'Succeeded', strategy: APPROVING })
    stage.shop.setImage('demo/web:1.1.0')
    await page.getByText('Needs a decision').waitFor()
    expect(stage.shop.status.traffic?.requested).to.equal(10)
    // Awaited from before the click: the release may be past it when the page has said that it was done.
    const risen = stage.until('at weight 100', ({ traffic }) => (traffic?.requested ?? 0) > 10)
    await Promise.all([risen, give('Approve', 'dashboards look fine')])
    await page.getByText('At rest').waitFor()
    expect(stage.shop.promoted).to.equal('demo/web:1.1.0')
  })

  test('abort ends at 0, and the primary serves', async () => {
    stage.shop.setImage('demo/web:1.2.0')
    await page.getByText('Needs a decision').waitFor()
    await give('Abort', 'not today')
    await page.locator('.heading').getByText('Rolled back', { exact: true }).waitFor()
    await stage.until('at weight 0', ({ phase, traffic }) => phase === 'Failed' && traffic?.carried === 0)
    expect(stage.shop.promoted).to.equal('demo/web:1.1.0')
    await page.getByText('not today').first().waitFor()
  })

  test('the details of the real server are shown', async () => {
    for (const [title, text] of [
      ['Pods', 'web-primary-'],
      ['Template: promoted against candidate', 'demo/web:1.2.0'],
      ['Events', 'not today'],
      ['Objects', 'splits the traffic'],
    ] as const) {
      const panel = page.locator('details.panel', { hasText: title }).last()
      await panel.locator('summary').click()
      await panel.getByText(text).first().waitFor()
    }
    await page.getByRole('img', { name: /^request-success-rate canary: last/ }).waitFor()
  })
})
