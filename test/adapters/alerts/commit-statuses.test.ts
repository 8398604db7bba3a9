/** Commit statuses against real servers on loopback that answer as GitHub, GitLab and Gitea document it. */
import { expect } from 'chai'
import { z } from 'zod'
import { commitStatusRequest } from '../../../src/adapters/alerts/commit-status.ts'
import type { AlertProvider, AlertProviderSpec, GitType } from '../../../src/api/alert-provider.ts'
import type { AlertCall, AlertMessage, AlertOutcome } from '../../../src/core/model/alert.ts'
import { COMMIT_STATES, type CommitState, type GitCommit } from '../../../src/core/model/commit.ts'
import type { Answering, Served } from '../http/servers.ts'
import { alert, Open, providerOf } from './given.ts'

const sha = '0123456789abcdef0123456789abcdef01234567'

/** With a message that is longer than a description may be. */
const long: AlertMessage = { ...alert, message: `${alert.message}, and so much more ≥ than fits` }

const common = { description: z.string().max(140), target_url: z.url().optional() }
/** https://docs.github.com/en/rest/commits/statuses#create-a-commit-status */
const ofGithub = z.strictObject({
  ...common,
  state: z.enum(['error', 'failure', 'pending', 'success']),
  context: z.string().max(255),
})
/** https://docs.gitlab.com/api/commits/#set-commit-pipeline-status */
const ofGitlab = z.strictObject({
  ...common,
  state: z.enum(['pending', 'running', 'success', 'failed', 'canceled', 'skipped']),
  name: z.string().max(255),
})
/** CreateStatusOption of https://docs.gitea.com/api */
const ofGitea = z.strictObject({
  ...common,
  state: z.enum(['pending', 'success', 'error', 'failure', 'warning']),
  context: z.string(),
})

const services: Readonly<
  Record<
    GitType,
    {
      readonly schema: z.ZodType
      readonly repo: string
      readonly path: string
      readonly token: readonly [header: string, value: string]
      readonly states: readonly string[]
    }
  >
> = {
  github: {
    schema: ofGithub,
    repo: 'shop/web',
    path: `/api/v3/repos/shop/web/statuses/${sha}`,
    token: ['authorization', 'Bearer secret-token'],
    states: ['pending', 'success', 'failure', 'error', 'error'],
  },
  gitlab: {
    schema: ofGitlab,
    repo: 'shop/teams/web',
    path: `/api/v4/projects/shop%2Fteams%2Fweb/statuses/${sha}`,
    token: ['private-token', 'secret-token'],
    states: ['pending', 'success', 'failed', 'failed', 'canceled'],
  },
  gitea: {
    schema: ofGitea,
    repo: 'shop/web',
    path: `/api/v1/repos/shop/web/statuses/${sha}`,
    token: ['authorization', 'token secret-token'],
    states: ['pending', 'success', 'failure', 'error', 'error'],
  },
}
const types = Object.keys(services) as GitType[]

suite('a commit status that is sent', () => {
  const open = new Open()
  const server = (answer: Answering): Promise<Served> => open.server(answer)

  interface Given {
    readonly state?: CommitState
    readonly commit?: string
    readonly spec?: Partial<AlertProviderSpec>
    readonly secret?: Record<string, string>
    readonly told?: Partial<AlertMessage>
  }

  const gitProvider = (type: GitType, spec: Partial<AlertProviderSpec>): AlertProvider =>
    providerOf('git', { type, repos: ['shop/*'], secretRef: { name: 'git' }, caSecretRef: { name: 'ca' }, ...spec })

  async function send(type: GitType, url: string, given: Given = {}): Promise<AlertOutcome> {
    const { state = 'failure', spec = {}, secret = { token: 'secret-token' }, told = {} } = given
    const call: AlertCall = {
      id: 'a1b2c3d4',
      namespace: 'shop',
      provider: gitProvider(type, { address: url, ...spec }),
      alert: { ...long, ...told },
      thread: null,
      commit: { of: given.commit ?? `${type}/${services[type].repo}@${sha}`, state },
    }
    return open.sender(secret).send(call, new AbortController().signal)
  }

  for (const type of types) {
    const { schema, path, token, states } = services[type]

    test(`${type} gets what it documents, at its path, with the token in its header`, async () => {
      const git = await server(response => response.writeHead(201).end('{"id": 1}'))
      for (const state of COMMIT_STATES) {
        expect(await send(type, git.url, { state })).to.deep.equal({ kind: 'delivered', thread: null })
      }
      await send(type, git.url, { told: { link: '' } })
      const bodies = git.asked.map(({ body }) => JSON.parse(body) as Record<string, unknown>)
      for (const body of bodies) schema.parse(body)
      expect(bodies.slice(0, states.length).map(({ state }) => state)).to.deep.equal(states)
      const [first, last] = [bodies[0], bodies.at(-1)]
      expect(first?.['context'] ?? first?.['name']).to.equal('sluice/eu-1/shop/web')
      expect(first?.['description']).to.match(/^Rolled back 790dc1af77 \(web:2\.0\.0\) at weight 10: .*…$/)
      expect(first?.['target_url']).to.equal(alert.link)
      expect(last).not.to.have.property('target_url')
      const asked = git.asked[0]
      expect(`${asked?.method} ${asked?.path}`).to.equal(`POST ${path}`)
      expect(asked?.headers[token[0]]).to.equal(token[1])
      expect(asked?.headers['idempotency-key']).to.equal('a1b2c3d4')
    })

    const refused = {
      401: [
        'rejected',
        /^answered 401: \{"message":"no"\}\. Write a token that is valid into the key token of Secret shop\/git$/,
      ],
      403: [
        'rejected',
        /^answered 403: .*The token in Secret shop\/git may not set the status of shop\/.*web at 0123456789; it needs the /,
      ],
      404: [
        'missing',
        /^answered 404: .*There is no shop\/.*web at 0123456789 on this server, or the token in Secret shop\/git may not see it/,
      ],
    } as const
    for (const [status, [kind, sentence]] of Object.entries(refused)) {
      test(`${type} answers ${status}: a user can mend that`, async () => {
        const git = await server(response => response.writeHead(Number(status)).end('{"message":"no"}'))
        const outcome = await send(type, git.url)
        expect(outcome.kind).to.equal(kind)
        expect('error' in outcome ? outcome.error : '').to.match(sentence)
      })
    }

    test(`${type} redirects: that is not followed, and a user can mend it`, async () => {
      const git = await server((response, asked) => response.writeHead(307, { location: `${asked.path}x` }).end())
      const outcome = await send(type, git.url)
      expect(outcome.kind).to.equal('rejected')
      expect('error' in outcome ? outcome.error : '').to.match(
        /^answered with a redirect, which is not followed\. If shop\/.*web has a new name, write it into annotation sluice\.dev\/commit and spec\.repos; /,
      )
      expect(git.asked).to.have.length(1)
    })

    test(`${type} answers 422: it is final; 429, 409 and 503: it is sent again`, async () => {
      let answer: [number, Record<string, string>] = [422, {}]
      const git = await server(response => response.writeHead(...answer).end('{"message":"no"}'))
      expect(await send(type, git.url)).to.deep.equal({ kind: 'final', error: 'answered 422: {"message":"no"}' })
      answer = [429, { 'retry-after': '60' }]
      expect(await send(type, git.url)).to.deep.include({ kind: 'failed', after: 60_000 })
      answer = [409, {}]
      expect(await send(type, git.url)).to.deep.include({ kind: 'failed', after: null })
      answer = [503, {}]
      expect(await send(type, git.url)).to.deep.include({ kind: 'failed', after: null })
    })
  }

  test("GitHub's limits, which it says with 403, are waited for, and are no fault of the token", async () => {
    let headers: Record<string, string> = { 'retry-after': '90' }
    const git = await server(response => response.writeHead(403, headers).end('{"message":"secondary rate limit"}'))
    expect(await send('github', git.url)).to.deep.equal({
      kind: 'failed',
      error: 'answered 403: {"message":"secondary rate limit"}',
      after: 90_000,
    })
    const reset = Math.floor(Date.now() / 1000) + 1800
    headers = { 'x-ratelimit-remaining': '0', 'x-ratelimit-reset': `${reset}` }
    const outcome = await send('github', git.url)
    if (outcome.kind !== 'failed') throw new Error(outcome.kind)
    expect(outcome.after).to.be.within(1_700_000, 1_800_000)
  })

  test('GitLab has a start already, from before a crash: it has arrived; another illegal transition is final', async () => {
    let said = 'Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")'
    const git = await server(response => response.writeHead(400).end(JSON.stringify({ message: said })))
    expect(await send('gitlab', git.url, { state: 'pending' })).to.deep.equal({ kind: 'delivered', thread: null })
    expect((await send('gitlab', git.url, { state: 'success' })).kind).to.equal('final')
    said = 'Cannot transition status via :drop from :success'
    expect((await send('gitlab', git.url, { state: 'failure' })).kind).to.equal('final')
  })

  test('is not sent where it is not allowed, although it was decided on', async () => {
    const git = await server(response => response.writeHead(201).end())
    const said = async (given: Given): Promise<string> => {
      const outcome = await send('github', git.url, given)
      return `${outcome.kind}: ${'error' in outcome ? outcome.error : ''}`
    }
    expect(await said({ spec: { repos: ['shop/other'] } })).to.equal(
      'final: was not called: repository shop/web is not allowed by spec.repos; add it there',
    )
    expect(await said({ commit: `gitlab/shop/web@${sha}` })).to.match(
      /^final: is of type github, and gitlab.* is no commit of it/,
    )
    expect(await said({ commit: `github/shop/../../user@${sha}` })).to.match(/^final: .* is no commit of it$/)
    expect(await said({ secret: { address: git.url } })).to.equal(
      'failed: was not called: Secret shop/git has no key token; write the token there',
    )
    expect(git.asked).to.deep.equal([])
  })

  test('shows nothing of the token, whatever the server says', async () => {
    const git = await server((response, { headers }) => response.writeHead(403).end(JSON.stringify(headers)))
    for (const type of types) expect(JSON.stringify(await send(type, git.url))).not.to.include('secret-token')
  })

  test('shows nothing of the path of its address, whatever the server says', async () => {
    const git = await server((response, { path }) => response.writeHead(403).end(JSON.stringify({ path })))
    for (const type of types) {
      expect(JSON.stringify(await send(type, `${git.url}/hidden-path`)))
        .to.match(/redacted/)
        .and.not.match(/hidden/)
    }
  })

  test('a server of Gitea has to be named', async () => {
    const provider = gitProvider('gitea', {})
    const found = await open.sender({ token: 't' }).problemOf(provider, new AbortController().signal)
    expect(found).to.deep.equal({
      reason: 'SecretNotUsable',
      message: 'write the URL of the gitea server into spec.address',
    })
  })
})

suite('the address of a Git server', () => {
  const commit = (type: GitType): GitCommit => ({ type, repo: 'a/b', sha })
  const rows: readonly [GitType, string, string][] = [
    ['github', 'https://api.github.com', 'https://api.github.com/repos/a/b'],
    ['github', 'https://github.com/', 'https://api.github.com/repos/a/b'],
    ['github', 'https://acme.ghe.com', 'https://api.acme.ghe.com/repos/a/b'],
    ['github', 'https://api.acme.ghe.com', 'https://api.acme.ghe.com/repos/a/b'],
    ['github', 'https://git.example.com', 'https://git.example.com/api/v3/repos/a/b'],
    ['github', 'https://git.example.com/api/v3/', 'https://git.example.com/api/v3/repos/a/b'],
    ['gitlab', 'https://gitlab.com', 'https://gitlab.com/api/v4/projects/a%2Fb'],
    ['gitlab', 'https://example.com/gitlab/', 'https://example.com/gitlab/api/v4/projects/a%2Fb'],
    ['gitlab', 'https://example.com/api/v4', 'https://example.com/api/v4/projects/a%2Fb'],
    ['gitea', 'https://example.com:3000/git?x=1#y', 'https://example.com:3000/git/api/v1/repos/a/b'],
    ['gitea', 'https://example.com/api/v1', 'https://example.com/api/v1/repos/a/b'],
  ]
  for (const [type, address, url] of rows) {
    test(`${type} at ${address}`, () => {
      const request = commitStatusRequest(new URL(address), commit(type), 'pending', alert, 'eu-1')
      expect(request.url.href).to.equal(`${url}/statuses/${sha}`)
    })
  }

  test('a context that is too long is cut, and stays another one than that of its neighbour', () => {
    const contextOf = (canary: string): unknown =>
      commitStatusRequest(new URL('https://x.test'), commit('github'), 'pending', { ...alert, canary }, 'eu-1').body[
        'context'
      ]
    const [one, other] = ['a', 'b'].map(last => String(contextOf(`${'n'.repeat(250)}${last}`)))
    expect(one).to.have.length(255)
    expect(one).not.to.equal(other)
  })
})
