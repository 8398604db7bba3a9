/** Alerts to a server of one's own, by the commands of docs/alerts.md; nothing of the address or the token is shown. */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordsOf } from '../../../src/core/json.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { Shop } from '../../fixtures/shop.ts'
import { shownOf } from '../../fixtures/shown.ts'
import { together } from '../../fixtures/together.ts'
import { addresses } from '../../lab/network.ts'
import { waitFor } from '../../lab/wait.ts'

/** What must not be shown: in the path and the query of the address, and in the token. */
const CANARIES = ['canary-in-the-path', 'canary-in-the-query', 'canary-in-the-token'] as const

const provider: KubeObject = {
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'AlertProvider',
  metadata: { name: 'on-call' },
  spec: { type: 'generic', secretRef: { name: 'on-call' } },
}

interface Told {
  readonly reason: string
  readonly shown: string
}

/** A server that refuses the first request and quotes it, then takes everything. */
async function receiver(told: Told[]): Promise<{ url: string; close: () => void }> {
  let isFirst = true
  const server = createServer((request, response) => {
    let body = ''
    request.setEncoding('utf8').on('data', (piece: string) => (body += piece))
    request.on('end', () => {
      const shown = `${request.url} ${request.headers.authorization}`
      if (isFirst) response.writeHead(503).end(`not now: ${shown}`)
      else {
        told.push({ reason: String(at(JSON.parse(body), 'reason')), shown })
        response.end()
      }
      isFirst = false
    })
  })
  await new Promise<void>(resolve => {
    server.listen(0, addresses.node, resolve)
  })
  return { url: `http://${addresses.node}:${(server.address() as AddressInfo).port}`, close: () => server.close() }
}

async function untilReady(shop: Shop, status: string, sentence: string): Promise<void> {
  await waitFor(`the AlertProvider says: ${sentence}`, 90, async () => {
    const [ready] = recordsOf(at(await shop.get(kinds.AlertProvider, 'on-call'), 'status', 'conditions'))
    return ready?.['status'] === status && String(ready['message']).includes(sentence)
  })
}

async function alerted(shop: Shop): Promise<void> {
  const told: Told[] = []
  const server = await receiver(told)
  try {
    await shop.deployWeb({ version: 'v1' })
    const alerts = [{ name: 'on-call', providerRef: { name: 'on-call' } }]
    const metrics = [{ name: 'one', query: 'vector(1)', thresholdRange: { min: 1 } }]
    await shop.apply(
      provider,
      shop.canary({
        provider: 'kubernetes',
        service: { gateways: undefined, hosts: undefined },
        analysis: { iterations: 2, metrics, alerts },
      }),
    )
    await untilReady(shop, 'False', `Secret ${shop.namespace}/on-call does not exist; create it with the key address`)

    // The command of the page, for this server.
    const [page = ''] = blocks(read('docs/alerts.md'), 'sh')
    const [create = '', show = ''] = page.trim().split('\n')
    const [path, query, token] = CANARIES
    const words = create.replace('kubectl -n shop ', '').split(' ')
    const address = `--from-literal=address=${server.url}/hooks/${path}?sig=${query}`
    const own = words.map(word => (word.startsWith('--from-literal=address') ? address : word))
    await shop.kubectl(...own, `--from-literal=token=${token}`)
    await untilReady(shop, 'True', 'An alert could be sent as it is')
    expect(await shop.kubectl(...show.replace('kubectl -n shop ', '').split(' '))).to.match(/on-call +generic +True/)

    await shop.setImage('v2')
    await waitFor('the promotion is told', 120, () => told.some(({ reason }) => reason === 'Succeeded'))
    expect(told.map(({ reason }) => reason)).to.deep.equal(['NewRevision', 'Succeeded'])
    for (const { shown } of told) for (const canary of CANARIES) expect(shown).to.include(canary)
    const shown = await shownOf(shop)
    expect(shown).to.include('an alert could not be sent yet')
    for (const canary of CANARIES) {
      expect(shown).to.not.include(canary)
    }
  } finally {
    server.close()
  }
}

suite('Alerts', () => {
  together([
    {
      name: 'arrive in order at a server that refuses the first; its address and token are shown nowhere',
      run: async world => Shop.within(world, 'alerts', alerted),
    },
  ])
})
