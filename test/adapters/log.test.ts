import { expect } from 'chai'
import { PassThrough } from 'node:stream'
import { jsonLog, type LogLevel } from '../../src/adapters/log.ts'

suite('the log', () => {
  async function logged(level: LogLevel, write: (log: ReturnType<typeof jsonLog>) => void): Promise<unknown[]> {
    const stream = new PassThrough()
    const log = jsonLog(level, stream)
    write(log)
    await log.flush()
    return String(stream.read() ?? '')
      .split('\n')
      .filter(line => line !== '')
      .map(line => {
        const { timestamp, ...rest } = JSON.parse(line) as Record<string, unknown>
        expect(new Date(String(timestamp)).getTime()).to.be.closeTo(Date.now(), 60_000)
        return rest
      })
  }

  test('a line is a constant message and its pairs', async () => {
    expect(await logged('info', log => log.info('decided', { canary: 'shop/web', weight: 20 }))).to.deep.equal([
      { level: 'info', message: 'decided', canary: 'shop/web', weight: 20 },
    ])
  })

  test('what is below the level is not written', async () => {
    const write = (log: ReturnType<typeof jsonLog>): void => {
      log.debug('d')
      log.info('i')
      log.warn('w')
      log.error('e')
    }
    const levels = async (level: LogLevel) =>
      (await logged(level, write)).map(line => (line as { level: string }).level)
    expect(await levels('debug')).to.deep.equal(['debug', 'info', 'warn', 'error'])
    expect(await levels('warn')).to.deep.equal(['warn', 'error'])
  })

  test('a pair cannot take the place of the message or the level', async () => {
    expect(await logged('info', log => log.warn('true', { message: 'false', level: 'info' }))).to.deep.equal([
      { level: 'warn', message: 'true' },
    ])
  })

  test('everything has left the process when it is flushed, however slow the reader', async () => {
    const stream = new PassThrough({ highWaterMark: 16 })
    const log = jsonLog('info', stream)
    for (let line = 0; line < 1000; line++) log.info('line', { line })
    let text = ''
    stream.on('data', chunk => (text += String(chunk)))
    await log.flush()
    expect(text.trimEnd().split('\n')).to.have.lengthOf(1000)
  })
})
