/**
 * The command line as a plugin of the real kubectl, on the real API server, with users by RBAC: a release is watched, explained, steered
 * and awaited; and a user who may see one namespace, see without commanding, or nothing, is told so in a sentence.
 */
import { expect } from 'chai'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { kinds } from '../../../src/api/object.ts'
import { at } from '../../../src/core/json.ts'
import { explain } from '../../fixtures/explain.ts'
import { lastSaid, Plugin, type Ran } from '../../fixtures/plugin.ts'
import { Shop } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import type { Lab } from '../../lab/lab.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const roles = join(fileURLToPath(new URL('../../..', import.meta.url)), 'manifests', 'user-roles.yaml')

/**
 * Users, and the roles that each has in the namespace of the shop. Without kube-controller-manager's aggregation `view` is empty here:
 * system:aggregate-to-view is what it is made of. `neighbor` may see another namespace alone.
 */
const users = {
  editor: ['sluice-canary-editor', 'system:aggregate-to-view'],
  viewer: ['sluice-view', 'system:aggregate-to-view'],
  reader: ['sluice-view'],
  neighbor: [],
  nobody: [],
} as const
type User = keyof typeof users
const names = Object.keys(users) as User[]

const steps = [{ weight: 20, approve: true }, { weight: 100 }]
const metrics = [{ name: 'request-success-rate', thresholdRange: { min: 99 }, interval: '10s' }]

/** `4 Weight 20 passed…`: how a command ended, in one line. */
const ending = (ran: Ran): string => `${ran.code} ${lastSaid(ran)}`

suite('The command line as a plugin of kubectl', () => {
  let shop: Shop
  let other: Shop
  let plugin: Plugin

  const open = async (lab: Lab): Promise<void> => {
    shop = await Shop.open(lab, 'command-line')
    other = await Shop.open(lab, 'command-line-other')
    const { kubectl } = lab
    await kubectl.run('apply', '--server-side', '--force-conflicts', '-f', roles)
    for (const user of names) await shop.kubectl('create', 'serviceaccount', user)
    const bind = (where: Shop, user: User, role: string): Promise<string> =>
      where.kubectl(
        'create',
        'rolebinding',
        `${user}-${role.replaceAll(':', '-')}`,
        `--clusterrole=${role}`,
        `--serviceaccount=${shop.namespace}:${user}`,
      )
    for (const user of names) for (const role of users[user]) await bind(shop, user, role)
    await bind(other, 'neighbor', 'sluice-view')
    const [first, ...others] = await Promise.all(
      names.map(async name => ({
        name,
        token: (await shop.kubectl('create', 'token', name)).trim(),
        namespace: shop.namespace,
      })),
    )
    if (first === undefined) throw new Error('no users')
    plugin = await Plugin.install(lab, [first, ...others])
    await shop.deployWeb({ version: 'v1' })
    await shop.reachable('client')
    shop.load('client', { rate: 100 })
    await shop.apply(shop.canary({ analysis: { steps, metrics } }))
    // The current context is the editor's; nothing is released yet, and the first revision is awaited.
    expect(ending(await plugin.run('status web --timeout 120s'))).to.match(/^0 Ready: web-primary serves/)
    const listed = await plugin.kubectl('plugin', 'list')
    expect(listed.stdout).to.include('/kubectl-sluice\n')
  }

  const steered = async (): Promise<void> => {
    const watch = plugin.follow('watch web')
    await waitFor('the watch shows the Canary', 20, () => watch.said().includes('Initialized'))
    await shop.setImage('v2')
    expect(ending(await plugin.run('status web --timeout 90s'))).to.match(/^4 Weight 20 passed; waiting for approval: /)

    const list = await plugin.run('get')
    expect(list.stdout).to.match(
      /^NAME +STATUS +WEIGHT +STEP +MESSAGE +AGE\nweb +Progressing +20 +1\/2 +Weight 20 passed/,
    )
    const view = JSON.parse((await plugin.run('get web -o json')).stdout) as Record<string, unknown>
    expect(view).to.deep.include({
      apiVersion: 'view.sluice.dev/v1beta1',
      phase: 'Progressing',
      step: '1/2',
      unread: [],
    })
    expect(at(view, 'sides', 'canary', 'images')).to.include('registry.example.com/web:v2')
    expect((await plugin.run('get web -o', 'jsonpath={.traffic.requested}')).stdout).to.equal('20')
    expect((await plugin.run('get web')).stdout).to.match(/^web Progressing, step 1\/2\n[^]*1 of 1 pod ready/)
    const explained = (await plugin.run('explain web')).stdout
    expect(explained).to.match(
      /^Now\n {2}Progressing, step 1\/2 \(WaitingForApproval\): [^]*\nWaits for\n[^]*request-success-rate: [\d.]+ % of \d+ requests, limit ≥ 99 %: passed[^]*\nNext\n[^]*approve web[^]*\nWould roll back if\n {2}2 more checks fail/,
    )
    expect((await plugin.run('diff web')).stdout).to.match(/\n- .*image: registry\.example\.com\/web:v1\n\+ .*web:v2\n/)
    expect((await plugin.run('events web')).stdout).to.match(
      /^LAST SEEN [^]*Warning +WaitingForApproval +Weight 20 passed/,
    )

    const rehearsed = await plugin.run('approve web --dry-run --why', 'dashboards look fine')
    const who = `system:serviceaccount:${shop.namespace}:editor`
    expect(rehearsed.stdout).to.match(
      new RegExp(
        `would get sluice\\.dev/approve="[\\d]+-[0-9a-f]{4} ${who}: revision=h1:[0-9a-f]{64} dashboards look fine"`,
      ),
    )
    expect(at(await shop.get(kinds.Canary, 'web'), 'metadata', 'annotations', 'sluice.dev/approve')).to.equal(undefined)
    const approved = await plugin.run('approve web --wait --timeout 90s --why', 'dashboards look fine')
    expect(approved.stdout).to.equal('canary.sluice.dev/web: Approved at weight 20\n')
    expect(ending(approved)).to.match(/^0 Promoted [0-9a-f]{10} \(web:v2\)$/)
    expect((await plugin.run('history web')).stdout).to.match(
      /^REVISION +OUTCOME [^\n]*\n[0-9a-f]{10} +Succeeded +100 /,
    )
    expect(ending(await plugin.run('approve web'))).to.match(/^1 Canary web: no release is under way \(Succeeded: /)

    await waitFor('the watch shows the end', 20, () => watch.said().includes('Promoted '))
    watch.interrupt()
    const watched = await watch.ended
    expect(ending(watched)).to.equal('130 Stopped watching')
    expect(watched.stdout).to.match(
      / {2}1\/2 {2}weight 20 {2}[^]* {2}2\/2 {2}weight 100 {2}[^]*Promoted [0-9a-f]{10} \(web:v2\)/,
    )
  }

  const rolledBack = async (): Promise<void> => {
    await shop.behave('v3', { errorRate: 0.5 })
    await shop.setImage('v3')
    expect(ending(await plugin.run('status web --timeout 90s'))).to.match(
      /^3 Rolled back [0-9a-f]{10} \(web:v3\) at weight 20: request-success-rate [\d.]+ % is below 99 %/,
    )
    await shop.setImage('v4')
    const timedOut = await plugin.run('status web --timeout 1s --wait-approval')
    expect(ending(timedOut)).to.match(/^124 Timed out after 1s: /)
    expect((await plugin.run('status web --timeout 60s')).code).to.equal(4)
    expect((await plugin.run('pause web --why lunch')).stdout).to.equal('canary.sluice.dev/web: Paused\n')
    expect(ending(await plugin.run('status web'))).to.include(
      `paused by system:serviceaccount:${shop.namespace}:editor: lunch`,
    )
    expect((await plugin.run('resume web')).stdout).to.equal('canary.sluice.dev/web: Resumed\n')
    expect(ending(await plugin.run('abort web --wait --why', 'not today'))).to.match(
      /^0 Rolled back [0-9a-f]{10} \(web:v4\) at weight 20: aborted by .*: not today/,
    )
    expect((await plugin.run('status web')).code).to.equal(3)
    expect((await plugin.run('retry web')).stdout).to.match(/^canary\.sluice\.dev\/web: /)
    expect((await plugin.run('status web --timeout 90s')).code).to.equal(4)
    expect((await plugin.run('promote web --full --wait --timeout 90s')).code).to.equal(0)
    expect(ending(await plugin.run('undo web --wait --why', 'customers complain'))).to.match(
      /^0 Rolled back to [0-9a-f]{10} \(web:v2\), requested by .*: customers complain; [0-9a-f]{10} \(web:v4\) is rejected$/,
    )
    await shop.apply({
      ...shop.canary({
        analysis: {
          steps,
          metrics: [{ name: 'latency', templateRef: { name: 'missing' }, thresholdRange: { max: 1 } }],
        },
      }),
    })
    await shop.setImage('v5')
    expect(ending(await plugin.run('status web --timeout 90s'))).to.match(/^5 .*missing/)
  }

  /** The Canary, the target and the pods are read as the caller: what each user is told. */
  const asOthers = async (): Promise<void> => {
    const forbidden = (user: User, verb: string, what: string): RegExp =>
      new RegExp(
        `^1 forbidden: user "system:serviceaccount:${shop.namespace}:${user}" may not ${verb} ${what} in namespace ${shop.namespace}\\. `,
      )
    const ofCanaries = 'canaries\\.sluice\\.dev'
    const rows: readonly (readonly [line: string, ends: RegExp])[] = [
      ['get --context viewer', /^0 /],
      ['explain web --context viewer', /^0 /],
      ['diff web --context viewer', /^0 /],
      ['events web --context viewer', /^0 /],
      ['history web --context viewer', /^0 /],
      ['abort web --context viewer', forbidden('viewer', 'patch', ofCanaries)],
      ['pause web --dry-run --context viewer', forbidden('viewer', 'patch', ofCanaries)],
      ['get --context reader', /^0 /],
      ['get web --context reader', /^0 /],
      ['status web --timeout 0 --context reader', forbidden('reader', 'get', 'deployments\\.apps')],
      ['status web --timeout 0 --context reader', /Or name the revision that is awaited with --revision$/],
      ['diff web --context reader', forbidden('reader', 'list', 'controllerrevisions\\.apps')],
      ['events web --context reader', forbidden('reader', 'list', 'events')],
      ['get --context neighbor', forbidden('neighbor', 'list', ofCanaries)],
      ['get -A --context neighbor', /^1 forbidden: .* in all namespaces\. Name a namespace with -n, or bind /],
      [
        `get -n ${other.namespace} --context neighbor`,
        new RegExp(`^0 No Canaries found in namespace ${other.namespace}$`),
      ],
      ['get web --context nobody', forbidden('nobody', 'get', ofCanaries)],
      ['status web --context nobody', forbidden('nobody', 'get', ofCanaries)],
      ['abort web --context nobody', forbidden('nobody', 'get', ofCanaries)],
      [`get --context admin --as system:serviceaccount:${shop.namespace}:viewer`, /^0 /],
      [
        `abort web --context admin --as system:serviceaccount:${shop.namespace}:viewer`,
        forbidden('viewer', 'patch', ofCanaries),
      ],
      ['get --context editor --as admin', /^1 forbidden: user ".*:editor" may not act as another user\. /],
      ['get wbe --context viewer', /^1 There is no Canary wbe in namespace .*\. Did you mean web\?$/],
      ['get --context nowhere', /^1 The API server at https:\/\/127\.0\.0\.1:6449 cannot be reached: .*ECONNREFUSED/],
      ['get --context missing', /^1 .*has no context "missing"\. It has: admin, nowhere, editor, /],
      ['get --kubeconfig /nowhere', /^1 Cannot read the kubeconfig \/nowhere/],
      ['get -o xml', /^2 /],
    ]
    const found: string[] = []
    for (const [line, ends] of rows) {
      const ended = ending(await plugin.run(line))
      if (!ends.test(ended)) found.push(`${line}: ${ended}`)
    }
    expect(found).to.deep.equal([])
    const read = await plugin.run('explain web --context reader')
    expect(read.stdout).to.match(/\nNot read: Deployment \(forbidden\), .*ControllerRevision \(forbidden\).*\n$/)
    const candidate = String(at(await shop.get(kinds.Canary, 'web'), 'status', 'lastPromotedSpec'))
    expect(ending(await plugin.run(`status web --timeout 0 --context reader --revision ${candidate}`))).to.match(
      /^(0|3|4|5|124) /,
    )
    // kubectl takes none of its own flags before the name of a plugin.
    expect((await plugin.kubectl('--context', 'viewer', 'sluice', 'get')).stderr).to.match(
      /flags cannot be placed before plugin name/,
    )
  }

  const completed = async (): Promise<void> => {
    const complete = async (...words: string[]): Promise<string> =>
      (await plugin.kubectl('__complete', 'sluice', ...words)).stdout
    expect(await complete('expl')).to.match(/^explain\t/)
    // A completion gives up after 2 s, which a busy machine may take.
    await waitFor('web is completed', 20, async () => (await complete('get', 'w')).startsWith('web\n'))
    expect(await complete('get', '--context', 'nobody', 'w')).to.not.match(/^web\n/)
    expect(await complete('approve', '--fu')).to.match(/^--full\t/)
  }

  const deleted = async (): Promise<void> => {
    // A release that waits for its approval: neither its end nor, after 10 s, the stall of the one before is told before the deletion.
    await shop.apply(shop.canary({ analysis: { steps, metrics } }))
    await shop.setImage('v6')
    const status = plugin.follow('status web --wait-approval')
    const watch = plugin.follow('watch web')
    await waitFor('both have read the Canary', 20, () => status.said() !== '' && watch.said() !== '')
    await shop.kubectl('delete', 'canaries.sluice.dev/web', timeoutOf(120))
    expect(ending(await status.ended)).to.equal('1 Canary web was deleted')
    expect(ending(await watch.ended)).to.equal('1 Canary web was deleted')
  }

  together([
    {
      steps: [
        { name: 'status waits for a Canary that is not initialized yet', run: open },
        { name: 'a release is shown, explained, waits for approval with 4, and is promoted with 0', run: steered },
        {
          name: 'a bad release ends with 3, a timeout with 124, a stall with 5; pause, resume, abort, retry, rollback are obeyed',
          run: rolledBack,
        },
        { name: 'users by RBAC are shown what they may read, and told what they may not', run: asOthers },
        { name: 'kubectl completes commands, flags, and names as the caller may see them', run: completed },
        { name: 'status and watch end with 1 when the Canary is deleted', run: deleted },
      ],
      end: async error => {
        if (error !== undefined) await explain(error, shop.namespace)
        await Promise.all([shop.close(), other.close()])
      },
    },
  ])
})
