/**
 * Flagger's published examples for Istio, word for word (fixtures/flagger has them, with their sources), through a good and a bad release.
 * `sluice import flagger` changes the apiVersion; `inTheLab` and `examples` list every other replacement, with its reason. podinfo's
 * Deployment and HPA are those of Flagger's kustomize/podinfo; metrics-server and the load tester are the real ones.
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { parse } from 'yaml'
import type { KubeObject } from '../../../src/api/object.ts'
import { expectNoFailure, expectNoneOf, expectShares } from '../../fixtures/expect.ts'
import type { LoadOptions } from '../../fixtures/load.ts'
import { Trial } from '../../fixtures/podinfo.ts'
import { Shop } from '../../fixtures/shop.ts'
import { type Scenario, together } from '../../fixtures/together.ts'
import { run } from '../../lab/program.ts'

const bundle = fileURLToPath(new URL('../../../dist/sluice.js', import.meta.url))
const textIn = (file: string): string =>
  readFileSync(new URL(`../../fixtures/flagger/${file}.yaml`, import.meta.url), 'utf8')

type Replacement = readonly [from: string | RegExp, to: string]

interface Example {
  readonly file: string
  /** The port of Service `podinfo`. */
  readonly port: number
  readonly replacements: (shop: Shop) => readonly Replacement[]
}

/** Four examples run at once, so each has a namespace of its own; and they would have one public host at one gateway. */
const inTheLab = ({ namespace }: Shop): readonly Replacement[] => [
  [/^ {2}namespace: test$/gm, `  namespace: ${namespace}`],
  [/\.test(?=[:/])/g, `.${namespace}`],
  // For a machine with nothing else to do.
  [/^( +max:) 500$/gm, '$1 5000'],
]
const publicHost = (shop: Shop): Replacement => ['app.example.com', shop.hostAtGateway]
/** Ten steps or iterations take half a minute in place of 150 s to ten minutes. The windows of the metrics stay. */
const shorter = (interval: string): Replacement => [new RegExp(`^ {4}interval: ${interval}$`, 'gm'), '    interval: 3s']

const examples = {
  canary: { file: 'istio-canary', port: 80, replacements: shop => [publicHost(shop), shorter('15s')] },
  abTest: { file: 'istio-abtest', port: 80, replacements: shop => [publicHost(shop), shorter('15s')] },
  blueGreen: {
    file: 'blue-green',
    port: 9898,
    // The tutorial is for clusters without a mesh, where Sluice has no telemetry of its own; with a mesh Flagger takes the same analysis
    // (docs/gitbook/usage/deployment-strategies.md).
    replacements: () => [['provider: kubernetes', 'provider: istio'], shorter('30s')],
  },
  mirroring: {
    file: 'mirroring',
    port: 9898,
    replacements: shop => [
      publicHost(shop),
      shorter('1m'),
      // The load tester of the lab is in no namespace, so a name without one leads nowhere.
      ['//podinfo-canary:9898', `//podinfo-canary.${shop.namespace}:9898`],
    ],
  },
} as const satisfies Record<string, Example>

/** What `sluice import flagger` writes, which is the example with another apiVersion and nothing else. */
async function imported({ file, replacements }: Example, shop: Shop): Promise<KubeObject> {
  const input = [...inTheLab(shop), ...replacements(shop)].reduce((text, [from, to]) => {
    const next = text.replaceAll(from, to)
    if (next === text) throw new Error(`${file}.yaml has no ${from}`)
    return next
  }, textIn(file))
  const output = await run([process.execPath, bundle, 'import', 'flagger', '-f', '-'], { input })
  expect(output).to.equal(input.replace('apiVersion: flagger.app/v1beta1', 'apiVersion: sluice.dev/v1beta1'))
  return parse(output) as KubeObject
}

const begin = async (shop: Shop, example: Example): Promise<Trial> =>
  Trial.begin(shop, await imported(example, shop), example.port)

async function canary(shop: Shop): Promise<void> {
  const trial = await begin(shop, examples.canary)
  await shop.reachable('gateway')
  const callers = [trial.load('gateway'), trial.load('client')]
  const good = await trial.release('6.0.1')
  await trial.untilHooksAnswered('conformance-test')
  await trial.untilPromoted('6.0.1', good)
  expect(trial.timeline.weights(good)).to.deep.equal([5, 10, 15, 20, 25, 30, 35, 40, 45, 50, 0])
  expectShares(trial.timeline, '6.0.1', good, ...callers)

  await trial.untilRolledBack('6.0.2', '6.0.1', 'conformance-test')
  const back = Date.now()
  await Promise.all(callers.map(async load => load.answered(40, back)))
  expectNoneOf('6.0.2', back, Date.now(), ...callers)
  expectNoFailure(...callers)
}

async function abTest(shop: Shop): Promise<void> {
  const trial = await begin(shop, examples.abTest)
  await shop.reachable('gateway')
  const others = [trial.load('gateway'), trial.load('client')]
  const matched = [
    trial.load('gateway', { headers: { cookie: 'type=insider' } }),
    trial.load('client', { headers: { 'user-agent': 'Mozilla/5.0 Firefox/141.0' } }),
  ]
  const good = await trial.release('6.0.1')
  await trial.untilHooksAnswered('conformance-test')
  await trial.untilPromoted('6.0.1', good)
  expect(trial.timeline.weights(good)).to.deep.equal([100, 0])
  const { decidedAt: copied } = await trial.timeline.untilPhase('Promoting', 1, good)
  expectNoneOf('6.0.1', good, copied, ...others)
  for (const load of matched) expect(load.versions(copied - 5000, copied)).to.have.all.keys('6.0.1')

  const bad = Date.now()
  await trial.untilRolledBack('6.0.2', '6.0.1', 'conformance-test')
  expectNoneOf('6.0.2', bad, Date.now(), ...others)
  for (const load of matched) expect(load.versions(bad)).to.have.all.keys('6.0.1', '6.0.2')
  expectNoFailure(...others, ...matched)
}

/** Nothing but the load test and copies reaches the canary before it gets all requests; a bad one gets none. */
async function withoutCallers(shop: Shop, example: Example, test: string, via: LoadOptions['via']): Promise<void> {
  const trial = await begin(shop, example)
  const caller = trial.load(via)
  await caller.answered(40, Date.now())
  const begun = Date.now()
  const good = await trial.release('6.0.1')
  await trial.untilHooksAnswered(test)
  const switched = await trial.timeline.untilWeight(100, 120, good)
  expect(await trial.received(), 'requests of the load test, or copies').to.be.greaterThan(200)
  expectNoneOf('6.0.1', good, trial.timeline.absentUntil(switched, via), caller)
  await trial.untilPromoted('6.0.1', good)
  expect(trial.timeline.weights(good)).to.deep.equal([100, 0])
  const promoted = Date.now()
  await caller.answered(40, promoted)
  expect(caller.versions(promoted)).to.have.all.keys('6.0.1')

  const bad = Date.now()
  await trial.untilRolledBack('6.0.2', '6.0.1', test)
  expectNoneOf('6.0.2', bad, Date.now(), caller)
  expect(trial.timeline.weights(bad), 'nothing was sent to it').to.deep.equal([])
  expect(caller.failures(begun)).to.deep.equal([])
}

async function blueGreen(shop: Shop): Promise<void> {
  const input = textIn(examples.blueGreen.file)
  const refusal = await run([process.execPath, bundle, 'import', 'flagger', '-f', '-'], { input }).catch(String)
  expect(refusal).to.include(
    'provider kubernetes has no telemetry of its own: write analysis.metrics, each with a query',
  )
  await withoutCallers(shop, examples.blueGreen, 'smoke-test', 'client')
}

async function mirroring(shop: Shop): Promise<void> {
  // Its VirtualService is for the gateway alone, so it is the public host whose requests are copied.
  await withoutCallers(shop, examples.mirroring, 'acceptance-test', 'gateway')
}

suite("Flagger's examples", () => {
  const scenarios: readonly (readonly [string, string, (shop: Shop) => Promise<void>])[] = [
    ['istio-canary.yaml: ten weights, promoted; errors roll it back', 'flagger-canary', canary],
    ['istio-abtest.yaml: insiders alone meet the canary, promoted; errors roll it back', 'flagger-ab', abTest],
    ['blue/green: ten iterations, promoted; errors roll it back before any caller meets it', 'flagger-blue', blueGreen],
    [
      'mirroring: copies are judged, promoted; errors roll it back before any caller meets it',
      'flagger-mirror',
      mirroring,
    ],
  ]
  together(
    scenarios.map(([name, topic, trial]): Scenario => ({ name, run: async lab => Shop.within(lab, topic, trial) })),
  )
})
