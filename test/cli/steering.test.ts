/** Commands and `status` as people and CI use them, against the playground's API server and a controller. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
import { CliWorld, lastLine } from './given.ts'

const steps = [
  { weight: 20, approve: true },
  { weight: 100, approve: true },
]

suite('sluice approve, abort, retry, rollback, status', () => {
  let cli: CliWorld
  setup(async () => {
    cli = await CliWorld.open()
    cli.world.start()
  })
  teardown(() => cli.close())

  const annotation = (name: string): string =>
    cli.world.object(kinds.Canary, 'web')?.metadata.annotations?.[`sluice.dev/${name}`] ?? ''

  test('a release with approvals, steered to its promotion, and rolled back afterwards', async () => {
    const { world } = cli
    await world.initialized({ analysis: { interval: '10s', steps } })
    expect(await cli.run('status', 'web')).to.deep.include({ code: 0 })
    world.setImage('demo/web:1.1.0')
    const waiting = await cli.run('status', 'web')
    expect([waiting.code, lastLine(waiting)]).to.deep.equal([
      4,
      'Weight 20 passed; waiting for approval: kubectl -n shop annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s)" --overwrite',
    ])
    const rehearsed = await cli.run('approve', 'web', '--why', 'dashboards look fine', '--dry-run')
    expect(rehearsed.stdout).to.match(
      /^canary\.sluice\.dev\/web would get sluice\.dev\/approve="\d+-[0-9a-f]{4} sluice-demo: revision=h1:[0-9a-f]{64} dashboards look fine" \(server dry run\)\n$/,
    )
    expect(annotation('approve')).to.equal('')
    const wrong = await cli.run('approve', 'web', '--revision', 'aaaaaaaaaa')
    expect([wrong.code, lastLine(wrong)]).to.deep.equal([
      1,
      'approve was refused: it names revision aaaaaaaaaa, and the candidate is cce5ddf228',
    ])
    const approved = await cli.run('approve', 'canary/web', '--why', 'dashboards look fine')
    expect([approved.code, approved.stdout]).to.deep.equal([0, 'canary.sluice.dev/web: Approved at weight 20\n'])
    expect(world.object(kinds.Canary, 'web')?.metadata.managedFields?.map(one => one.manager)).to.include(
      'kubectl-sluice',
    )
    const second = await cli.run('status', 'web', '--quiet')
    expect([second.code, second.stderr]).to.match(/^4,Weight 100 passed; waiting for approval/)
    const promoted = await cli.run('promote', 'web', '--full', '--wait')
    expect([promoted.code, lastLine(promoted)]).to.deep.equal([0, 'Promoted cce5ddf228 (web:1.1.0)'])
    const back = await cli.run('undo', 'web', '--why', 'customers complain', '--wait')
    expect([back.code, lastLine(back)]).to.deep.equal([
      0,
      'Rolled back to b5db799a80 (web:1.0.0), requested by sluice-demo: customers complain; cce5ddf228 (web:1.1.0) is rejected',
    ])
    expect((await cli.run('status', 'web')).code).to.equal(3)
  })

  test('abort and retry; what is refused says why', async () => {
    const { world } = cli
    await world.initialized({ analysis: { interval: '10s', steps: [{ weight: 20, hold: '1h' }] } })
    const early = await cli.run('abort', 'web')
    expect([early.code, lastLine(early)]).to.deep.equal([1, 'abort was refused: no run is under way'])
    const nothing = await cli.run('retry', 'web')
    expect([nothing.code, lastLine(nothing)]).to.match(
      /^1,Canary web: there is no rejected revision to retry \(Initialized: /,
    )
    world.setImage('demo/web:1.1.0')
    const release = cli.start(['status', 'web'])
    while (world.stand !== 'Progressing 20') await cli.turn()
    const paused = await cli.run('pause', 'web', '--why', 'lunch\u001B[2J')
    expect(paused.stdout).to.equal('canary.sluice.dev/web: Paused\n')
    const ended = await cli.until(release)
    expect([ended.code, lastLine(ended)]).to.match(/^4,.*paused by sluice-demo: lunch \[2J/)
    expect(ended.stderr).not.to.include('\u001B')
    expect((await cli.run('resume', 'web')).stdout).to.equal('canary.sluice.dev/web: Resumed\n')
    const aborted = await cli.run('abort', 'web', '--wait')
    expect([aborted.code, lastLine(aborted)]).to.match(
      /^0,Rolled back cce5ddf228 \(web:1\.1\.0\) at weight 20: aborted by sluice-demo/,
    )
    const again = await cli.run('retry', 'web', '--wait', '--timeout', '30s')
    expect([again.code, lastLine(again)]).to.match(/^124,Timed out after 30s: /)
  })

  test('an optional ConfigMap that comes into being is a new revision: the release before it is not answered for', async () => {
    const { world } = cli
    const from = [{ configMapRef: { name: 'web', optional: true } }]
    await world.initialized()
    world.user.merge(kinds.Deployment, 'shop', 'web', {
      spec: { template: { spec: { containers: [{ name: 'web', image: 'demo/web:1.1.0', envFrom: from }] } } },
    })
    expect((await cli.run('status', 'web')).code).to.equal(0)
    world.processes[0]?.kill()
    world.user.create({
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: { name: 'web', namespace: 'shop' },
      data: { color: 'red' },
    })
    const early = await cli.run('status', 'web', '--timeout', '0')
    expect([early.code, lastLine(early)]).to.match(
      /^124,Timed out after 0s: Waiting for the controller to see revision /,
    )
    world.start()
    const late = await cli.run('status', 'web')
    expect([late.code, lastLine(late)]).to.match(/^0,Promoted /)
  })

  test('a controller that does not answer, and NAMEs and clusters that are not there', async () => {
    const { world } = cli
    await world.initialized()
    world.processes[0]?.kill()
    const rows: readonly (readonly [args: string, code: number, said: RegExp])[] = [
      [
        'pause web',
        1,
        /^The controller has not answered within 30s; is it running\? See: kubectl -n sluice-system get pods\. /,
      ],
      ['status web --timeout 0', 0, /^Ready: web-primary serves/],
      ['pause wbe', 1, /^There is no Canary wbe in namespace shop\. Did you mean web\?$/],
      ['pause other', 1, /^There is no Canary other in namespace shop\. There are: web$/],
      ['pause web -n default', 1, /^There is no Canary web in namespace default\. There is one in shop: add -n shop$/],
      ['status web --timeout 5 minutes', 2, /Write a duration with its unit/],
      ['status web --revision=', 2, /Write the hash of a revision, or six or more of its first digits\./],
      ['get web -A', 1, /^A name is of one Canary/],
      ['status', 2, /missing required argument 'name'/],
      ['pause web --as-group a', 1, /^--as-group needs --as/],
      ['pause web --context prod', 1, /has no context "prod"\. It has: lab\. Name one of them with --context\.$/],
      ['pause web --kubeconfig /nowhere', 1, /^Cannot read the kubeconfig \/nowhere/],
    ]
    for (const [args, code, said] of rows) {
      const ran = await cli.run(...args.split(' '))
      expect([args, ran.code]).to.deep.equal([args, code])
      expect(lastLine(ran).replace(/^error: /, '')).to.match(said)
    }
    const gone = await cli.run('pause', 'web', '--kubeconfig', await cli.kubeconfig('gone', 'http://127.0.0.1:1'))
    expect([gone.code, lastLine(gone)]).to.match(
      /^1,The API server at http:\/\/127\.0\.0\.1:1 cannot be reached: .*ECONNREFUSED.*Check --kubeconfig and --context/,
    )
    const stranger = await cli.run(
      'pause',
      'web',
      '--kubeconfig',
      await cli.kubeconfig('stranger', cli.url.replace('/token-1', '')),
    )
    expect([stranger.code, lastLine(stranger)]).to.match(
      /^1,The API server at .* does not accept the credentials: Unauthorized/,
    )
  })
})
