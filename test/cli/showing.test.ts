/** get, watch, explain, history, diff and events, against the playground's API server and a controller. */
import { expect } from 'chai'
import { charactersOf } from '../../src/cli/render/paint.ts'
import { CliWorld, lastLine, PIPE } from './given.ts'

suite('sluice get, watch, explain, history, diff, events', () => {
  test('a release, from a list to its end', async () => {
    const cli = await CliWorld.open()
    const { world } = cli
    const steps = [{ weight: 20, approve: true }, { weight: 100 }]
    try {
      const empty = await cli.run('get')
      expect(empty).to.deep.equal({ code: 0, stdout: '', stderr: 'No Canaries found in namespace shop\n' })
      world.start()
      await world.initialized({ analysis: { interval: '10s', steps } })
      const following = cli.start(['watch', 'web'])
      const drawn = cli.start(['watch', 'web'], {
        isInteractive: true,
        hasColors: false,
        columns: () => 60,
        rows: () => 12,
      })
      const rows = cli.start(['get', '-w'])
      const data = cli.start(['get', 'web', '-w', '-o', 'jsonpath={.phase},'])
      while (!following.said().includes('Initialized') || drawn.said() === '' || rows.said() === '') await cli.turn()
      world.setImage('demo/web:1.1.0')
      while (!following.said().includes('waiting for approval')) await cli.turn()
      expect(following.said()).to.match(/^\d\d:\d\d:\d\d {2}Initialized {2}weight 0 {2}Ready: web-primary serves/)
      expect(following.said()).to.match(/\n\d\d:\d\d:\d\d {2}Progressing {2}1\/2 {2}weight 20 {2}Weight 20 passed/)
      following.interrupt()
      const interrupted = world.clock.now()
      const stopped = await cli.until(following)
      expect(world.clock.now() - interrupted).to.be.below(5000)
      expect([stopped.code, stopped.stderr]).to.deep.equal([
        130,
        'Stopped watching; the release goes on. To stop it: sluice -n shop abort web\n',
      ])
      // Drawn over itself: no frame is higher than the screen, and none has a line that is longer.
      const frames = drawn.said().split('\u001B[0J').slice(0, -1)
      expect(frames.length).to.be.greaterThan(1)
      for (const frame of frames) {
        const lines = frame
          .split('\u001B')
          .map(piece => piece.replace(/^\[\d+[AK]/, ''))
          .join('')
          .trimEnd()
          .split('\n')
        expect(lines.length).to.be.at.most(11)
        expect(Math.max(...lines.map(line => charactersOf(line).length))).to.be.at.most(60)
      }
      expect(frames.at(-1)?.startsWith('\u001B[11A\u001B[2Kweb Progressing, step 1/2\n')).to.equal(true)
      drawn.interrupt()
      await cli.until(drawn)
      data.interrupt()
      expect((await cli.until(data)).stdout).to.match(/^Initialized,.*Progressing,$/)
      rows.interrupt()
      const listed = await cli.until(rows)
      expect(listed.stdout).to.match(/^NAME +STATUS +WEIGHT +STEP +MESSAGE +AGE\nweb +Initialized +0 /)
      expect(listed.stdout).to.match(/\nweb +Progressing +20 +1\/2 +Weight 20 passed/)

      const lists: readonly (readonly [args: string, said: RegExp])[] = [
        [
          'get',
          /^NAME +STATUS +WEIGHT +STEP +MESSAGE +AGE\nweb +Progressing +20 +1\/2 +Weight 20 passed; .* +\d+\S*\n$/,
        ],
        ['get -A --no-headers', /^shop +web +Progressing/],
        ['get -l team=other', /^No Canaries found in namespace shop\n$/],
        ['get -o wide', /^NAME .*PRIMARY +CANARY +MESSAGE +AGE\nweb .* web:1\.0\.0 +web:1\.1\.0 /],
        ['get -o name', /^canary\.sluice\.dev\/web\n$/],
        ['get web -o name', /^canary\.sluice\.dev\/web\n$/],
        ['get -o jsonpath={.items[*].name}', /^web$/],
        ['get web -o jsonpath={.phase}{"\\n"}', /^Progressing\n$/],
        ['get web -o yaml', /^apiVersion: view\.sluice\.dev\/v1beta1\nkind: CanaryView\n/],
        ['get web', /^web Progressing, step 1\/2\nMessage .*\n[^]*\nSteps\n ● 20 %/],
        [
          'explain web',
          /^Now\n {2}Progressing, step 1\/2 \(WaitingForApproval\): [^]*\n\nWaits for\n[^]*\n\nNext\n[^]*\n\nWould roll back if\n {2}5 more checks fail/,
        ],
        [
          'explain web -o json',
          /^\{\n {2}"apiVersion": "view\.sluice\.dev\/v1beta1",\n {2}"kind": "CanaryExplanation"/,
        ],
        [
          'diff web',
          /^--- b5db799a80\n\+\+\+ cce5ddf228\n@@ [^]*\n-[^]*image: demo\/web:1\.0\.0\n\+ +(- )?image: demo\/web:1\.1\.0\n/,
        ],
        ['history web', /^Canary web has released nothing yet\n$/],
        ['events web', /^LAST SEEN +TYPE +REASON +MESSAGE\n[^]*Warning +WaitingForApproval +Weight 20 passed/],
        ['__complete ge', /^get\tlist Canaries.*\n:4\n$/],
        ['__complete get w', /^web\n:4\n$/],
        ['__complete status -n default w', /^:4\n$/],
        ['__complete get -n sh', /^shop\n:4\n$/],
        ['__complete approve --fu', /^--full\tstraight to promotion.*\n:4\n$/],
        ['__complete simulate --scenario e', /^errors\n:4\n$/],
        ['__complete explain -o j', /^json\njsonpath=\n:4\n$/],
        ['__complete lint a.y', /^:0\n$/],
        ['__complete get --kubeconfig a', /^:0\n$/],
        ['__complete completion f', /^fish\n:4\n$/],
        ['__complete get --context nowhere w', /^:4\n$/],
        ['events web -o jsonpath={.items[0].reason}', /^[A-Z]\w+$/],
      ]
      for (const [args, said] of lists) {
        const ran = await cli.run(...args.split(' '))
        expect([args, ran.code]).to.deep.equal([args, 0])
        expect(ran.stdout + ran.stderr).to.match(said)
      }
      const wrong: readonly (readonly [args: string, code: number, said: RegExp])[] = [
        ['get -o xml', 2, /Write one of wide, json, yaml, name and jsonpath=TEMPLATE/],
        ...['explain web', 'history web', 'events web', 'check'].map(
          command => [`${command} -o wide`, 2, /Write one of json, yaml and jsonpath=TEMPLATE/] as const,
        ),
        ['get -o jsonpath={range}', 2, /jsonpath "\{range\}" is not understood/],
        ['get -A -n shop', 2, /cannot be used with option/],
        ['get wbe', 1, /Did you mean web\?$/],
        ['diff web --to 0123456789', 1, /^The template of revision 0123456789 is not recorded; these are: /],
      ]
      for (const [args, code, said] of wrong) {
        const ran = await cli.run(...args.split(' '))
        expect([args, ran.code]).to.deep.equal([args, code])
        expect(lastLine(ran)).to.match(said)
      }
      await cli.run('approve', 'web', '--full', '--wait')
      const history = await cli.run('history', 'web')
      expect(history.stdout).to.match(/^REVISION +OUTCOME .*\ncce5ddf228 +Succeeded +20 .*Promoted cce5ddf228/)
      const narrow = await cli.until(cli.start(['get', 'web'], { ...PIPE, columns: () => 20 }))
      expect(Math.max(...narrow.stdout.split('\n').map(line => charactersOf(line).length))).to.equal(20)
    } finally {
      await cli.close()
    }
  })
})
