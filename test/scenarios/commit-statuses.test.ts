/** Commit statuses, on the whole controller: which commit is told what, in which order, through kills and refusals; and never in the way. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { at, recordsOf } from '../../src/core/json.ts'
import { World } from './world.ts'

const minute = 60_000
const commit = (letter: string): string => `github/shop/web@${letter.repeat(40)}`

suite('commit statuses, in virtual time', () => {
  let world: World
  setup(async () => {
    world = new World()
    world.start()
    const alerts = [{ name: 'git', providerRef: { name: 'git' } }]
    await world.initialized({ analysis: { interval: '10s', threshold: 2, stepWeights: [20, 100], alerts } })
    provide({})
    world.annotate('commit', commit('a'))
    await world.clock.advance(minute)
  })
  teardown(() => world.close())

  function provide(spec: Record<string, unknown>): void {
    const written = { type: 'github', secretRef: { name: 'git' }, repos: ['shop/web'], ...spec }
    world.user.create({
      apiVersion: 'sluice.dev/v1beta1',
      kind: 'AlertProvider',
      metadata: { name: 'git', namespace: 'shop' },
      spec: written,
    })
  }
  /** As Argo CD does it: the Deployment, and a moment later the Canary. */
  async function push(image: string, letter: string): Promise<void> {
    world.setImage(image)
    await world.clock.advance(2000)
    world.annotate('commit', commit(letter))
  }
  /** `b pending`, as they arrived. */
  const taken = (): string[] =>
    world.chats.taken.flatMap(({ commit: note }) => (note === null ? [] : [`${note.of.at(-1)} ${note.state}`]))
  const condition = (): unknown => recordsOf(at(world.object(kinds.AlertProvider, 'git')?.['status'], 'conditions'))[0]
  const warnings = (): string[] => (world.status.warnings ?? []).map(({ message }) => message)

  async function restart(): Promise<void> {
    world.processes.at(-1)?.kill()
    world.start()
    await world.clock.advance(10_000)
  }

  test('a Canary that is applied first, and a rollback: pending and failure, which says why', async () => {
    world.annotate('commit', commit('b'))
    await world.clock.advance(2000)
    world.setImage('demo/web:2.0.0-errors')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['b pending', 'b failure'])
    const message = world.chats.taken.at(-1)?.alert.message
    expect(message).to.match(/^Rolled back \w{10} \(web:2\.0\.0-errors\) at weight 20: request-success-rate /)

    world.annotate('retry', '1 kim: again')
    await world.until('Progressing')
    await world.clock.advance(20_000)
    expect(taken()).to.deep.equal(['b pending', 'b failure', 'b pending'])
  })

  test('a push in a run: the first commit is canceled, and the second one released', async () => {
    await push('demo/web:1.1.0', 'b')
    await world.until('Progressing 20')
    await push('demo/web:1.2.0', 'c')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['b pending', 'b canceled', 'c pending', 'c success'])
  })

  test('a promotion: pending and success, of the commit that came with it; others, before it and in the run, have none', async () => {
    world.annotate('commit', commit('b'))
    await world.clock.advance(minute)
    await push('demo/web:1.1.0', 'c')
    await world.until('Progressing 20')
    world.annotate('commit', commit('d'))
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['c pending', 'c success'])
    expect(world.chats.taken.at(-1)?.alert.message).to.match(/^Promoted \w{10} \(web:1\.1\.0\)/)
    expect(world.status.pendingEvents).to.deep.equal([])
  })

  test('promoted, and taken out of production by command: failure', async () => {
    await push('demo/web:1.1.0', 'b')
    await world.until('Succeeded')
    world.annotate('rollback', '1 kim: slow')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['b pending', 'b success', 'b failure'])
    expect(world.chats.taken.at(-1)?.alert.message).to.match(
      /^Rolled back to \w{10} \(web:1\.0\.0\), requested by kim: slow/,
    )
  })

  test('a server that is away, and a controller that is killed at every moment: each arrives once, in order, under one id', async () => {
    world.chats.answer('git', 'down')
    await push('demo/web:1.1.0', 'b')
    await restart()
    await world.until('Progressing 20')
    await restart()
    await world.until('Succeeded')
    await restart()
    expect(taken()).to.deep.equal([])
    world.chats.answer('git', 'takes')
    await world.clock.advance(10 * minute)
    expect(taken()).to.deep.equal(['b pending', 'b success'])
    const ids = world.chats.sent.map(({ call }) => call.id)
    expect([...new Set(ids)]).to.deep.equal(world.chats.taken.map(({ id }) => id))
  })

  test('a kill between the answer and its record repeats the status under the same id, and never an earlier one', async () => {
    await push('demo/web:1.1.0', 'b')
    await world.clock.runUntil(() => taken().length > 0, minute)
    await restart()
    await world.until('Succeeded')
    await world.clock.runUntil(() => taken().includes('b success'), minute)
    await restart()
    await world.clock.advance(minute)
    const arrived = taken()
    expect(arrived.lastIndexOf('b pending')).to.be.lessThan(arrived.indexOf('b success'))
    expect(new Set(arrived)).to.deep.equal(new Set(['b pending', 'b success']))
    expect(new Set(world.chats.taken.map(({ id }) => id)).size).to.equal(2)
  })

  test('an AlertProvider that is not there when the run ends, and a kill: the end is told once it is there again', async () => {
    await push('demo/web:2.0.0-errors', 'b')
    await world.until('Progressing 20')
    world.user.delete(kinds.AlertProvider, 'shop', 'git')
    await world.until('Failed')
    await restart()
    expect(taken()).to.deep.equal(['b pending'])
    provide({})
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['b pending', 'b failure'])
  })

  test('an alert for errors alone: a failure, and nothing of a promotion', async () => {
    const alerts = [{ name: 'git', severity: 'error', providerRef: { name: 'git' } }]
    world.user.merge(kinds.Canary, 'shop', 'web', { spec: { analysis: { alerts } } })
    await push('demo/web:1.1.0', 'b')
    await world.until('Succeeded')
    await push('demo/web:2.0.0-errors', 'c')
    await world.until('Failed')
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['c failure'])
  })

  test('a token without the right: the AlertProvider says so until one is accepted, and the release is as fast', async () => {
    world.chats.answer('git', 'rejects')
    await push('demo/web:1.1.0', 'b')
    await world.until('Succeeded')
    expect(condition()).to.include({ status: 'False', reason: 'NotAccepted' })
    world.chats.answer('git', 'takes')
    await world.clock.advance(10 * minute)
    expect(taken()).to.deep.equal(['b pending', 'b success'])
    expect(condition()).to.include({ status: 'True', reason: 'Ready' })
  })

  test('a status that the server never takes is given up at once, with an Event, and holds up none that follows', async () => {
    world.chats.answer('git', 'never takes')
    await push('demo/web:1.1.0', 'b')
    await world.until('Progressing 20')
    world.chats.answer('git', 'takes')
    await world.until('Succeeded')
    await world.clock.advance(minute)
    expect(taken()).to.deep.equal(['b success'])
    expect(world.events().filter(event => event.includes('was given up'))).to.have.length(1)
    expect(world.events().join()).to.match(
      /AlertNotSent: Alert git was given up, because AlertProvider shop\/git answered 422: no commit found\. It was about: The release of /,
    )
  })

  test('an annotation that names a repository that is not allowed is a warning, until it is allowed', async () => {
    world.annotate('commit', `github/shop/other@${'b'.repeat(40)}`)
    await world.clock.advance(minute)
    const sentence = /repository shop\/other is not allowed by spec\.repos of AlertProvider shop\/git\. Add it there/
    expect(warnings().join()).to.match(sentence)
    expect(world.events().join()).to.match(sentence)
    world.user.merge(kinds.AlertProvider, 'shop', 'git', { spec: { repos: ['shop/*'] } })
    await world.clock.advance(minute)
    expect(warnings()).to.deep.equal([])
  })
})
