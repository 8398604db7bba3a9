import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import { type Job, startJobs } from '../../src/adapters/jobs.ts'
import { jsonLog } from '../../src/adapters/log.ts'

interface Line {
  readonly level: string
  readonly message: string
  readonly job: string
  readonly said?: string
  readonly error?: string
}

/** The first line that is logged while a job runs every second. */
async function firstLineOf(run: Job['run'], meanwhile: () => void = () => {}): Promise<Line> {
  const stream = new PassThrough()
  const line = new Promise<Line>(resolve => {
    stream.setEncoding('utf8').once('data', (text: string) => resolve(JSON.parse(text.split('\n')[0] ?? '') as Line))
  })
  const end = startJobs([{ name: 'sweep', schedule: '* * * * * *', run }], jsonLog('info', stream))
  try {
    meanwhile()
    return await line
  } finally {
    await end()
  }
}

suite('periodic jobs', () => {
  test('what a job throws is logged', async () => {
    const line = await firstLineOf(() => {
      throw new Error('the disk is full')
    })
    expect(line).to.include({
      level: 'error',
      message: 'a periodic job failed',
      job: 'sweep',
      error: 'the disk is full',
    })
  })

  test('a run that a frozen process missed is told as a line of the log, not on standard error', async () => {
    const frozen = (): void => void Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 2100)
    const line = await firstLineOf(() => {}, frozen)
    expect(line).to.include({ level: 'warn', message: 'a periodic job', job: 'sweep' })
    expect(line.said).to.match(/^missed execution/)
  })
})
