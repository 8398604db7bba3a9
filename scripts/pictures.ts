/**
 * `npm run pictures`: releases in the demo, photographed in Chromium, as docs/pictures/*.png: a list, a good release, a rollback and an
 * outage of Prometheus. They are what the page shows of a real run.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Page } from 'playwright-core'
import { play } from '../demo/play.ts'
import type { ReleaseName } from '../demo/releases.ts'
import { LiveStage } from '../demo/stage.ts'
import { openTab, startBrowser } from '../e2e/page/browser.ts'
import type { CanaryStatus } from '../src/api/status.ts'
import { root } from './bundle.ts'

const folder = join(root, 'docs/pictures')
/** After this the page has drawn what the server told it. */
const DRAWN = 1500

interface Shot {
  readonly release: ReleaseName
  readonly file: string
  /** When the picture is taken. */
  readonly when: (status: CanaryStatus) => boolean
}

const shots: readonly Shot[] = [
  {
    release: 'good',
    file: 'good-release',
    when: ({ traffic, phase }) => phase === 'Progressing' && traffic?.carried === 50,
  },
  { release: 'bad', file: 'rollback', when: ({ phase }) => phase === 'Failed' },
  { release: 'outage', file: 'outage', when: ({ reason }) => reason === 'MetricsUnavailable' },
]

const silent = { isTTY: false, columns: 120, write: () => true }

async function photograph(page: Page, file: string): Promise<void> {
  await page.waitForTimeout(DRAWN)
  await page.screenshot({ path: join(folder, `${file}.png`) })
  console.log(`docs/pictures/${file}.png`)
}

const end = new AbortController()
const browser = await startBrowser()
const stage = await LiveStage.open({ releases: [], keep: true, seed: 1, port: 0 }, end.signal)
try {
  await mkdir(folder, { recursive: true })
  const link = await stage.page.link()
  if (link === null) throw new Error('The demo serves no page: run npm run build')
  const { page } = await openTab(browser)
  await page.setViewportSize({ width: 1200, height: 860 })
  await page.goto(link)
  await page.getByRole('link', { name: 'web', exact: true }).click()
  await page.getByRole('heading', { name: 'web', level: 1 }).waitFor()
  await stage.until('initialized', ({ phase }) => phase === 'Initialized')
  for (const { release, file, when } of shots) {
    const played = play(stage, [release], silent)
    await stage.until(`as in the picture of ${file}`, when)
    await photograph(page, file)
    await played
  }
} finally {
  await browser.close()
  await stage.close()
}
