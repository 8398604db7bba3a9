/**
 * The page in each state, in Chromium: a picture in light and dark, narrow and wide; no violation of axe-core's rules, no horizontal
 * scroll, nothing that Chromium complains about (a broken CSP among it). The pictures are kept in `dist/page-pictures`.
 */
import { expect } from 'chai'
import { createRequire } from 'node:module'
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openTab, startBrowser } from '../../page/browser.ts'
import { now } from '../../page/canaries.ts'
import { FakeServer } from '../../page/fake-server.ts'
import { type PageState, states } from '../../page/states.ts'

const root = fileURLToPath(new URL('../../../', import.meta.url))
const folder = join(root, 'dist/page-pictures')
const axe = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')

const schemes = ['light', 'dark'] as const
const widths = [360, 1440] as const

const fileOf = (state: string, scheme: string, width: number): string =>
  `${state
    .replaceAll(/[^a-z0-9]+/gi, '-')
    .replace(/-$/, '')
    .toLowerCase()}.${scheme}.${width}.png`

interface Violation {
  readonly id: string
  readonly nodes: readonly { readonly html: string; readonly failureSummary?: string }[]
}

/** Rules that a page broke, each with where. */
async function violations(page: Page): Promise<string[]> {
  const found = await page.evaluate<readonly Violation[]>(
    `axe.run({ resultTypes: ['violations'] }).then(({ violations }) => violations)`,
  )
  return found.map(
    ({ id, nodes }) => `${id}: ${nodes.map(node => `${node.html} ${node.failureSummary ?? ''}`).join(' | ')}`,
  )
}

/** How many pixels the content is wider than the window. */
const overflowOf = (page: Page): Promise<number> =>
  page.evaluate<number>('document.documentElement.scrollWidth - innerWidth')

suite('the page in each state', () => {
  let browser: Browser
  const only = process.env['STATES']

  suiteSetup(async () => {
    if (only === undefined) rmSync(folder, { recursive: true, force: true })
    mkdirSync(folder, { recursive: true })
    browser = await startBrowser()
  })

  suiteTeardown(() => browser.close())

  for (const [name, state] of Object.entries(states)) {
    if (only !== undefined && !name.includes(only)) continue
    test(name, () => drawn(name, state))
  }

  async function drawn(name: string, state: PageState): Promise<void> {
    const server = new FakeServer(join(root, 'dist/dashboard'), state.answers, () => now)
    const address = await server.listen()
    const { context, page, errors } = await openTab(browser)
    try {
      // The checker is no part of the page, so its own text does not pass by the page's policy of trusted types.
      await page.addInitScript({ content: axe })
      await page.goto(`${address}/${state.fragment}`)
      await page.getByText(state.until).first().waitFor()
      await state.act?.(page)
      const wrong: string[] = []
      for (const scheme of schemes) {
        await page.emulateMedia({ colorScheme: scheme })
        for (const width of widths) {
          await page.setViewportSize({ width, height: 900 })
          await page.screenshot({
            path: join(folder, fileOf(name, scheme, width)),
            fullPage: state.fragment !== '',
          })
          const overflow = await overflowOf(page)
          if (overflow > 0) wrong.push(`${scheme} ${width}: ${overflow} px of horizontal scroll`)
          for (const violation of await violations(page)) wrong.push(`${scheme} ${width}: ${violation}`)
        }
      }
      expect([...wrong, ...errors]).to.deep.equal([])
    } finally {
      await context.close()
      await server.close()
    }
  }

  test('there is a picture of every state, in light and dark, narrow and wide', function () {
    // Of some states there are not all pictures: STATES=… draws those for a person who changes the page, never CI.
    if (only !== undefined) this.skip()
    const wanted = Object.keys(states).flatMap(name =>
      schemes.flatMap(scheme => widths.map(width => fileOf(name, scheme, width))),
    )
    expect(new Set(wanted).size).to.equal(wanted.length)
    expect(wanted.length).to.be.greaterThan(14 * 4)
    expect(readdirSync(folder).toSorted()).to.deep.equal(wanted.toSorted())
  })
})
