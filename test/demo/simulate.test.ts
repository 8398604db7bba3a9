/** `sluice simulate`: a file and a scenario → a timeline, how it ended, and what is said of files that cannot be played. */
import { Readable } from 'node:stream'
import { expect } from 'chai'
import { sampled } from '../sampled.ts'
import { simulate } from '../../demo/simulate/simulate.ts'
import { CODES } from '../../src/cli/release/outcome.ts'
import type { Scenario } from '../../src/cli/tools.ts'
import { type Ran, runIn } from '../cli/in-process.ts'

const canary = (analysis = '{interval: 10s, threshold: 2, stepWeights: [20, 50]}', more = ''): string =>
  `apiVersion: sluice.dev/v1beta1
kind: Canary
metadata: {name: web, namespace: shop}
spec:
  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}
  service: {port: 80}
  analysis: ${analysis}
${more}`
const deployment = `apiVersion: apps/v1
kind: Deployment
metadata: {name: web, namespace: shop}
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: web, image: 'registry.example.com:5000/web:1.0.0', ports: [{name: http, containerPort: 80}]}]}
---
`

async function played(text: string, scenario: Scenario, seed = 1) {
  const lines: string[] = []
  const say = (line: string): void => void lines.push(line)
  const { how, sentence } = await simulate({ text, scenario, seed, say, stop: new AbortController().signal })
  return { how, sentence, timeline: lines.join('\n') }
}

suite('sluice simulate', () => {
  const rows: Readonly<
    Record<
      string,
      readonly [text: string, scenario: Scenario, how: keyof typeof CODES, timeline: RegExp, sentence: RegExp]
    >
  > = {
    'a good version climbs all steps': [
      `${deployment}${canary()}`,
      'good',
      'promoted',
      /^ +0s {2}Progressing {2}0\/2 {2}weight 0 {2}New revision [^]*weight 20 [^]*\n +\d+s {2}Progressing {2}2\/2 {2}weight 50 [^]*Promoting[^]*Succeeded/,
      /^Promoted \w+ \(web:candidate\)\. Callers sent \d+ requests in \d+s, and 0 failed$/,
    ],
    'errors are rolled back at the first step, and some requests fail': [
      canary(),
      'errors',
      'rolledBack',
      /^Note: Deployment web is not in the file: one with two pods is played\n[^]*\(1 of 2 failed checks\)\n[^]*Failed {2}weight 0 /,
      /^Rolled back .* at weight 20: request-success-rate .* \(2 of 2 failed checks\)\. Callers sent \d+ requests in \d+s, and [1-9]\d* failed$/,
    ],
    'slow answers are rolled back': [
      canary(),
      'slow',
      'rolledBack',
      /Failed/,
      /request-duration p99 \d+ ms is above 500 ms/,
    ],
    'a Prometheus that is away holds, and the release goes on after it': [
      canary(),
      'outage',
      'promoted',
      /Prometheus does not answer\n.*Holding at weight 20: [^]*Prometheus answers again\n[^]*Succeeded/,
      /^Promoted/,
    ],
    'what the playground cannot play is left out, and said': [
      canary(
        '{interval: 10s, stepWeights: [50], metrics: [{name: request-success-rate, thresholdRange: {min: 99}}, {name: lag, templateRef: {name: lag}, thresholdRange: {max: 1}}], webhooks: [{name: h, url: "http://h.example.com/"}], alerts: [{name: a, severity: info, providerRef: {name: chat}}]}',
      ),
      'good',
      'promoted',
      /Note: Left out, because the playground measures requests alone: lag\nNote: Webhooks are not called; each counts as answered with 200\nNote: Alerts are not sent\n/,
      /^Promoted/,
    ],
    'approvals are given': [
      canary('{interval: 10s, steps: [{weight: 20, approve: true}, {weight: 50}]}'),
      'good',
      'promoted',
      /Note: Approvals are given as soon as they are waited for\n[^]*Succeeded/,
      /^Promoted/,
    ],
    'a Canary that is paused waits': [
      canary(undefined, '  paused: true'),
      'good',
      'person',
      /weight 0/,
      /^For 10m00s nothing has changed: /,
    ],
    'a Canary that cannot begin says why': [
      canary(undefined, '  autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: web}'),
      'good',
      'stalled',
      /Note: HorizontalPodAutoscaler web is not in the file/,
      /^No release can begin: /,
    ],
    'objects as a cluster has them': [
      `${deployment}${canary('{interval: 10s, stepWeights: [50]}')}`
        .replaceAll(
          '{name: web, namespace: shop}',
          '{name: web, namespace: shop, uid: a1, resourceVersion: "7", generation: 2, creationTimestamp: "2026-01-02T03:04:05Z", annotations: {sluice.dev/pause: "1 kim: lunch"}}',
        )
        .replace('spec:\n  selector', 'spec:\n  replicas: 0\n  selector'),
      'good',
      'promoted',
      /^Note: Deployment web has 0 replicas in the file: two pods are played\n[^]*Succeeded/,
      /^Promoted/,
    ],
    'through a gateway': [
      canary().replace('{port: 80}', '{port: 80, gateways: [istio-system/public], hosts: [shop.example.com]}'),
      'errors',
      'rolledBack',
      /Failed/,
      /and [1-9]\d* failed$/,
    ],
  }
  for (const [what, [text, scenario, how, timeline, sentence]] of sampled(Object.entries(rows), 2)) {
    test(what, async () => {
      const ended = await played(text, scenario)
      expect(ended.sentence).to.match(sentence)
      expect(ended.timeline).to.match(timeline)
      expect(ended.how).to.equal(how)
    })
  }

  test('the same seed plays the same requests, another one others', async () => {
    const short = canary('{interval: 10s, threshold: 1, stepWeights: [50]}')
    const [one, again, other] = [
      await played(short, 'errors'),
      await played(short, 'errors'),
      await played(short, 'errors', 2),
    ]
    expect(again).to.deep.equal(one)
    expect(other).to.not.deep.equal(one)
  })

  const simulateIn = (args: string, text = ''): Promise<Ran> =>
    runIn(['simulate', ...args.split(' ').filter(word => word !== '')], { stdin: Readable.from([text]) })
  const wrong: Readonly<Record<string, readonly [args: string, text: string, code: number, said: RegExp]>> = {
    'no file': ['', '', 2, /missing required argument|ENOENT|cannot be read/],
    'a file that is not there': ['/nowhere.yaml', '', 1, /^\/nowhere\.yaml cannot be read: ENOENT\n$/],
    'an unknown scenario': ['- --scenario crash', '', 2, /Allowed choices are good, errors, slow, outage/],
    'a seed that is none': ['- --seed x', '', 2, /Write a whole number/],
    'an empty file': ['-', '', 1, /^There is no Canary in the file/],
    'no YAML': ['-', 'a: [', 1, /^The file cannot be played: not YAML: /],
    'an alias of nothing': ['-', 'a: *b', 1, /^The file cannot be played: not YAML: Unresolved alias/],
    'aliases that multiply': [
      '-',
      `a: &a [x, x, x, x, x, x, x, x, x]\n${['b', 'c', 'd', 'e'].map((key, i) => `${key}: &${key} [${`*${'abcd'[i]}, `.repeat(9)}]\n`).join('')}`,
      1,
      /^The file cannot be played: not YAML: Excessive alias count/,
    ],
    'no object': ['-', '- a', 1, /is no object: apiVersion, kind and metadata\.name are needed/],
    'several Canaries': [
      '-',
      `${canary()}\n---\n${canary().replace('name: web,', 'name: other,')}`,
      1,
      /^There are 2 Canaries in the file \(web, other\): put the one to simulate into a file of its own\n$/,
    ],
    "Flagger's Canary": [
      '-',
      canary().replace('sluice.dev', 'flagger.app'),
      1,
      /is Flagger's; rewrite it first with: sluice import/,
    ],
    'another version': ['-', canary().replace('v1beta1', 'v2'), 1, /apiVersion: sluice\.dev\/v2 is not known/],
    'a Canary that is refused': [
      '-',
      canary('{interval: soon}'),
      1,
      /^Canary web is refused: spec\.analysis\.interval: /,
    ],
    'a provider that the playground does not know': [
      '-',
      canary(undefined, '  provider: gatewayapi:v1'),
      1,
      /^spec\.provider: gatewayapi:v1 cannot be simulated: .* Write provider: istio in a copy of the file/,
    ],
    'a Deployment that the API server refuses': [
      '-',
      `${deployment.replace('{app: web}}\n  template', '{app: other}}\n  template')}${canary()}`,
      1,
      /selector/,
    ],
  }
  for (const [what, [args, text, code, said]] of Object.entries(wrong)) {
    test(`refuses ${what}`, async () => {
      const ran = await simulateIn(args, text)
      expect(ran.stdout + ran.stderr).to.match(said)
      expect(ran.code).to.equal(code)
    })
  }

  test('prints the timeline on stdout, the end on stderr, and ends with the code of status', async () => {
    const ran = await simulateIn('- --scenario errors', canary('{interval: 10s, threshold: 1, stepWeights: [50]}'))
    expect(ran.code).to.equal(CODES.rolledBack)
    expect(ran.stdout).to.match(/Failed {2}weight 0 .*\n$/)
    expect(ran.stderr).to.match(/^Rolled back .*\n$/)
  })
})
