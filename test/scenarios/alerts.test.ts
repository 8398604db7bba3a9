/** Alerts, on the whole controller: what is sent, in which order, under which id; through outages and kills; and never in the way. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import type { Span } from '../../src/core/model/trace.ts'
import { Collector } from '../collector.ts'
import { World } from './world.ts'

const minute = 60_000
const hour = 60 * minute
/** A path and a query, as those of an incoming webhook. */
const address = 'https://chat.test/hooks/secret-path?token=secret-query'

suite('alerts, in virtual time', () => {
  let world: World
  setup(() => {
    world = new World()
    world.start()
  })
  teardown(() => world.close())

  const alert = (name: string, more: Record<string, unknown> = {}) => ({ name, providerRef: { name }, ...more })
  const analysis = (...alerts: readonly Record<string, unknown>[]) => ({
    analysis: { interval: '10s', threshold: 2, stepWeights: [20, 100], alerts },
  })
  const provide = (name: string, spec: Record<string, unknown> = { type: 'slack', address }): void => {
    const metadata = { name, namespace: 'shop' }
    world.user.create({ apiVersion: 'sluice.dev/v1beta1', kind: 'AlertProvider', metadata, spec })
  }
  const taken = (name: string): string[] =>
    world.chats.taken.flatMap(({ provider, alert: told }) => (provider.metadata.name === name ? [told.reason] : []))
  const condition = (name: string): unknown =>
    recordsOf(at(world.object(kinds.AlertProvider, name)?.['status'], 'conditions'))[0]

  test('a start and a promotion are told, each once, by severity, and nothing shows a path', async () => {
    await world.initialized(analysis(alert('all'), alert('errors', { severity: 'error' })))
    provide('all')
    provide('errors')
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect(taken('all')).to.deep.equal(['NewRevision', 'Succeeded'])
    expect(taken('errors')).to.deep.equal([])
    expect(new Set(world.chats.sent.map(({ call }) => call.id)).size).to.equal(world.chats.sent.length)
    const [start, end] = world.chats.taken
    expect(start?.thread).to.equal(null)
    expect(end?.thread).to.equal(`thread of ${start?.id}`)
    expect(end?.alert.run).to.equal(start?.alert.run)
    expect(end?.alert).to.include({ weight: 100, image: 'demo/web:1.1.0', phase: 'Succeeded', canary: 'web' })
    expect(world.status.pendingEvents).to.deep.equal([])
    const shown = JSON.stringify([world.user.list(kinds.Event, 'shop'), world.status, condition('all')])
    expect(shown).not.to.match(/secret-path|secret-query/)
  })

  test('its trace and the search for the traces of its requests are those of its run, in alert, status and Events', async () => {
    const collector = new Collector()
    world.processes[0]?.kill()
    const traceLink = 'https://jaeger.test/search?service={service}&start={start}000&end={end}000&run={traceId}'
    world.start({ traceLink }, { spans: collector })
    await world.initialize(analysis(alert('all')))
    provide('all')
    world.chats.answer('all', 'down')
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    world.setImage('demo/web:1.2.0')
    await world.until('Progressing 20')
    const { traceLink: underWay } = world.status
    // The first run is told while the second one is under way.
    world.chats.answer('all', 'takes')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    const linkOf = ({ traceId, startedAt }: Span, end: number): string =>
      `https://jaeger.test/search?service=web&start=${startedAt}000&end=${end}000&run=${traceId}`
    const [first, second] = collector.roots()
    if (first === undefined || second === undefined) throw new Error('two runs have a trace each')
    const told = world.chats.taken.map(({ alert: { reason, traceId, traceLink: link } }) => [reason, traceId, link])
    expect(told).to.deep.equal([
      ['NewRevision', first.traceId, linkOf(first, first.endedAt)],
      ['Succeeded', first.traceId, linkOf(first, first.endedAt)],
      ['NewRevision', second.traceId, linkOf(second, second.endedAt)],
      ['Succeeded', second.traceId, linkOf(second, second.endedAt)],
    ])
    expect(underWay).to.equal(linkOf(second, second.startedAt + 24 * hour))
    expect(world.status.traceLink).to.equal(linkOf(second, second.endedAt))
    const events = world.user.list(kinds.Event, 'shop').filter(({ reason }) => reason === 'Succeeded')
    const annotated = [first, second].map(root => ({
      'sluice.dev/trace-id': root.traceId,
      'sluice.dev/trace-link': linkOf(root, root.endedAt),
    }))
    expect(events.map(({ metadata }) => metadata.annotations)).to.have.deep.members(annotated)
  })

  test('a rollback says what failed, by how much, at which weight, and what serves', async () => {
    await world.initialized(analysis(alert('errors', { severity: 'error' })))
    provide('errors')
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(taken('errors')).to.deep.equal(['ThresholdReached'])
    const [told] = world.chats.taken.map(call => call.alert)
    expect(told).to.include({ severity: 'error', weight: 20, image: 'demo/web:2.0.0-errors' })
    expect(told?.message).to.match(/^Rolled back \w{10} \(web:2\.0\.0-errors\) at weight 20: request-success-rate /)
    expect(told?.metric).to.include({ name: 'request-success-rate', limit: '≥ 99 %' })
    expect(told?.metric?.value).to.match(/^\d+(\.\d)? %$/)
    expect(told?.promoted).to.match(/^\w{10} \(web:1\.0\.0\)$/)
    expect(told?.next).to.match(/^\w{10} \(web:1\.0\.0\) serves; to try again, .*sluice -n shop retry web$/)
  })

  /** When a bad release is rolled back whose chat is there; it takes a world of its own, and is the same for all. */
  let rolledBackAt: number | null = null
  async function undisturbed(): Promise<number> {
    if (rolledBackAt !== null) return rolledBackAt
    await world.close()
    world = new World()
    world.start()
    rolledBackAt = (await badRelease(0)).failedAt
    return rolledBackAt
  }

  /** A bad release whose chat is away from before its start; killed twice meanwhile. */
  async function badRelease(away: number): Promise<{ failedAt: number; from: number }> {
    await world.initialized(analysis(alert('chat')))
    provide('chat')
    if (away > 0) world.chats.answer('chat', 'down')
    const from = world.clock.now()
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    const failedAt = Date.parse(world.status.history?.[0]?.endedAt ?? '') - from
    for (const part of [1, 2]) {
      await world.clock.advance(from + (away * part) / 3 - world.clock.now())
      if (away === 0) continue
      world.processes.at(-1)?.kill()
      world.start()
    }
    await world.clock.advance(Math.max(0, from + away - world.clock.now()))
    world.chats.answer('chat', 'takes')
    return { failedAt, from }
  }

  for (const [away, called] of [
    [10 * minute, '10 minutes'],
    [60 * minute, 'an hour'],
    [23 * hour, '23 hours'],
  ] as const) {
    test(`a chat that is away for ${called}, and a controller that is killed twice: all arrive, once, in order, and the rollback is as fast`, async () => {
      const { failedAt } = await badRelease(away)
      await world.clock.advance(10 * minute)
      expect(taken('chat')).to.deep.equal(['NewRevision', 'ThresholdReached'])
      const ids = world.chats.sent.map(({ call }) => call.id)
      expect([...new Set(ids)]).to.deep.equal(world.chats.taken.map(({ id }) => id))
      expect(world.status.pendingEvents).to.deep.equal([])
      expect(failedAt).to.equal(await undisturbed())
    })
  }

  test('after 24 hours it is given up, which is an Event and a warning in the log, and nothing stalls', async () => {
    const { from } = await badRelease(24 * hour + minute)
    await world.clock.advance(minute)
    expect(taken('chat')).to.deep.equal([])
    const last = Math.max(...world.chats.sent.map(({ at: time }) => time))
    expect(last - from).to.be.within(23.8 * hour, 24 * hour + minute)
    const said = world.events().filter(event => event.startsWith('AlertNotSent: Alert chat was given up'))
    expect(said).to.have.length(2)
    expect(said.join()).to.match(
      /Alert chat was given up, because AlertProvider shop\/chat cannot be reached: .*It was about: Rolled back /,
    )
    expect(world.status.pendingEvents).to.deep.equal([])
    expect(world.status.reason).to.equal('ThresholdReached')
  })

  test('an AlertProvider that is missing is a warning; made later, it gets what was kept', async () => {
    await world.initialized(analysis(alert('late')))
    await world.clock.advance(minute)
    expect(world.status.warnings?.map(({ message }) => message)).to.deep.equal([
      'Alert late, spec.analysis.alerts[0] is not sent: AlertProvider shop/late does not exist. Create it, or remove the alert.',
    ])
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    await world.clock.advance(20 * minute)
    provide('late')
    await world.clock.advance(1000)
    expect(taken('late')).to.deep.equal(['NewRevision', 'Succeeded'])
    await world.clock.advance(minute)
    expect(world.status.warnings).to.equal(undefined)
  })

  test('a wait for a person is told, and a muted webhook is not', async () => {
    const webhooks = [{ name: 'gate', type: 'confirm-rollout', url: 'http://gate.test/', muteAlert: true }]
    world.receivers.answer('gate', 403)
    const steps = [{ weight: 20, approve: true }, { weight: 100 }]
    await world.initialized({
      analysis: { interval: '10s', threshold: 2, steps, webhooks, alerts: [alert('chat', { severity: 'warn' })] },
    })
    provide('chat')
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(minute)
    world.receivers.answer('gate', 200)
    await world.until('Progressing 20')
    await world.clock.advance(2 * minute)
    expect(taken('chat')).to.deep.equal(['WaitingForApproval'])
    expect(world.chats.taken[0]?.alert.next).to.equal('Next: weight 100')
  })

  test('the condition of an AlertProvider says what is wrong, and goes when it is mended', async () => {
    world.chats.problem('chat', () => ({ reason: 'SecretNotUsable', message: 'Secret shop/chat does not exist' }))
    await world.initialized(analysis())
    provide('chat', { type: 'slack', secretRef: { name: 'chat' } })
    await world.clock.advance(1000)
    expect(condition('chat')).to.include({ type: 'Ready', status: 'False', reason: 'SecretNotUsable' })
    world.chats.problem('chat', null)
    await world.clock.advance(30 * minute)
    expect(condition('chat')).to.include({ type: 'Ready', status: 'True', reason: 'Ready', observedGeneration: 1 })
  })

  test('a server that rejects the address is said on the AlertProvider, and the alert waits until it is mended', async () => {
    await world.initialized(analysis(alert('chat')))
    provide('chat')
    world.chats.answer('chat', 'rejects')
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    expect(condition('chat')).to.include({
      status: 'False',
      reason: 'NotAccepted',
      message: 'The server did not take the last message: it answered 404: no_service',
    })
    await world.clock.advance(20 * hour)
    expect(taken('chat')).to.deep.equal([])
    world.chats.answer('chat', 'takes')
    await world.clock.advance(10 * minute)
    expect(taken('chat')).to.deep.equal(['NewRevision', 'Succeeded'])
    expect(condition('chat')).to.include({ status: 'True', reason: 'Ready' })
  })

  test('that a server rejects the address stays said while it is down, and when another controller takes over', async () => {
    await world.initialized(analysis(alert('chat')))
    provide('chat')
    world.chats.answer('chat', 'rejects')
    world.setImage('demo/web:1.1.0')
    await world.until('Succeeded')
    const said = condition('chat')
    expect(said).to.include({ status: 'False', reason: 'NotAccepted' })
    const ready: unknown[] = []
    world.api.faults.add({
      after: ({ verb, kind }) => {
        if (verb === 'status' && kind === kinds.AlertProvider) ready.push(condition('chat'))
      },
    })
    world.chats.answer('chat', 'down')
    await world.clock.advance(20 * minute)
    world.processes.at(-1)?.kill()
    world.start()
    await world.clock.advance(20 * minute)
    expect(condition('chat')).to.deep.equal(said)
    expect(ready).to.deep.equal([])
    // Nothing is sent any more; another address is another question.
    world.user.merge(kinds.AlertProvider, 'shop', 'chat', { spec: { address: `${address}-2` } })
    await world.clock.advance(2000)
    expect(condition('chat')).to.include({ status: 'True', reason: 'Ready' })
  })

  test('a label of an AlertProvider, or its status, is no reason to send at once what its server wants later', async () => {
    await world.initialized(analysis(alert('chat')))
    provide('chat')
    world.chats.answer('chat', { after: 20 * minute })
    world.setImage('demo/web:1.1.0')
    await world.clock.advance(minute)
    const attempts = world.chats.sent.length
    world.user.merge(kinds.AlertProvider, 'shop', 'chat', { metadata: { labels: { team: 'shop' } } })
    await world.clock.advance(minute)
    expect(world.chats.sent.length).to.equal(attempts)
  })

  test('an outage that is told with other numbers each time is written once', async () => {
    world.chats.problem('chat', () => ({
      reason: 'SecretNotReadable',
      message: `no answer at ${Math.round(world.clock.now())}`,
    }))
    await world.initialized(analysis())
    provide('chat', { type: 'slack', secretRef: { name: 'chat' } })
    await world.clock.advance(1000)
    const before = world.object(kinds.AlertProvider, 'chat')
    expect(condition('chat')).to.include({ status: 'False', reason: 'SecretNotReadable' })
    await world.clock.advance(30 * minute)
    expect(world.object(kinds.AlertProvider, 'chat')).to.deep.equal(before)
  })

  test('a template that is nested very deep is refused, and ends no process', async () => {
    await world.initialized(analysis(alert('deep')))
    provide('deep', { type: 'generic', address, template: '['.repeat(4096) + ']'.repeat(4096) })
    await world.clock.advance(minute)
    expect(condition('deep')).to.include({ status: 'False', reason: 'Invalid' })
    expect(world.status.warnings?.map(({ reason }) => reason)).to.deep.equal(['AlertNotSent'])
  })
})
