/** A MetricTemplate with credentials of its own, against a real Prometheus that wants TLS and a password. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordsOf } from '../../../src/core/json.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { fluxVerdicts } from '../../fixtures/applier.ts'
import { Shop } from '../../fixtures/shop.ts'
import { shownOf } from '../../fixtures/shown.ts'
import { together } from '../../fixtures/together.ts'
import {
  GuardedPrometheus,
  guardedPrometheusUrl,
  type Password,
  passwords,
  user,
} from '../../lab/guarded-prometheus.ts'
import { find } from '../../lab/parts.ts'
import { waitFor } from '../../lab/wait.ts'

const template = (provider: object): KubeObject => ({
  apiVersion: 'sluice.dev/v1beta1',
  kind: 'MetricTemplate',
  metadata: { name: 'guarded' },
  spec: { provider: { type: 'prometheus', address: guardedPrometheusUrl, ...provider }, query: 'vector(0.25)' },
})

const canaryOf = (shop: Shop): KubeObject =>
  shop.canary({
    provider: 'kubernetes',
    service: { gateways: undefined, hosts: undefined },
    analysis: {
      iterations: 2,
      metrics: [{ name: 'guarded', templateRef: { name: 'guarded' }, thresholdRange: { max: 1 }, interval: '10s' }],
    },
  })

const secret = (name: string, stringData: Record<string, string>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  metadata: { name },
  stringData,
})

const passwordOf = ({ text }: Password): KubeObject => secret('prom', { username: user, password: text })

async function untilStalled(shop: Shop, sentence: string): Promise<void> {
  let said = ''
  await waitFor(`the Canary says: ${sentence}`, 90, async () => {
    const conditions = at(await shop.get(kinds.Canary, 'web'), 'status', 'conditions')
    const stalled = (Array.isArray(conditions) ? conditions : []).find(one => at(one, 'type') === 'Stalled')
    said = String(at(stalled, 'message'))
    return at(stalled, 'status') === 'True' && said.includes(sentence)
  }).catch((error: unknown) => {
    throw new Error(`${String(error)}; it says: ${said}`)
  })
}

const untilPhase = (shop: Shop, phase: string): Promise<unknown> =>
  waitFor(
    `the Canary is ${phase}`,
    120,
    async () => at(await shop.get(kinds.Canary, 'web'), 'status', 'phase') === phase,
  )

/** The template says it itself, for whom no Canary is there yet, and the API server shows it as kstatus reads it. */
const untilTemplate = (shop: Shop, status: string, reason: string): Promise<unknown> =>
  waitFor(`the MetricTemplate is Ready ${status}: ${reason}`, 60, async () => {
    const object = await shop.get(kinds.MetricTemplate, 'guarded')
    const [condition] = recordsOf(at(object, 'status', 'conditions'))
    const isCurrent = at(object, 'status', 'observedGeneration') === object?.metadata.generation
    return isCurrent && condition?.['status'] === status && condition['reason'] === reason
  })

/** What Flux says of the template, where the lab has kstatus. */
async function expectVerdict(shop: Shop, verdict: string): Promise<void> {
  const object = await shop.get(kinds.MetricTemplate, 'guarded')
  if (find('kstatus') !== null && object !== undefined) expect(await fluxVerdicts([object])).to.deep.equal([verdict])
}

async function guarded(shop: Shop): Promise<void> {
  const { ca } = await shop.lab.pki.credentials('admin')
  const prometheus = new GuardedPrometheus(shop.lab)
  await prometheus.start(passwords.first)
  try {
    await shop.deployWeb({ version: 'v1' })
    await shop.apply(template({ secretRef: { name: 'prom' }, caSecretRef: { name: 'prom-ca' } }), canaryOf(shop))
    await untilStalled(shop, `Secret ${shop.namespace}/prom does not exist; create it`)
    await untilTemplate(shop, 'False', 'SecretNotUsable')
    await expectVerdict(shop, 'InProgress')

    await shop.apply(passwordOf(passwords.first), secret('prom-ca', { 'ca.crt': ca }))
    await untilPhase(shop, 'Initialized')
    await untilTemplate(shop, 'True', 'Ready')
    await expectVerdict(shop, 'Current')
    // The command of the page, for this template.
    const wait = blocks(read('docs/concepts.md'), 'sh').find(block => block.includes('wait metrictemplate/')) ?? ''
    const words = wait.trim().replace('kubectl -n shop ', '').replace('/orders', '/guarded').split(' ')
    expect(await shop.kubectl(...words)).to.include('condition met')
    await shop.setImage('v2')
    await untilPhase(shop, 'Succeeded')
    const [check] = at(await shop.get(kinds.Canary, 'web'), 'status', 'checks') as object[]
    expect(check).to.include({ verdict: 'pass', value: 0.25 })

    await prometheus.accept(passwords.second)
    await shop.apply(passwordOf(passwords.second))
    await shop.setImage('v3')
    await waitFor('v3 is promoted', 120, async () => {
      const status = (await shop.get(kinds.Canary, 'web'))?.['status']
      return at(status, 'phase') === 'Succeeded' && String(at(status, 'images', 'primary')).endsWith(':v3')
    })
    expect(at(await shop.get(kinds.Canary, 'web'), 'status', 'failedChecks') ?? 0).to.equal(0)

    // The password of yesterday, in the middle of a release.
    await shop.apply(passwordOf(passwords.first))
    await shop.setImage('v2')
    await waitFor('the check says that the password is not accepted', 90, async () => {
      const message = String(at(await shop.get(kinds.Canary, 'web'), 'status', 'message'))
      return message.includes(`answered 401; it does not accept what Secret ${shop.namespace}/prom holds`)
    })
    await shop.apply(passwordOf(passwords.second))
    await untilPhase(shop, 'Succeeded')

    const shown = await shownOf(shop)
    for (const { text } of Object.values(passwords)) {
      expect(shown).to.not.include(text)
      expect(shown).to.not.include(Buffer.from(`${user}:${text}`).toString('base64'))
    }
  } finally {
    await prometheus.stop()
  }
}

suite('A Prometheus behind TLS and a password', () => {
  together([
    {
      name: 'is asked with what the MetricTemplate names, from the moment that it is there, and through a rotation; nothing of it is shown',
      run: async world => Shop.within(world, 'guarded', guarded),
    },
  ])
})
