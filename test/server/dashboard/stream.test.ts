/** What a tab hears while the cluster changes, and when it ends. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { canary, release, tab, TOKENS, type World, world } from './world.ts'

suite('the stream of a tab', () => {
  let w: World

  setup(async () => {
    w = await world()
    release(w)
  })
  teardown(() => w.close())

  const list = { namespaces: ['shop'] }

  test('has the list, then what is new, changed and gone', async () => {
    const one = await tab(w, TOKENS.viewer, list)
    const first = await one.until(({ kind }) => kind === 'list')
    expect(one.lines[0]?.kind).to.equal('hello')
    expect(first.kind === 'list' && first.items.map(({ name, view }) => [name, view.phase, view.step])).to.deep.equal([
      ['web', 'Progressing', '1/2'],
    ])
    w.api.user.create(canary('api'))
    await one.until(line => line.kind === 'changes' && line.changed.some(({ name }) => name === 'api'))
    w.api.user.mergeStatus(kinds.Canary, 'shop', 'web', { status: { phase: 'Succeeded' } })
    await one.until(line => line.kind === 'changes' && line.changed.some(({ view }) => view.phase === 'Succeeded'))
    w.api.user.delete(kinds.Canary, 'shop', 'api')
    await one.until(line => line.kind === 'changes' && line.gone.some(({ name }) => name === 'api'))
    w.api.user.create(canary('elsewhere', 'other'))
    w.api.user.create(canary('last'))
    await one.until(line => line.kind === 'changes' && line.changed.some(({ name }) => name === 'last'))
    expect(JSON.stringify(one.lines)).to.not.include('elsewhere')
    one.close()
  })

  test('has a long list in lines of a bounded length, of which the last says that it is whole', async () => {
    for (let n = 1; n < 250; n += 1) w.api.user.create(canary(`service-${n}`))
    const one = await tab(w, TOKENS.viewer, list)
    await one.until(line => line.kind === 'list' && line.rest === undefined)
    const pieces = one.lines.flatMap(line => (line.kind === 'list' ? [line] : []))
    expect(pieces.map(({ items, rest }) => [items.length, rest])).to.deep.equal([
      [100, 150],
      [100, 50],
      [50, undefined],
    ])
    expect(new Set(pieces.flatMap(({ items }) => items.map(({ name }) => name))).size).to.equal(250)
    one.close()
  })

  test('of one Canary: each state, and that it is gone', async () => {
    const one = await tab(w, TOKENS.editor, { canary: { namespace: 'shop', name: 'web' } })
    // Images of both sides are there once the workloads are read.
    await one.until(line => line.kind === 'canary' && line.canary?.view.sides.canary.images[0] === 'web:2.0.0')
    w.api.user.mergeStatus(kinds.Canary, 'shop', 'web', { status: { canaryWeight: 50 } })
    await one.until(line => line.kind === 'canary' && line.canary?.view.traffic.requested === 50)
    w.api.user.delete(kinds.Canary, 'shop', 'web')
    await one.until(line => line.kind === 'canary' && line.canary === null)
    one.close()
  })

  test('of a Canary that is not there waits for it', async () => {
    const one = await tab(w, TOKENS.viewer, { canary: { namespace: 'shop', name: 'later' } })
    await one.until(line => line.kind === 'canary' && line.canary === null)
    w.api.user.create(canary('later'))
    await one.until(line => line.kind === 'canary' && line.canary?.name === 'later')
    one.close()
  })

  const endings: Readonly<Record<string, readonly [(of: World) => void, string]>> = {
    'the token is revoked': [of => of.api.revoke(TOKENS.editor), 'token-refused'],
    'the right to watch is lost': [
      of => (of.api.of(TOKENS.editor).rights = { shop: ['get,list canaries'] }),
      'forbidden',
    ],
  }
  for (const [what, [happens, code]] of Object.entries(endings)) {
    for (const body of [list, { canary: { namespace: 'shop', name: 'web' } }]) {
      test(`ends when ${what}: ${Object.keys(body).join()}`, async () => {
        const one = await tab(w, TOKENS.editor, body)
        await one.until(({ kind }) => kind === 'list' || kind === 'canary')
        happens(w)
        const end = await one.until(({ kind }) => kind === 'end')
        expect(end.kind === 'end' && [end.problem.code, end.again]).to.deep.equal([code, null])
      })
    }
  }

  for (const who of ['viewer', 'stranger'] as const) {
    test(`goes on while the API server is away, says so, and has the whole list again after it: ${who}`, async () => {
      const one = await tab(w, TOKENS[who], list)
      await one.until(({ kind }) => kind === 'list')
      w.api.weather = 'broken'
      const trouble = await one.until(line => line.kind === 'trouble' && line.problem !== null)
      expect(trouble.kind === 'trouble' && trouble.problem?.code).to.equal('api-server')
      w.api.user.create(canary('meanwhile'))
      w.api.weather = 'well'
      await one.until(line => line.kind === 'trouble' && line.problem === null)
      expect(one.lines.some(({ kind }) => kind === 'end')).to.equal(false)
      expect(JSON.stringify(one.lines)).to.include('meanwhile')
      one.close()
    })
  }

  test('says that Sluice is not installed', async () => {
    w.api.weather = 'without Sluice'
    const one = await tab(w, TOKENS.viewer, list)
    const end = await one.until(({ kind }) => kind === 'end')
    expect(end.kind === 'end' && end.problem.code).to.equal('not-installed')
  })

  test('is told that the server stops', async () => {
    const one = await tab(w, TOKENS.viewer, list)
    await one.until(({ kind }) => kind === 'list')
    const closed = w.page.close()
    const end = await one.until(({ kind }) => kind === 'end')
    expect(end.kind === 'end' && end.again).to.be.greaterThan(0)
    await closed
  })
})
