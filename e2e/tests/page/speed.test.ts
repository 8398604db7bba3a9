/**
 * How fast the page is, and that it keeps no memory. Other programs use the same cores, so what is judged is the processor time of the
 * tab's main thread, in the best of some tries; the time on the wall is printed beside it.
 */
import { expect } from 'chai'
import type { Browser, Page } from 'playwright-core'
import { answers, forCanary } from '../../page/answers.ts'
import { FAR_OFF } from '../../fixtures/expect.ts'
import { startBrowser } from '../../page/browser.ts'
import { detailOf, manyRows, now, viewIn } from '../../page/canaries.ts'
import { open, type Opened } from '../../page/open.ts'

const TRIES = 3

suite('speed and memory of the page', () => {
  let browser: Browser
  let opened: Opened | null = null

  suiteSetup(async () => {
    browser = await startBrowser()
  })
  teardown(async () => {
    await opened?.close()
    opened = null
  })
  suiteTeardown(() => browser.close())

  test('200 canaries are on the screen within 300 ms of the first byte', async () => {
    opened = await open(browser, answers({ stream: [{ kind: 'list', items: manyRows(200), more: 0 }] }), null)
    const { page, address } = opened
    await page.addInitScript(`globalThis.shown = new Promise(resolve => {
      addEventListener('DOMContentLoaded', () => new MutationObserver((_, seen) => {
        if (!document.body.textContent.includes('service-199')) return
        seen.disconnect()
        requestAnimationFrame(() => resolve(performance.now() - performance.getEntriesByType('navigation')[0].responseStart))
      }).observe(document.body, { childList: true, subtree: true }))
    })`)
    const busy = await processorTime(page)
    const [walls, times]: [number[], number[]] = [[], []]
    for (let index = 0; index < TRIES; index += 1) {
      await page.goto('about:blank')
      const before = await busy()
      await page.goto(`${address}/`)
      walls.push(await page.evaluate<number>('shown'))
      times.push((await busy()) - before)
    }
    console.log(
      `      200 canaries: ${milliseconds(times)} ms of the processor, ${milliseconds(walls)} ms on the wall (goal: 300)`,
    )
    expect(Math.min(...times, ...walls)).to.be.below(300 * FAR_OFF)
  })

  test('a change is on the screen within 200 ms', async () => {
    const items = manyRows(200)
    opened = await open(browser, answers({ stream: [{ kind: 'list', items, more: 0 }] }), '')
    const { page, server } = opened
    await page.getByText('service-000').waitFor()
    const [row] = items
    if (row === undefined) throw new Error('there is no row')
    const times: number[] = []
    for (let index = 0; index < TRIES; index += 1) {
      const message = `changed ${index}`
      const seen = page.evaluate<number>(`new Promise(resolve => {
        new MutationObserver((_, observer) => {
          if (!document.body.textContent.includes(${JSON.stringify(message)})) return
          observer.disconnect()
          requestAnimationFrame(() => resolve(Date.now()))
        }).observe(document.body, { childList: true, characterData: true, subtree: true })
      })`)
      await page.evaluate('new Promise(resolve => requestAnimationFrame(resolve))')
      const sentAt = Date.now()
      server.tell({ kind: 'changes', changed: [{ ...row, view: { ...row.view, message } }], gone: [] })
      times.push((await seen) - sentAt)
    }
    console.log(`      a change is on the screen after ${milliseconds(times)} ms (goal: 200)`)
    expect(Math.min(...times)).to.be.below(200 * FAR_OFF)
  })

  test('500 rows scroll without a task of more than 100 ms', async () => {
    opened = await open(browser, answers({ stream: [{ kind: 'list', items: manyRows(500), more: 0 }] }), '')
    const { page } = opened
    await page.getByText('service-000').waitFor()
    const busy = await processorTime(page)
    const longest: number[] = []
    for (let index = 0; index < TRIES; index += 1) longest.push(await longestStepOfScrolling(page, busy))
    console.log(
      `      500 rows: the longest step of scrolling took ${milliseconds(longest)} ms of the processor (goal: 100)`,
    )
    expect(Math.min(...longest)).to.be.at.most(100 * FAR_OFF)
  })

  test('10,000 updates leave the heap as it was after the first 1,000', async () => {
    const view = viewIn('progressing')
    opened = await open(browser, forCanary(view), '#/shop/web')
    const { page, server } = opened
    page.setDefaultTimeout(120_000)
    await page.getByText('requests of both sides').waitFor()
    const cdp = await page.context().newCDPSession(page)
    const heap = async (): Promise<number> => {
      await cdp.send('HeapProfiler.collectGarbage')
      const { usedSize } = await cdp.send('Runtime.getHeapUsage')
      return usedSize
    }
    let sent = 0
    const update = async (count: number): Promise<void> => {
      for (const end = sent + count; sent < end; ) {
        // As many as come while the page draws once.
        for (let burst = 0; burst < 100; burst += 1) {
          sent += 1
          const at = new Date(now + sent * 1000).toISOString()
          const gates = view.gates.map(gate => ({ ...gate, at, message: `${gate.name} of check ${sent}` }))
          server.tell({ kind: 'canary', canary: detailOf({ ...view, message: `Update ${sent}`, gates }) })
        }
        await page.locator('.heading .sentence').getByText(`Update ${sent}`, { exact: true }).waitFor()
      }
    }
    await update(1000)
    const first = await heap()
    await update(9000)
    const last = await heap()
    const growth = (last / first - 1) * 100
    const mebibytes = (bytes: number): string => (bytes / 1024 / 1024).toFixed(2)
    console.log(
      `      heap after 1,000 updates ${mebibytes(first)} MiB, after 10,000 ${mebibytes(last)} MiB: ${growth.toFixed(1)} % more (goal: 5)`,
    )
    // Code that the browser compiles sooner or later is 2 to 7 %; one gate that each update leaves behind is 25 % and more.
    expect(growth).to.be.at.most(5 * FAR_OFF)
  })
})

const milliseconds = (times: readonly number[]): string => times.map(time => time.toFixed(0)).join(', ')

/** Milliseconds of the processor that the main thread of the tab has used since. */
async function processorTime(page: Page): Promise<() => Promise<number>> {
  const cdp = await page.context().newCDPSession(page)
  await cdp.send('Performance.enable', { timeDomain: 'threadTicks' })
  return async () => {
    const { metrics } = await cdp.send('Performance.getMetrics')
    return (metrics.find(({ name }) => name === 'TaskDuration')?.value ?? Number.NaN) * 1000
  }
}

/** Two screens a step, so that every row of a step is drawn for the first time. All tasks of a step together are counted. */
async function longestStepOfScrolling(page: Page, busy: () => Promise<number>): Promise<number> {
  await page.evaluate('scrollTo(0, 0)')
  const frames = 'new Promise(resolve => requestAnimationFrame(() => requestAnimationFrame(() => resolve(scrollY))))'
  await page.evaluate(frames)
  let [longest, at] = [0, -1]
  for (;;) {
    const before = await busy()
    await page.evaluate('scrollBy(0, 2 * innerHeight)')
    const reached = await page.evaluate<number>(frames)
    longest = Math.max(longest, (await busy()) - before)
    if (reached === at) return longest
    at = reached
  }
}
