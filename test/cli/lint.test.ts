/** `sluice lint`: files → sentences and an exit code, without a cluster. */
import { expect } from 'chai'
import { CliWorld } from './given.ts'

const canary = (spec: string): string => `apiVersion: sluice.dev/v1beta1
kind: Canary
metadata: {name: web, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  service: {port: 80}
${spec}`
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
`

const rows: Readonly<Record<string, readonly [text: string, code: number, said: RegExp]>> = {
  'a good file': [
    `${deployment}---\n${canary('  analysis: {interval: 1m}')}`,
    0,
    /^1 object of Sluice checked, nothing wrong\n$/,
  ],
  'a target that is elsewhere': [
    canary('  analysis: {interval: 1m}'),
    0,
    /^-: Canary shop\/web: note: Deployment web is not in these files; it has to be in the cluster\n/,
  ],
  'a value that is refused': [
    canary('  analysis: {interval: soon}'),
    1,
    /^-: Canary shop\/web: spec\.analysis\.interval: .*\n1 object of Sluice checked, 1 wrong\n$/,
  ],
  'two Canaries of one target': [
    `${deployment}---\n${canary('  analysis: {}')}\n---\n${canary('  analysis: {}').replace('name: web,', 'name: other,')}`,
    1,
    /Canary shop\/web: spec\.targetRef: Canary other \(-\) has the same target; keep one of them\n/,
  ],
  'a template that is elsewhere': [
    `${deployment}---\n${canary('  analysis: {metrics: [{name: a, templateRef: {name: latency}, thresholdRange: {max: 1}}]}')}`,
    0,
    /note: MetricTemplate latency is not in these files/,
  ],
  'another version': [
    canary('').replace('v1beta1', 'v2'),
    1,
    /apiVersion: sluice\.dev\/v2 is not known; write sluice\.dev\/v1beta1\n/,
  ],
  "Flagger's Canary": [
    canary('').replace('sluice.dev', 'flagger.app'),
    0,
    /note: is Flagger's; rewrite it with: sluice import flagger/,
  ],
  'no YAML': ['a: [', 1, /^-: not YAML: .*\n/],
  'an alias that leads nowhere': ['a: *b\n', 1, /^-: not YAML: .*alias.*\n/i],
  'aliases that grow without end': [
    `a: &a [x,x,x,x,x,x,x,x,x]\n${['b', 'c', 'd', 'e'].map((one, i) => `${one}: &${one} [${Array(9).fill(`*${'abcd'[i]}`).join(',')}]`).join('\n')}\n`,
    1,
    /^-: not YAML: .*alias.*\n/i,
  ],
  'no object': ['- a\n', 1, /^-: a document is no object: apiVersion, kind and metadata\.name are needed\n/],
  nothing: ['', 0, /^0 objects of Sluice checked, nothing wrong\n$/],
}

suite('sluice lint', () => {
  let cli: CliWorld
  suiteSetup(async () => {
    cli = await CliWorld.open()
  })
  suiteTeardown(() => cli.close())

  for (const [what, [text, code, said]] of Object.entries(rows)) {
    test(what, async () => {
      const ran = await cli.start(['lint', '-'], undefined, text).ended
      expect(ran.stdout + ran.stderr).to.match(said)
      expect(ran.code).to.equal(code)
    })
  }

  test('files by name, and one that is not there', async () => {
    const good = await cli.start([
      'lint',
      await cli.file('a.yaml', deployment),
      await cli.file('b.yaml', canary('  analysis: {}')),
    ]).ended
    expect(good).to.deep.include({ code: 0, stdout: '' })
    const missing = await cli.start(['lint', '/nowhere.yaml']).ended
    expect([missing.code, missing.stderr]).to.deep.equal([1, '/nowhere.yaml cannot be read: ENOENT\n'])
  })
})
