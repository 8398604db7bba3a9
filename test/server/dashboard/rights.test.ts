/** Four users × every endpoint: nobody sees or does what the API server does not allow, and every request to it bears the caller's token. */
import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { call, canary, release, tab, TOKENS, type World, world } from './world.ts'

type Who = keyof typeof TOKENS | 'a token that is none' | 'no token'

const people: readonly Who[] = ['admin', 'editor', 'viewer', 'nobody', 'a token that is none', 'no token']

/** Call → what each of the people above hears: a status, and the code of the problem. */
const rows: Readonly<Record<string, readonly string[]>> = {
  'GET /api/whoami': ['200', '200', '200', '200', '401 token-refused', '401 no-token'],
  'GET /api/canaries/shop/web/charts': ['200', '200', '200', '403 forbidden', '401 token-refused', '401 no-token'],
  'GET /api/canaries/shop/web/pods': ['200', '200', '200', '403 forbidden', '401 token-refused', '401 no-token'],
  'GET /api/canaries/shop/web/objects': ['200', '200', '200', '403 forbidden', '401 token-refused', '401 no-token'],
  'GET /api/canaries/shop/web/diff': ['200', '200', '200', '403 forbidden', '401 token-refused', '401 no-token'],
  'GET /api/canaries/shop/web/events': ['200', '200', '200', '403 forbidden', '401 token-refused', '401 no-token'],
  'GET /api/canaries/other/web/pods': [
    '404 not-found',
    '403 forbidden',
    '403 forbidden',
    '403 forbidden',
    '401 token-refused',
    '401 no-token',
  ],
  'POST /api/canaries/shop/web/commands': [
    '200',
    '200',
    '403 forbidden',
    '403 forbidden',
    '401 token-refused',
    '401 no-token',
  ],
  'POST /api/canaries/other/web/commands': [
    '404 not-found',
    '403 forbidden',
    '403 forbidden',
    '403 forbidden',
    '401 token-refused',
    '401 no-token',
  ],
  'POST /api/stream': ['200', '200', '200', '200', '401 token-refused', '401 no-token'],
}

const tokenOf = (who: Who): { token?: string } =>
  who === 'no token' ? {} : { token: who in TOKENS ? TOKENS[who as keyof typeof TOKENS] : 'nonsense' }

suite('the page shows and does what the caller may', () => {
  let w: World

  suiteSetup(async () => {
    w = await world()
    release(w)
  })
  suiteTeardown(() => w.close())

  for (const [route, wanted] of Object.entries(rows)) {
    test(`${route} as ${people.join(', ')}`, async () => {
      const heard = await Promise.all(
        people.map(async who => {
          const isCommand = route.endsWith('/commands')
          // Its end is the answer that can be waited for.
          if (route === 'POST /api/stream' && who in TOKENS) return opened(w, TOKENS[who as keyof typeof TOKENS])
          const body = isCommand
            ? { command: 'pause', why: `as ${who}` }
            : route === 'POST /api/stream'
              ? { namespaces: 'all' }
              : undefined
          const answer = await call(w, route, { ...tokenOf(who), ...(body === undefined ? {} : { body }) })
          return `${answer.status} ${answer.status < 300 ? '' : String(answer.body['code'])}`.trim()
        }),
      )
      expect(heard).to.deep.equal(wanted)
    })
  }

  async function opened(of: World, token: string): Promise<string> {
    const one = await tab(of, token, { namespaces: ['shop'] })
    await one.until(line => line.kind === 'list' || line.kind === 'end')
    one.close()
    return '200'
  }

  test('a stream of what may not be watched ends with the reason, and a list is what may be listed', async () => {
    const heard = await Promise.all(
      [
        [TOKENS.admin, 'all'],
        [TOKENS.viewer, ['shop']],
        [TOKENS.viewer, 'all'],
        [TOKENS.viewer, ['shop', 'other']],
        [TOKENS.nobody, ['shop']],
      ].map(async ([token, namespaces]) => {
        const one = await tab(w, String(token), { namespaces })
        const line = await one.until(({ kind }) => kind === 'list' || kind === 'end')
        one.close()
        if (line.kind === 'end') return line.problem.code
        return line.kind === 'list' ? line.items.map(({ namespace, name }) => `${namespace}/${name}`).join() : ''
      }),
    )
    expect(heard).to.deep.equal(['shop/web', 'shop/web', 'forbidden', 'forbidden', 'forbidden'])
  })

  test('namespaces: all of them, those that the address names, or a sentence', async () => {
    const asked = async (token: string, query = ''): Promise<unknown> =>
      (await call(w, `GET /api/whoami${query}`, { token })).body['namespaces']
    expect(await asked(TOKENS.admin)).to.deep.equal({ kind: 'all' })
    expect(await asked(TOKENS.viewer, '?ns=other&ns=shop')).to.deep.equal({ kind: 'some', names: ['shop'], more: 0 })
    expect(await asked(TOKENS.viewer)).to.deep.equal({
      kind: 'unknown',
      sentence:
        'You may neither list Canaries of all namespaces nor namespaces. Name a namespace, or open the page with ?ns=NAME',
    })
    w.api.of(TOKENS.viewer).rights = { ...w.api.of(TOKENS.viewer).rights, '': ['list namespaces'] }
    expect(await asked(TOKENS.viewer)).to.deep.equal({ kind: 'some', names: ['shop'], more: 0 })
  })

  test('who may list and not watch is told so, whatever is shown', async () => {
    for (const wanted of [{ namespaces: ['shop'] }, { canary: { namespace: 'shop', name: 'web' } }]) {
      const one = await tab(w, TOKENS.lister, wanted)
      const end = await one.until(({ kind }) => kind === 'end')
      expect(end.kind === 'end' && end.problem).to.deep.equal({
        code: 'forbidden',
        sentence:
          'Canaries of namespace shop: you have no right to watch them, or no longer, and this page needs it. ClusterRole sluice-view has the rights get, list and watch',
      })
    }
  })

  test('who may not ask about themselves sees what may be listed, without a name', async () => {
    const asked = async (query: string): Promise<unknown> =>
      (await call(w, `GET /api/whoami${query}`, { token: TOKENS.stranger })).body
    const nameless = { user: '', groups: [] }
    const shop = { kind: 'some', names: ['shop'], more: 0 }
    expect(await asked('?ns=shop&ns=other')).to.deep.equal({ ...nameless, namespaces: shop })
    expect(await asked('')).to.deep.include(nameless)
    const one = await tab(w, TOKENS.stranger, { namespaces: ['shop'] })
    const list = await one.until(({ kind }) => kind === 'list' || kind === 'end')
    one.close()
    expect(list.kind).to.equal('list')
  })

  test('events are those of this Canary, and not of one of the same name in another API', async () => {
    const about = (apiVersion: string, uid: string, message: string): void =>
      void w.api.user.create({
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: message, namespace: 'shop' },
        involvedObject: { apiVersion, kind: 'Canary', namespace: 'shop', name: 'web', uid },
        type: 'Normal',
        reason: 'Synced',
        message,
        lastTimestamp: '2026-01-01T00:00:00Z',
      })
    about('flagger.app/v1beta1', 'of-flagger', 'theirs')
    about('sluice.dev/v1beta1', w.api.user.get(kinds.Canary, 'shop', 'web')?.metadata.uid ?? '', 'ours')
    const { body } = await call(w, 'GET /api/canaries/shop/web/events', { token: TOKENS.editor })
    expect((body['items'] as { message: string }[]).map(({ message }) => message)).to.deep.equal(['ours'])
  })

  test('one Canary comes with what the caller may do, and names what the caller may not read', async () => {
    const seen = await Promise.all(
      [TOKENS.editor, TOKENS.viewer].map(async token => {
        const one = await tab(w, token, { canary: { namespace: 'shop', name: 'web' } })
        const rights = await one.until(({ kind }) => kind === 'rights')
        const detail = await one.until(line => line.kind === 'canary' && line.canary !== null)
        one.close()
        return [
          rights.kind === 'rights' && rights.rights.commands.length,
          detail.kind === 'canary' && detail.canary?.view.phase,
        ]
      }),
    )
    expect(seen).to.deep.equal([
      [6, 'Progressing'],
      [0, 'Progressing'],
    ])
    const pods = await call(w, 'GET /api/canaries/shop/web/pods', { token: TOKENS.viewer })
    expect(pods.body['sentence']).to.equal('You have no right to read Deployments or pods here')
    const objects = await call(w, 'GET /api/canaries/shop/web/objects', { token: TOKENS.viewer })
    expect(objects.body['unread']).to.have.length.greaterThan(3)
  })

  test('a command is an annotation by the user whom the API server knows, with a manager of its own', async () => {
    const body = { command: 'approve', why: 'looks fine', revision: 'b'.repeat(10), full: true }
    const { body: sent } = await call(w, 'POST /api/canaries/shop/web/commands', { token: TOKENS.editor, body })
    const { metadata } = w.api.user.get(kinds.Canary, 'shop', 'web') ?? canary('web')
    expect(metadata.annotations?.['sluice.dev/approve']).to.equal(
      `${String(sent['id'])} system:serviceaccount:shop:ci: full revision=bbbbbbbbbb looks fine`,
    )
    expect(metadata.managedFields?.map(({ manager }) => manager)).to.include('sluice-dashboard')
  })

  test('with --read-only no command is given, whatever the rights', async () => {
    const quiet = await world({ readOnly: true })
    try {
      release(quiet)
      const body = { command: 'abort' }
      const answer = await call(quiet, 'POST /api/canaries/shop/web/commands', { token: TOKENS.admin, body })
      expect([answer.status, answer.body['code']]).to.deep.equal([403, 'read-only'])
      expect(quiet.api.requests.filter(({ method }) => method === 'PATCH')).to.deep.equal([])
    } finally {
      await quiet.close()
    }
  })

  test('every request to the API server bears the token of who asked, and there is one watch for all tabs of one', async () => {
    const tabs = await Promise.all([
      ...[1, 2, 3].map(() => tab(w, TOKENS.editor, { namespaces: ['shop'] })),
      tab(w, TOKENS.editor, { canary: { namespace: 'shop', name: 'web' } }),
      tab(w, TOKENS.viewer, { namespaces: ['shop'] }),
    ])
    for (const one of tabs) await one.until(({ kind }) => kind === 'list' || kind === 'canary')
    await eventually(() => w.api.watches.length === 2)
    expect([...w.api.watches].toSorted()).to.deep.equal(
      [TOKENS.editor, TOKENS.viewer]
        .map(token => `${token} /apis/sluice.dev/v1beta1/namespaces/shop/canaries`)
        .toSorted(),
    )
    for (const one of tabs) one.close()
    await eventually(() => w.api.watches.length === 0)
    const bearers = new Set(w.api.requests.map(({ authorization }) => authorization))
    const known = new Set([...Object.values(TOKENS), 'nonsense'].map(token => `Bearer ${token}`))
    expect([...bearers].filter(one => !known.has(one))).to.deep.equal([])
  })
})

/** Polls a fact of the API server that it tells nobody. The test's own deadline ends the wait. */
async function eventually(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise(resolve => setTimeout(resolve, 5))
}
