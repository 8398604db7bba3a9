/**
 * Commit statuses by the commands of docs/commit-status.md, over TLS, to a server that answers as GitHub, GitLab and Gitea document it:
 * also to a token that is wrong, to what is not there, to what is refused and to too many requests. The token is shown nowhere.
 */
import { createServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import type { GitType } from '../../../src/api/alert-provider.ts'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordsOf, textOf } from '../../../src/core/json.ts'
import { selfSigned } from '../../../test/adapters/http/certificate.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { Shop } from '../../fixtures/shop.ts'
import { shownOf } from '../../fixtures/shown.ts'
import { together } from '../../fixtures/together.ts'
import { addresses } from '../../lab/network.ts'
import { waitFor } from '../../lab/wait.ts'

const TOKEN = 'canary-in-the-token'

interface Answer {
  readonly status: number
  readonly headers?: Readonly<Record<string, string>>
  readonly body: unknown
}

/** How each service answers to a status that it takes, and to a token that it does not know. */
const services: Readonly<
  Record<GitType, { path: RegExp; shown: (headers: NodeJS.Dict<string | string[]>) => unknown; unknown: unknown }>
> = {
  github: {
    path: /^\/api\/v3\/repos\/shop\/web\/statuses\/([0-9a-f]{40})$/,
    shown: headers => headers['authorization'] === `Bearer ${TOKEN}`,
    unknown: { message: 'Bad credentials', documentation_url: 'https://docs.github.com/rest', status: '401' },
  },
  gitlab: {
    path: /^\/api\/v4\/projects\/shop%2Fteams%2Fweb\/statuses\/([0-9a-f]{40})$/,
    shown: headers => headers['private-token'] === TOKEN,
    unknown: { message: '401 Unauthorized' },
  },
  gitea: {
    path: /^\/api\/v1\/repos\/shop\/web\/statuses\/([0-9a-f]{40})$/,
    shown: headers => headers['authorization'] === `token ${TOKEN}`,
    unknown: { message: 'invalid username, password or token', url: 'https://git.example.com/api/swagger' },
  },
}
const types = Object.keys(services) as GitType[]

/** One server for the three. It answers with what is next in its queue, and then takes what it is sent. */
class GitServer {
  /** `github 01234 pending`, as they were taken. */
  readonly taken: string[] = []
  readonly contexts = new Set<string>()
  /** What it answered with, of one service. */
  readonly refused: string[] = []
  readonly next = new Map<GitType, Answer[]>()
  /** What it answers with for now, of one service. */
  readonly meanwhile = new Map<GitType, Answer>()
  readonly #server

  constructor(key: string, cert: string) {
    this.#server = createServer({ key, cert }, (request, response) => {
      let text = ''
      request.setEncoding('utf8').on('data', (piece: string) => (text += piece))
      request.on('end', () => {
        const { status, headers = {}, body } = this.#answer(request.url ?? '', request.headers, JSON.parse(text))
        response.writeHead(status, { 'content-type': 'application/json', ...headers }).end(JSON.stringify(body))
      })
    })
  }

  async start(): Promise<string> {
    await new Promise<void>(resolve => {
      this.#server.listen(0, addresses.node, resolve)
    })
    return `https://${addresses.node}:${(this.#server.address() as AddressInfo).port}`
  }

  close(): void {
    this.#server.close()
    this.#server.closeAllConnections()
  }

  #answer(path: string, headers: NodeJS.Dict<string | string[]>, body: unknown): Answer {
    const type = types.find(one => services[one].path.test(path))
    if (type === undefined) return { status: 404, body: { message: 'Not Found' } }
    const answer = services[type].shown(headers)
      ? (this.meanwhile.get(type) ?? this.next.get(type)?.shift())
      : { status: 401, body: services[type].unknown }
    if (answer !== undefined) {
      this.refused.push(`${type} ${answer.status}`)
      return answer
    }
    const [, sha = ''] = services[type].path.exec(path) ?? []
    this.taken.push(`${type} ${sha.slice(0, 4)} ${textOf(at(body, 'state'))}`)
    this.contexts.add(textOf(at(body, 'context') ?? at(body, 'name')))
    return { status: 201, body: { id: 1 } }
  }
}

const providerOf = (type: GitType, address: string): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'AlertProvider',
  metadata: { name: type },
  spec: { type, address, repos: ['shop/*'], secretRef: { name: 'git' }, caSecretRef: { name: 'git-ca' } },
})

async function untilReady(shop: Shop, name: GitType, status: string, sentence: RegExp): Promise<void> {
  await waitFor(`AlertProvider ${name} says: ${sentence}`, 90, async () => {
    const [ready] = recordsOf(at(await shop.get(kinds.AlertProvider, name), 'status', 'conditions'))
    return ready?.['status'] === status && sentence.test(textOf(ready['message']))
  })
}

/** The words of a command of the page, for this shop. */
function command(block: number, line: number, replacing: Readonly<Record<string, string>> = {}): string[] {
  const text = blocks(read('docs/commit-status.md'), 'sh')[block]?.trim().split('\n')[line] ?? ''
  const own = Object.entries(replacing).reduce((said, [from, to]) => said.replace(from, to), text)
  return own.replace('kubectl -n shop ', '').split(' ')
}

const commitOf = (type: GitType, digit: string): string =>
  `${type}/shop/${type === 'gitlab' ? 'teams/' : ''}web@${digit.repeat(40)}`

/** A push as CI makes it: the image, and the annotation by the command of the page. */
async function push(shop: Shop, version: string, commit: string): Promise<void> {
  await shop.setImage(version)
  const [shown = ''] = /github\/shop\/web@[0-9a-f]{40}/.exec(command(1, 0).join(' ')) ?? []
  await shop.kubectl(...command(1, 0, { [shown]: commit }))
}

async function told(shop: Shop): Promise<void> {
  const { cert, key } = selfSigned(addresses.node)
  const git = new GitServer(key, cert)
  const address = await git.start()
  try {
    await shop.deployWeb({ version: 'v1' })
    const alerts = types.map(name => ({ name, providerRef: { name } }))
    const metrics = [{ name: 'one', query: 'vector(1)', thresholdRange: { min: 1 } }]
    await shop.apply(
      { apiVersion: 'v1', kind: 'Secret', metadata: { name: 'git-ca' }, stringData: { 'ca.crt': cert } },
      ...types.map(type => providerOf(type, address)),
      shop.canary({
        provider: 'kubernetes',
        service: { gateways: undefined, hosts: undefined },
        analysis: { iterations: 2, metrics, alerts },
      }),
    )
    await untilReady(shop, 'github', 'False', /Secret .*\/git does not exist; create it with the key token/)
    await shop.kubectl(...command(0, 0, { '…': 'a-wrong-token' }))
    await untilReady(shop, 'github', 'True', /could be sent/)
    await waitFor(
      'the primary serves',
      90,
      async () => at(await shop.get(kinds.Canary, 'web'), 'status', 'phase') === 'Initialized',
    )

    await push(shop, 'v2', commitOf('github', '1'))
    await untilReady(shop, 'github', 'False', /answered 401: .*Bad credentials.*Write a token that is valid/)
    const data = JSON.stringify({ stringData: { token: TOKEN } })
    await shop.kubectl('patch', 'secret', 'git', '-p', data)
    await waitFor('GitHub is told of the promotion', 120, () => git.taken.includes('github 1111 success'))
    expect(git.taken).to.deep.equal(['github 1111 pending', 'github 1111 success'])
    await untilReady(shop, 'github', 'True', /could be sent/)
    expect(await shop.kubectl(...command(0, 1, { ' git': ' github' }))).to.match(/github +github +True/)

    git.meanwhile.set('gitlab', { status: 404, body: { message: '404 Project Not Found' } })
    git.next.set('gitlab', [
      { status: 429, headers: { 'retry-after': '1' }, body: { message: 'Retry later' } },
      {
        status: 400,
        body: {
          message:
            'Cannot transition status via :enqueue from :pending (Reason(s): Status cannot transition via "enqueue")',
        },
      },
    ])
    await push(shop, 'v3', commitOf('gitlab', '2'))
    await untilReady(
      shop,
      'gitlab',
      'False',
      /answered 404: .*There is no shop\/teams\/web at 2222222222 on this server/,
    )
    git.meanwhile.delete('gitlab')
    await waitFor('GitLab is told of the promotion', 120, () => git.taken.includes('gitlab 2222 success'))
    const refused = new Set(git.refused.filter(one => one.startsWith('gitlab')))
    expect([...refused]).to.deep.equal(['gitlab 404', 'gitlab 429', 'gitlab 400'])
    await untilReady(shop, 'gitlab', 'True', /could be sent/)

    // The release lasts until it is aborted.
    const long = JSON.stringify({ spec: { analysis: { iterations: 600 } } })
    await shop.kubectl('patch', 'canary/web', '--type=merge', '-p', long)
    git.next.set('gitea', [{ status: 422, body: { message: 'context is too long' } }])
    await push(shop, 'v4', commitOf('gitea', '3'))
    await waitFor('Gitea has refused', 90, () => git.refused.includes('gitea 422'))
    await shop.kubectl('annotate', 'canary/web', 'sluice.dev/abort=1 kim: no', '--overwrite')
    await waitFor('Gitea is told of the rollback', 120, () => git.taken.includes('gitea 3333 failure'))
    expect(git.taken.slice(2)).to.deep.equal(['gitlab 2222 success', 'gitea 3333 failure'])
    expect([...git.contexts]).to.deep.equal([`sluice/in-cluster/${shop.namespace}/web`])

    await shop.kubectl(
      'annotate',
      'canary/web',
      `sluice.dev/commit=${commitOf('gitea', '4').replace('shop', 'pay')}`,
      '--overwrite',
    )
    await waitFor('the Canary says what is not allowed', 60, async () => {
      const warnings = recordsOf(at(await shop.get(kinds.Canary, 'web'), 'status', 'warnings'))
      return warnings.some(({ message }) => textOf(message).includes('repository pay/web is not allowed by spec.repos'))
    })
    const shown = await shownOf(shop)
    expect(shown).to.match(
      /Alert gitea was given up, because AlertProvider [^ ]+\/gitea answered 422: .*context is too long/,
    )
    expect(shown).not.to.include(TOKEN)
  } finally {
    git.close()
  }
}

suite('Commit statuses', () => {
  together([
    {
      name: 'arrive at GitHub, GitLab and Gitea, in order, through what they refuse; the token is shown nowhere',
      run: async world => Shop.within(world, 'commits', told),
    },
  ])
})
