/** Chromium of the machine, driven by playwright-core: no browser is downloaded. */
import { existsSync } from 'node:fs'
import { type Browser, type BrowserContext, chromium, type Page } from 'playwright-core'
import { PATIENCE } from '../lab/wait.ts'

const places = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome']

/** @throws Error with what to install when there is none. */
export async function startBrowser(): Promise<Browser> {
  const executablePath = [process.env['CHROMIUM'] ?? '', ...places].find(path => path !== '' && existsSync(path))
  if (executablePath === undefined) {
    throw new Error('No Chromium was found: apt-get install chromium, or name it in CHROMIUM')
  }
  const args = [
    '--no-sandbox',
    '--disable-background-networking',
    '--disable-dev-shm-usage',
    '--font-render-hinting=none',
  ]
  return chromium.launch({ executablePath, args, headless: true })
}

/** A tab as a person opens it: English, UTC. What the page says on its console as an error is kept in `errors`. */
export async function openTab(browser: Browser): Promise<{ context: BrowserContext; page: Page; errors: string[] }> {
  const context = await browser.newContext({
    locale: 'en-GB',
    timezoneId: 'UTC',
    viewport: { width: 1440, height: 900 },
    reducedMotion: 'reduce',
  })
  context.setDefaultTimeout(20_000 * PATIENCE)
  const page = await context.newPage()
  const errors: string[] = []
  page.on('pageerror', error => errors.push(String(error)))
  page.on('console', message => {
    // A refused call is an error for Chromium, and an answer for the page.
    if (message.type() === 'error' && !/Failed to load resource/.test(message.text())) errors.push(message.text())
  })
  return { context, page, errors }
}
