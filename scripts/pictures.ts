/**
 * `npm run pictures`: releases in the demo, photographed in Chromium, as docs/pictures/*.png: a good release, a rollback and an
 * outage of Prometheus. They are what the page shows of a real run.
 */
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import type { Browser, Page } from 'playwright-core'
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
  { release: 'bad', file: 'rollback', when: ({ phase, traffic }) => phase === 'Failed' && traffic?.carried === 0 },
  { release: 'outage', file: 'outage', when: ({ reason }) => reason === 'MetricsUnavailable' },
]

const silent = { isTTY: false, columns: 120, write: () => true }

async function photograph(page: Page, file: string): Promise<void> {
  await page.waitForTimeout(DRAWN)
  await page.screenshot({ path: join(folder, `${file}.png`) })
  console.log(`docs/pictures/${file}.png`)
}

/** Plays one release in a cluster of its own. */
async function shoot(browser: Browser, { release, file, when }: Shot): Promise<void> {
  const stage = await LiveStage.open({ releases: [], keep: true, seed: 1, port: 0 }, new AbortController().signal)
  const { context, page } = await openTab(browser)
  try {
    const link = await stage.page.link()
    if (link === null) throw new Error('The demo serves no page: run npm run build')
    await page.setViewportSize({ width: 1200, height: 860 })
    await page.goto(link)
    await page.getByRole('link', { name: 'web', exact: true }).click()
    await page.getByRole('heading', { name: 'web', level: 1 }).waitFor()
    const played = play(stage, [release], silent)
    await stage.until(`as in the picture of ${file}`, when)
    await photograph(page, file)
    await played
  } finally {
    await context.close()
    await stage.close()
  }
}

const browser = await startBrowser()
try {
  await mkdir(folder, { recursive: true })
  for (const shot of shots) await shoot(browser, shot)
} finally {
  await browser.close()
}
