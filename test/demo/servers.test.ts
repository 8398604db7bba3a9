/** The servers that the demo's controller calls: what the receiver of webhooks answers, and that one that was stopped comes back. */
import { expect } from 'chai'
import { LocalServer } from '../../demo/local-server.ts'
import { Receiver } from '../../demo/receiver.ts'

suite('the servers of the demo', () => {
  test('a gate is closed until it is opened, at the same URL after a stop, and each call is kept', async () => {
    const receiver = new Receiver({ approval: 'confirm-promotion', report: 'post-rollout' })
    const server = await LocalServer.start(receiver.listener)
    const payload = { phase: 'WaitingPromotion', weight: 50 }
    const call = async (name: string): Promise<string> => {
      const response = await fetch(`${server.url}/${name}`, { method: 'POST', body: JSON.stringify(payload) })
      return `${response.status} ${await response.text()}`
    }
    expect([await call('approval'), await call('report')]).to.deep.equal(['403 closed', '200 yes'])
    expect(await call('constructor')).to.match(/^404 There is no webhook constructor/)
    server.stop()
    expect(await call('approval').catch(() => 'refused')).to.equal('refused')
    await server.restart()
    receiver.isOpen = true
    expect(await call('approval')).to.equal('200 yes')
    server.stop()
    const approval = { name: 'approval', type: 'confirm-promotion', ...payload }
    expect(receiver.calls.filter(({ name }) => name === 'approval')).to.deep.equal([
      { ...approval, answer: { status: 403, text: 'closed' } },
      { ...approval, answer: { status: 200, text: 'yes' } },
    ])
  })
})
