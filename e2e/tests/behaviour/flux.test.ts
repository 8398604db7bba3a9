/** Releases whose objects a tool applies from Git every second, and prunes: nothing of Sluice's is drift to it, and nothing is lost. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordOf, recordsOf, textOf } from '../../../src/core/json.ts'
import { blocks, read } from '../../../test/docs/pages.ts'
import { Applier, fluxVerdicts, marks } from '../../fixtures/applier.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { pathOf } from '../../lab/api.ts'
import { find } from '../../lab/parts.ts'
import { run } from '../../lab/program.ts'

/** As Git has it: marked, and without replicas. */
function inGit(object: KubeObject): KubeObject {
  const { replicas: _, ...spec } = recordOf(object['spec'])
  const { labels, annotations, ...metadata } = object.metadata
  return {
    ...object,
    metadata: {
      ...metadata,
      labels: { ...labels, ...marks.labels },
      annotations: { ...annotations, ...marks.annotations },
    },
    ...(object['spec'] === undefined ? {} : { spec }),
  }
}

const withImage =
  (version: string) =>
  (object: KubeObject): KubeObject => {
    if (object.kind !== 'Deployment') return object
    const text = JSON.stringify(object).replace(/web:v\d+/, `web:${version}`)
    return JSON.parse(text) as KubeObject
  }

const SERVING = [
  [kinds.Deployment, 'web-primary'],
  [kinds.Service, 'web-primary'],
  [kinds.Service, 'web-canary'],
  [kinds.VirtualService, 'web'],
] as const

suite('With Flux', () => {
  const uids = async (shop: Shop): Promise<string[]> =>
    Promise.all(
      SERVING.map(async ([kind, name]) => (await shop.get(kind, name))?.metadata.uid ?? `${kind.kind} ${name} is gone`),
    )

  /** The commands of docs/flux.md, in this shop. */
  const asShown = async (shop: Shop): Promise<string> => {
    const [block = ''] = blocks(read('docs/flux.md'), 'sh')
    const { binary, kubeconfig } = shop.lab.kubectl
    const script = `set -e\nkubectl() { "$KUBECTL" -n "$NAMESPACE" "$@"; }\n${block}`
    const env = {
      KUBECTL: binary,
      NAMESPACE: shop.namespace,
      KUBECONFIG: kubeconfig,
      HOME: shop.lab.dir,
      PATH: process.env['PATH'] ?? '',
    }
    return run(['bash', '-c', script], { env, seconds: 120 })
  }

  const releases = async (shop: Shop): Promise<void> => {
    await shop.behave('v3', { errorRate: 1 })
    const seen: KubeObject[] = []
    const over = new AbortController()
    const head = { apiVersion: 'sluice.dev/v1beta1', kind: kinds.Canary.kind }
    const path = `${pathOf(kinds.Canary, shop.namespace)}?fieldSelector=metadata.name%3Dweb`
    const following = shop.lab.api.follow(path, ({ object }) => void seen.push({ ...object, ...head }), over.signal)
    const notes = {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'notes', namespace: shop.namespace },
      data: { a: 'b' },
    }
    // A run waits at 50 %, so that the push meets it, however slow the machine is.
    const canary = shop.canary({ analysis: { steps: [{ weight: 50, approve: true }] } })
    // The selector of a Service is one value to server-side apply: Git would take back what Sluice adds to it (docs/flux.md).
    const applier = new Applier(shop, [shop.deployment(), canary, notes].map(inGit))
    try {
      const timeline = shop.timeline()
      await timeline.untilPhase('Initialized', 90)
      await shop.reachable('client')
      shop.load('client', { rate: 60 })
      const serving = await uids(shop)
      expect(
        applier.changes.map(({ what }) => what.split(' ')[1]),
        'the first round',
      ).to.deep.equal(Array(3).fill('created'))
      const settled = Date.now()

      /** Not by kubectl, whose changes Flux takes back. */
      const approve = async (since: number): Promise<void> => {
        await timeline.untilPhase('WaitingPromotion', 90, since)
        const metadata = { annotations: { 'sluice.dev/approve': `${since} well done` } }
        await shop.lab.api.patch(pathOf(kinds.Canary, shop.namespace, 'web'), { metadata })
      }
      const good = await applier.commit(withImage('v2'))
      await approve(good)
      await timeline.untilPhase('Succeeded', 120, good)
      expect(await asShown(shop)).to.match(/condition met\s+Succeeded$/)
      const bad = await applier.commit(withImage('v3'))
      await timeline.untilPhase('Failed', 120, bad)
      const next = await applier.commit(withImage('v4'))
      await timeline.untilWeight(50, 90, next)
      const pushed = await applier.commit(object => (object.kind === 'ConfigMap' ? null : withImage('v5')(object)))
      const { at: restarted } = await timeline.untilReason('Restarted', 60, pushed)
      await approve(restarted)
      await timeline.untilPhase('Succeeded', 150, restarted)

      // A commit each, and one object that left Git: all else was as Git has it, in every second of four runs.
      const found = applier.changes.filter(({ at: time }) => time >= settled).map(({ what }) => what)
      const { namespace } = shop
      const configured = `Deployment/${namespace}/web configured`
      expect(found).to.deep.equal([...Array(4).fill(configured), `ConfigMap/${namespace}/notes pruned`])
      expect(await uids(shop)).to.deep.equal(serving)
      expect(JSON.stringify(await shop.get(kinds.Deployment, 'web-primary'))).to.include('web:v5')
    } finally {
      await applier.stop()
      over.abort()
      await following
    }
    await verdicts(seen)
  }

  /** What Flux says of every status that was ever written, by its phase. */
  const verdicts = async (seen: readonly KubeObject[]): Promise<void> => {
    const canaries = seen.filter(({ metadata }) => metadata.deletionTimestamp === undefined)
    const said = await fluxVerdicts(canaries)
    expect(said).to.have.length(canaries.length)
    const wrong = canaries.flatMap((object, index) => {
      const { phase, observedGeneration } = recordOf(object['status'])
      const isStalled = recordsOf(at(object, 'status', 'conditions')).some(
        ({ type, status }) => type === 'Stalled' && status === 'True',
      )
      const isSeen = observedGeneration === object.metadata.generation
      const isOver = phase === 'Initialized' || phase === 'Succeeded'
      const expected = !isSeen ? 'InProgress' : isStalled ? 'Failed' : isOver ? 'Current' : 'InProgress'
      return said[index] === expected ? [] : [`${textOf(phase)}: ${said[index]}, not ${expected}`]
    })
    expect(wrong).to.deep.equal([])
    const phases = new Set(canaries.map(object => textOf(at(object, 'status', 'phase'))))
    expect([...phases]).to.include.members([
      'Initializing',
      'Initialized',
      'Progressing',
      'Promoting',
      'Finalising',
      'Succeeded',
      'Failed',
    ])
    expect([...new Set(said)]).to.have.members(['Current', 'InProgress', 'Failed'])
  }

  if (find('kstatus') === null) return
  together([
    {
      name: 'what is applied and pruned every second has no drift and loses nothing, and each status has the verdict of its phase',
      run: async lab => Shop.within(lab, 'flux', releases),
    },
  ])
})
