/** A new user's path, word for word as the README has it, but for the limit of latency: its YAML, its commands, what it says one will see. */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { rights } from '../../fixtures/controller.ts'
import { explain } from '../../fixtures/explain.ts'
import { Load } from '../../fixtures/load.ts'
import { withPatience } from '../../fixtures/shop.ts'
import { together } from '../../fixtures/together.ts'
import { takingOver, withInjector } from '../../lab/injector.ts'
import type { Lab } from '../../lab/lab.ts'
import { timeoutOf, waitFor } from '../../lab/wait.ts'

const root = fileURLToPath(new URL('../../..', import.meta.url))
const readme = readFileSync(`${root}/README.md`, 'utf8')
const blocks = (language: string): string[] =>
  [...readme.matchAll(new RegExp(`^\`\`\`${language}\\n(.*?)^\`\`\``, 'gms'))].map(found => found[1] ?? '')

/** The one YAML block with an object of this kind. */
function yamlOf(kind: string): KubeObject {
  const found = blocks('yaml')
    .map(text => parse(withPatience(text)) as KubeObject)
    .find(object => object.kind === kind)
  if (found === undefined) throw new Error(`README.md has no ${kind} in YAML`)
  return found
}

/** The arguments of the one command in the README that starts so. */
function command(start: string): string[] {
  const text = readme.replaceAll(/\s*\n\s*/g, ' ')
  const [, found] = new RegExp(`(${start}[^\`]*?)(?:\`| kubectl |$)`).exec(text) ?? []
  if (found === undefined) throw new Error(`README.md has no command that starts with ${start}`)
  return found.trim().split(/\s+/).slice(1)
}

suite('The path of a new user', () => {
  let the: Lab
  let load: Load | undefined

  const sluice = async (): Promise<Record<string, unknown>> =>
    ((await the.api.get(kinds.Canary, 'shop', 'web'))?.['status'] ?? {}) as Record<string, unknown>
  const untilPhase = (phase: string, seconds: number): Promise<unknown> =>
    waitFor(`the Canary is ${phase}`, seconds, async () => (await sluice())['phase'] === phase)

  const install = async (lab: Lab): Promise<void> => {
    the = lab
    await withInjector(the)
    expect(readme).to.include('kubectl apply -k manifests').and.to.include('kubectl apply -f crds')
    // The manifests bind the service account of their Deployment. There is no registry to pull its image from: the bundle in it runs
    // as a process, as the user `sluice`, who keeps the same rights by bindings of his own.
    for (const { metadata } of rights().filter(({ kind }) => kind === 'ClusterRoleBinding')) {
      const { name } = metadata
      await the.kubectl.run('create', 'clusterrolebinding', `readme-${name}`, `--clusterrole=${name}`, '--user=sluice')
    }
    await the.kubectl.run('apply', '-f', `${root}/crds`)
    await the.kubectl.run('apply', '-k', `${root}/manifests`)
    await the.kubectl.run('-n', 'sluice-system', 'scale', 'deployment/sluice', '--replicas=0')
  }

  const goodRelease = async (): Promise<void> => {
    const namespace = {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: { name: 'shop', labels: { 'istio-injection': 'enabled' } },
    }
    await the.kubectl.apply([namespace, takingOver('shop', 9898)])
    await the.kubectl.applyClientSide([yamlOf('Deployment')])
    await the.kubectl.applyClientSide([yamlOf('Canary')])
    await untilPhase('Initialized', 90)
    load = new Load({ via: 'client', host: 'web.shop.svc.cluster.local', rate: 40 })

    const watch = the.kubectl.follow(...command('kubectl -n shop get sluice'))
    await waitFor('the watch shows the Canary', 20, () => watch.said().includes('Initialized'))
    await the.kubectl.run(...command('kubectl -n shop set image'))
    await untilPhase('Succeeded', 240)
    await waitFor('the watch shows the end', 20, () => watch.said().includes('Succeeded'))
    const seen = (await watch.end()).split('\n').map(line => line.trim().split(/\s+/).slice(0, 3).join(' '))
    const weights = [...new Set(seen.filter(line => line.startsWith('web Progressing')))]
    expect(weights).to.deep.equal([
      'web Progressing 0',
      'web Progressing 10',
      'web Progressing 25',
      'web Progressing 50',
      'web Progressing 100',
    ])
    expect(seen.filter(line => line !== '').at(-1)).to.equal('web Succeeded 0')
    expect(load.failures()).to.deep.equal([])
  }

  const badRelease = async (): Promise<void> => {
    await the.kubectl.run(...command('kubectl -n shop set env'))
    await untilPhase('Failed', 240)
    const said = await the.kubectl.run(...command('kubectl -n shop get sluice').filter(word => word !== '-w'))
    expect(said).to.match(/web\s+Failed\s+0\s/)
    expect(String((await sluice())['message'])).to.match(
      /^Rolled back \w+ (\(\S+\) )?at weight \d+: request-success-rate [\d.]+ % is below 99 %/,
    )
  }

  const end = async (error?: unknown): Promise<void> => {
    if (error !== undefined) await explain(error, 'shop')
    await load?.stop()
    await the.kubectl.run('delete', 'canaries.sluice.dev', '--all', '-n', 'shop', '--wait=true', timeoutOf(60))
    await the.kubectl.run('delete', 'namespace', 'shop', '--wait=false')
  }

  together([
    {
      steps: [
        { name: 'installs it with the two ways that the README names', run: install },
        { name: 'sees a good release go 10, 25, 50, 100, Succeeded', run: goodRelease },
        {
          name: 'sees a bad one rolled back, with a sentence that says which metric, which value, which limit',
          run: badRelease,
        },
      ],
      end,
    },
  ])
})
