/** Releases of an Application with self-heal and prune: it is Synced throughout, and its health is what docs/argo-cd.md says. */
import { expect } from 'chai'
import { mkdir, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { at, recordOf, textOf } from '../../../src/core/json.ts'
import { blocks, read, root } from '../../../test/docs/pages.ts'
import { healthOf } from '../../../test/argocd/scripts.ts'
import { AppliedFields } from '../../fixtures/applied.ts'
import { application, applicationKind, healedBy, isComparedSince } from '../../fixtures/application.ts'
import { GitRepository } from '../../fixtures/git-repository.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { hasArgoCd, withArgoCd } from '../../lab/argocd.ts'
import { find } from '../../lab/parts.ts'
import { run } from '../../lab/program.ts'
import { sleep, waitFor } from '../../lab/wait.ts'
import { parse } from 'yaml'

/** What an Application and its Canary said, at one moment. */
interface Sample {
  readonly at: number
  readonly sync: string
  readonly health: string
  /** When the comparison began that health and sync are of; NaN before the first. */
  readonly comparedAt: number
  /** The commit that the Application is compared with. */
  readonly compared: string
  /** The one that was last applied; '' while that is under way. */
  readonly applied: string
  /** Whether the comparison is later than the last sync: one that comes at once may be with objects from before it. */
  readonly isCompared: boolean
  /** What the last sync changed, if self-heal made it. */
  readonly healed: readonly string[]
  readonly phase: string
  readonly run: string
  readonly canary: string
  /** The image of the promoted revision. */
  readonly promoted: string
}

const EVERY = 200 // ms
/** How long before a comparison what Argo CD watches may have been as it says: a busy controller takes seconds to it, and to compare. */
const LAG = 15_000

/**
 * The Deployment as Git has it, without replicas. Without the type of its strategy kubectl would always send a patch, `$retainKeys` alone, and
 * say `configured` where nothing is (kubernetes/kubernetes#66450).
 */
function inGit(deployment: KubeObject): KubeObject {
  const { replicas: _, strategy, ...spec } = recordOf(deployment['spec'])
  return { ...deployment, spec: { ...spec, strategy: { type: 'RollingUpdate', ...recordOf(strategy) } } }
}

class Delivery {
  readonly samples: Sample[] = []
  readonly commits = new Map<string, string>()
  readonly shop: Shop
  readonly fields: AppliedFields
  readonly #repository: GitRepository
  #isOver = false
  readonly #sampling: Promise<void>

  constructor(shop: Shop) {
    this.shop = shop
    this.fields = new AppliedFields(shop, 'web', [kinds.Deployment, kinds.Service, kinds.Canary])
    this.#repository = new GitRepository(join(shop.lab.dir, `git-${shop.namespace}`))
    this.#sampling = this.#sample()
    this.#sampling.catch(() => undefined) // `stop` says so
  }

  get url(): string {
    return this.#repository.url
  }

  /** A commit of the shop at this version, as CI makes one: image and annotation together. */
  async push(version: string, canary: KubeObject, ...more: KubeObject[]): Promise<number> {
    const since = Date.now()
    const { metadata } = canary
    const annotations = { 'sluice.dev/commit': `github/shop/web@${version}` }
    const objects = [inGit(this.shop.deployment({ version })), this.shop.service()]
    const commit = await this.#repository.commit([
      ...objects,
      { ...canary, metadata: { ...metadata, annotations } },
      ...more,
    ])
    this.commits.set(commit, version)
    return since
  }

  /** Resolves once the Application has this health, and all that was pushed. */
  async untilHealth(health: string, seconds: number): Promise<void> {
    const last = [...this.commits.keys()].at(-1)
    await waitFor(
      `the Application is ${health}`,
      seconds,
      () => {
        const sample = this.samples.at(-1)
        return sample?.health === health && sample.sync === 'Synced' && sample.applied === last
      },
      () => this.samples.at(-1),
    )
  }

  async stop(): Promise<void> {
    this.#isOver = true
    await Promise.all([this.fields.stop(), this.#sampling])
  }

  async #sample(): Promise<void> {
    const { lab, namespace } = this.shop
    while (!this.#isOver) {
      const [app, canary] = await Promise.all([
        lab.api.get(applicationKind, 'argocd', namespace),
        this.shop.get(kinds.Canary, 'web'),
      ])
      const now = Date.now()
      if (app !== undefined) {
        const said = (...path: string[]): string => textOf(at(app, 'status', ...path))
        const isDone = said('operationState', 'phase') === 'Succeeded'
        this.samples.push({
          at: now,
          sync: said('sync', 'status'),
          health: said('health', 'status'),
          comparedAt: Date.parse(said('reconciledAt')),
          compared: said('sync', 'revision'),
          applied: isDone ? said('operationState', 'syncResult', 'revision') : '',
          isCompared: isComparedSince(recordOf(app['status'])),
          healed: healedBy(recordOf(app['status'])),
          phase: textOf(at(canary, 'status', 'phase')),
          run: textOf(at(canary, 'status', 'run', 'id')),
          canary: canary === undefined ? '' : healthOf(canary).status,
          promoted: textOf(at(canary, 'status', 'images', 'primary')),
        })
      }
      await sleep(EVERY)
    }
  }
}

suite('With Argo CD', () => {
  /** Argo CD runs actions in its API server, which the lab lacks; its command line prints the object that comes of one. */
  const click = async (shop: Shop, action: string): Promise<string> => {
    const dir = join(shop.lab.dir, shop.namespace)
    await mkdir(dir, { recursive: true })
    const [object, settings] = [join(dir, 'canary.yaml'), join(dir, 'argocd-cm.yaml')]
    await writeFile(object, await shop.kubectl('get', 'canaries.sluice.dev/web', '-o', 'yaml'))
    await writeFile(settings, await shop.lab.kubectl.run('-n', 'argocd', 'get', 'configmap', 'argocd-cm', '-o', 'yaml'))
    // It calls this program with the object before and after, to show how they differ: here the whole one after.
    const whole = 'diff --old-line-format= --new-line-format=%L --unchanged-line-format=%L'
    const env = { PATH: process.env['PATH'] ?? '', HOME: dir, KUBECTL_EXTERNAL_DIFF: whole }
    const admin = [find('argocd') ?? '', 'admin', 'settings', 'resource-overrides'] as const
    const said = await run([...admin, 'run-action', object, action, '--argocd-cm-path', settings], { env })
    const after = parse(said.slice(said.indexOf('apiVersion:'))) as KubeObject
    // The API server of Argo CD sends what differs as a merge patch.
    const patch = { metadata: { annotations: after.metadata.annotations } }
    await shop.kubectl('patch', 'canaries.sluice.dev/web', '--type=merge', '-p', JSON.stringify(patch))
    return after.metadata.annotations?.[`sluice.dev/${action.split('-')[0]}`] ?? ''
  }

  const handled = async (shop: Shop, name: string, value: string): Promise<void> => {
    await waitFor(`${name} is obeyed`, 20, async () => {
      const canary = await shop.get(kinds.Canary, 'web')
      const answer = at(canary, 'status', 'handledCommands', name)
      return at(answer, 'id') === value.split(' ')[0] && at(answer, 'outcome') === 'done'
    })
  }

  /** Every sample against docs/argo-cd.md, and every version of the objects against Git. */
  const judge = ({ samples, commits, shop, fields }: Delivery, sawHealthyFirst: number): void => {
    const wrong = samples.flatMap((sample, index) => {
      const since = Math.min(sample.at, sample.comparedAt || sample.at) - LAG
      const told = [
        ...new Set(samples.filter(({ at: time }) => time <= sample.at && time >= since).map(one => one.canary)),
      ]
      const faults: string[] = []
      // A commit that is not applied yet is the only reason to be out of sync.
      const isOfApplied = sample.isCompared && sample.applied !== '' && sample.compared === sample.applied
      if (sample.sync !== 'Synced' && isOfApplied) faults.push(`${sample.sync} of what was applied`)
      // While pods of the target start, its own health is worse.
      if (index > 0 && ![...told, 'Progressing', 'Missing', ''].includes(sample.health))
        faults.push(`${sample.health}, and the Canary was ${told.join()}`)
      const version = commits.get(sample.applied)
      if (
        sample.at > sawHealthyFirst &&
        sample.sync === 'Synced' &&
        sample.health === 'Healthy' &&
        version !== undefined &&
        !sample.promoted.endsWith(`:${version}`)
      )
        faults.push(`Healthy at ${version}, and production serves ${sample.promoted}`)
      return faults.map(fault => `${new Date(sample.at).toISOString().slice(11, 23)} ${sample.phase}: ${fault}`)
    })
    expect(wrong, shop.namespace).to.deep.equal([])
    // Argo CD may sync once more with a copy from before a sync (`isComparedSince`), in which what that sync pruned still is. It changes nothing.
    const healed = new Set(samples.flatMap(sample => sample.healed.map(change => `${sample.phase}: ${change}`)))
    const changed = [...healed].filter(change => !change.endsWith(': ConfigMap notes pruned'))
    expect(changed, 'what self-heal has put back').to.deep.equal([])
    expect(fields.drift, 'what an object lacked of what was applied').to.deep.equal([])
    expect(fields.configurations('Deployment/web'), 'versions that were applied').to.equal(commits.size)
    expect(new Set(samples.map(({ run: id }) => id).filter(id => id !== '')).size, 'runs').to.equal(commits.size - 1)
    const phases = new Set(samples.map(({ phase }) => phase))
    expect([...phases]).to.include.members([
      'Initializing',
      'Initialized',
      'Progressing',
      'Promoting',
      'Finalising',
      'Succeeded',
      'Failed',
    ])
    expect([...new Set(samples.map(({ health }) => health))]).to.include.members([
      'Healthy',
      'Progressing',
      'Suspended',
      'Degraded',
    ])
  }

  const delivers = async (shop: Shop): Promise<void> => {
    const { lab, namespace } = shop
    await withArgoCd(lab)
    const [install = ''] = blocks(read('docs/argo-cd.md'), 'sh')
    const [, ...words] = install.trim().replace('manifests/', join(root, 'manifests/')).split(' ')
    await lab.kubectl.run(...words)
    await shop.behave('v3', { errorRate: 1 })
    const steps = [{ weight: 50, approve: true }, { weight: 100 }]
    const canary = shop.canary({ analysis: { steps } })
    const notes = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'notes', namespace }, data: { a: 'b' } }
    const delivery = new Delivery(shop)
    try {
      await delivery.push('v1', canary, notes)
      await lab.kubectl.apply([application(namespace, delivery.url)])
      const timeline = shop.timeline()
      await timeline.untilPhase('Initialized', 120)
      await delivery.untilHealth('Healthy', 60)
      const first = Date.now()
      await shop.reachable('client')
      shop.load('client', { rate: 60 })
      const primary = (await shop.get(kinds.Deployment, 'web-primary'))?.metadata.uid

      // A good release, approved by a click.
      const good = await delivery.push('v2', canary, notes)
      await timeline.untilReason('WaitingForApproval', 120, good)
      await delivery.untilHealth('Suspended', 30)
      await handled(shop, 'approve', await click(shop, 'approve'))
      await timeline.untilPhase('Succeeded', 120, good)
      await delivery.untilHealth('Healthy', 30)

      // A bad one.
      const bad = await delivery.push('v3', canary, notes)
      await timeline.untilPhase('Failed', 120, bad)
      await delivery.untilHealth('Degraded', 30)
      const failed = await shop.get(kinds.Canary, 'web')
      expect(healthOf(failed).message).to.match(/^production serves registry\.example\.com\/web:v2: Rolled back /)

      // A push in mid-run, which also takes an object out of Git; approved to the end by a click.
      const next = await delivery.push('v4', canary, notes)
      await timeline.untilWeight(50, 120, next)
      const pushed = await delivery.push('v5', canary)
      await timeline.untilReason('Restarted', 60, pushed)
      await timeline.untilWeight(50, 120, pushed + 1)
      await handled(shop, 'approve', await click(shop, 'approve-full'))
      await timeline.untilPhase('Succeeded', 120, pushed)
      await delivery.untilHealth('Healthy', 30)
      expect(await shop.get(kinds.ConfigMap, 'notes'), 'it is pruned').to.equal(undefined)
      expect((await shop.get(kinds.Deployment, 'web-primary'))?.metadata.uid, 'it is not').to.equal(primary)
      await delivery.stop()
      judge(delivery, first)
    } finally {
      await delivery.stop()
      await lab.kubectl.run('-n', 'argocd', 'delete', 'application', namespace, '--ignore-not-found', '--wait=false')
    }
  }

  if (!hasArgoCd) return
  together([
    {
      name: 'an Application with self-heal and prune is Synced through good and bad releases, and its health is what each phase says',
      run: async lab => Shop.within(lab, 'argo', delivers),
    },
  ])
})
