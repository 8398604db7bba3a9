/** The page in a tab of Chromium, before a fake server that a test controls. */
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Browser, Page } from 'playwright-core'
import { openTab } from './browser.ts'
import { now } from './canaries.ts'
import { type Answers, FakeServer } from './fake-server.ts'

export const root = fileURLToPath(new URL('../../', import.meta.url))
/** Of `npm run build`. */
export const bundle = join(root, 'dist/dashboard')

export interface Opened {
  readonly server: FakeServer
  readonly address: string
  readonly page: Page
  /** What Chromium complained about. */
  readonly errors: readonly string[]
  close(): Promise<void>
}

/** @param fragment of the address; null: the page is not loaded yet. */
export async function open(browser: Browser, answers: Answers, fragment: string | null): Promise<Opened> {
  const server = new FakeServer(bundle, answers, () => now)
  const address = await server.listen()
  const { context, page, errors } = await openTab(browser)
  if (fragment !== null) await page.goto(`${address}/${fragment}`)
  const close = async (): Promise<void> => {
    await context.close()
    await server.close()
  }
  return { server, address, page, errors, close }
}
