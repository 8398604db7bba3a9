/**
 * Manifests of Flagger as people have them, translated: `golden/<name>.in.yaml` becomes `golden/<name>.out.yaml`, character by
 * character. `UPDATE=1` writes what is made today.
 */
import { readdirSync, readFileSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { expect } from 'chai'
import { parseAllDocuments, stringify } from 'yaml'
import { type KubeObject, kinds } from '../../../src/api/object.ts'
import { importFlagger } from '../../../src/import/flagger/import.ts'
import { SLUICE_API } from '../../../src/import/flagger/rewrite.ts'
import type { Note } from '../../../src/import/flagger/notes.ts'
import { Refusal } from '../../../playground/answers.ts'
import { VirtualClock } from '../../../playground/clock.ts'
import { installed } from '../../../playground/test/installed.ts'

const folder = join(import.meta.dirname, 'golden')
const read = (name: string): string => readFileSync(join(folder, name), 'utf8')

type Json = Record<string, unknown>

/** A Canary of Flagger as text, with this in its spec. */
const canary = (spec: Json, metadata: Json = { name: 'web', namespace: 'shop' }): string =>
  stringify({
    apiVersion: 'flagger.app/v1beta1',
    kind: 'Canary',
    metadata,
    spec: {
      targetRef: { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' },
      service: { port: 80 },
      analysis: { interval: '1m', threshold: 5, stepWeight: 10, maxWeight: 50 },
      ...spec,
    },
  })

const template = (provider: Json, query = 'vector(1)'): string =>
  stringify({
    apiVersion: 'flagger.app/v1beta1',
    kind: 'MetricTemplate',
    metadata: { name: 'errors' },
    spec: { provider, query },
  })

const alertProvider = (spec: Json): string =>
  stringify({ apiVersion: 'flagger.app/v1beta1', kind: 'AlertProvider', metadata: { name: 'chat' }, spec })

const analysis = (more: Json): Json => ({ analysis: { interval: '1m', threshold: 5, stepWeight: 10, ...more } })
const templateRef = { name: 'errors', namespace: 'monitoring' }

interface Row {
  readonly name: string
  readonly text: string
  /** The notes: kind, and a part of the sentence. */
  readonly notes: readonly (readonly [kind: Note['kind'], sentence: RegExp])[]
  /** Why the API server lets in what is refused here. */
  readonly unseenByServer?: string
}

const rows: readonly Row[] = [
  { name: 'a Canary that means the same', text: canary({}), notes: [] },
  { name: 'a Canary of Sluice', text: canary({ suspend: true }).replace('flagger.app', 'sluice.dev'), notes: [] },
  {
    name: 'an analysis of null beside the old one, which Flagger reads',
    text: canary({ analysis: null, canaryAnalysis: { interval: '1m', stepWeight: 10 } }),
    notes: [['changed', /^spec\.canaryAnalysis: renamed to analysis/]],
  },
  {
    name: 'a finalizer of Flagger beside another one',
    text: canary({}, { name: 'web', finalizers: ['finalizer.flagger.app', 'example.com/x'] }),
    notes: [['changed', /^metadata\.finalizers: finalizer\.flagger\.app removed/]],
  },
  {
    name: 'the same in brackets',
    text: canary({}, { name: 'web' }).replace(
      'name: web',
      'name: web\n  finalizers: [example.com/x, finalizer.flagger.app]',
    ),
    notes: [['changed', /^metadata\.finalizers: finalizer\.flagger\.app removed/]],
  },
  {
    name: 'a version that is an alias',
    text: `apiVersion: v1\nkind: List\nversion: &v flagger.app/v1beta1\nitems:\n${['a', 'b'].map(name => `- {apiVersion: *v, kind: MetricTemplate, metadata: {name: ${name}}}\n`).join('')}`,
    notes: [['unread', /apiVersion or kind of an object in it comes by an alias or by <</]],
  },
  { name: 'suspend', text: canary({ suspend: true }), notes: [['differs', /^spec\.suspend: is the same as paused/]] },
  { name: 'suspend that says nothing', text: canary({ suspend: false }), notes: [] },
  {
    name: 'fields that differ and say nothing, as Helm prints them',
    text: canary({
      provider: '',
      metricsServer: '',
      autoscalerRef: null,
      ingressRef: {},
      revertOnDeletion: false,
      service: { port: 80, gatewayRefs: [], match: [], hosts: [] },
    }),
    notes: [],
  },
  {
    name: 'an interval that Flagger makes longer',
    text: canary(analysis({ interval: '5s' })),
    notes: [['differs', /^spec\.analysis\.interval: .*Flagger's shortest is 10s/]],
  },
  {
    name: 'a top that Flagger climbs over',
    text: canary(analysis({ stepWeight: 20, maxWeight: 50 })),
    notes: [['differs', /^spec\.analysis\.maxWeight: is the top exactly/]],
  },
  {
    name: 'a metrics server',
    text: canary({ metricsServer: 'http://prometheus:9090' }),
    notes: [['differs', /^spec\.metricsServer: must be on the controller's list/]],
  },
  {
    name: 'a field of another mesh',
    text: canary({ service: { port: 80, meshName: 'global' } }),
    notes: [['refused', /^spec\.service\.meshName: .*App Mesh/]],
  },
  {
    name: 'another mesh',
    text: canary({ provider: 'appmesh:v1beta2' }),
    notes: [['refused', /^spec\.provider: only the providers/]],
  },
  {
    name: 'an Ingress',
    text: canary({
      provider: 'nginx',
      ingressRef: { apiVersion: 'networking.k8s.io/v1beta1', kind: 'Ingress', name: 'web' },
    }),
    notes: [
      ['changed', /^spec\.ingressRef\.apiVersion: networking\.k8s\.io\/v1beta1 is now networking\.k8s\.io\/v1/],
      ['differs', /^spec\.ingressRef: .*Flagger's are of both sides together/],
    ],
  },
  {
    name: 'weights that fall',
    text: canary({ analysis: { interval: '1m', stepWeights: [50, 10] } }),
    notes: [['refused', /^spec\.analysis\.stepWeights: each weight must be above the one before it/]],
  },
  {
    name: 'a field that nobody knows',
    text: canary({ service: { port: 80, trafficPolicy: { tls: {}, newer: 1 }, portNames: 'http' } }),
    notes: [['refused', /^spec\.service\.portNames: no field of this name is known/]],
    unseenByServer: 'it drops the field, and kubectl alone complains',
  },
  {
    name: 'a MetricTemplate of another namespace',
    text: canary(analysis({ metrics: [{ name: 'errors', templateRef, thresholdRange: { max: 1 } }] })),
    notes: [['refused', /^spec\.analysis\.metrics\[0\]\.templateRef\.namespace: .*copy errors to shop/]],
    unseenByServer: 'its rules do not see the namespace of an object',
  },
  {
    name: 'a MetricTemplate of a namespace, and a Canary that does not say its own',
    text: canary(analysis({ metrics: [{ name: 'errors', templateRef, thresholdRange: { max: 1 } }] }), { name: 'web' }),
    notes: [['differs', /templateRef\.namespace: the MetricTemplate must be in the namespace/]],
  },
  {
    name: 'an AlertProvider of another namespace',
    text: canary(analysis({ alerts: [{ name: 'a', providerRef: { name: 'chat', namespace: 'ops' } }] })),
    notes: [['refused', /^spec\.analysis\.alerts\[0\]\.providerRef\.namespace: .*copy chat and its Secret to shop/]],
    unseenByServer: 'its rules do not see the namespace of an object',
  },
  {
    name: 'an AlertProvider of Slack',
    text: alertProvider({ type: 'slack', channel: 'ops', username: 'flagger', secretRef: { name: 'chat' } }),
    notes: [],
  },
  {
    name: 'an AlertProvider of Teams, with what it has no use for',
    text: alertProvider({ type: 'msteams', channel: 'ops', username: 'flagger', secretRef: { name: 'chat' } }),
    notes: [
      ['changed', /^spec\.channel: removed; it has no effect with the type msteams/],
      ['changed', /^spec\.username: removed/],
      ['differs', /^spec\.secretRef: the address in the Secret must be of a workflow/],
    ],
  },
  {
    name: 'an AlertProvider with a connector of Teams',
    text: alertProvider({ type: 'msteams', address: 'https://acme.webhook.office.com/webhookb2/x' }),
    notes: [['refused', /^spec: connectors of Office 365 are retired/]],
  },
  {
    name: 'limits in another unit',
    text: canary(analysis({ metrics: [{ name: 'request-success-rate', thresholdRange: { min: 0.99 } }] })),
    notes: [['refused', /^spec\.analysis\.metrics\[0\].*write 99 for 99 %/]],
  },
  {
    name: 'a provider of metrics that is archived',
    text: template({ type: 'keptn' }),
    notes: [['refused', /^spec\.provider\.type: only the type prometheus/]],
  },
  {
    name: 'a function of Go templates',
    text: template({ type: 'prometheus' }, 'up{app="{{ target | upper }}", tier="{{ variables.tier }}"}'),
    notes: [['refused', /^spec\.query: .* is not known/]],
    unseenByServer: 'its rules do not read queries',
  },
  { name: 'variables of a template', text: template({ type: 'prometheus' }, 'up{a="{{ variables.a }}"}'), notes: [] },
  {
    name: 'a patch of Kustomize that names the group',
    text: 'kind: Kustomization\npatches: [{target: {group: flagger.app, kind: Canary}, path: a.yaml}]\n',
    notes: [['differs', /^it names flagger\.app and is passed on as it is/]],
  },
  {
    name: 'an annotation that Sluice reads too',
    text: 'kind: ConfigMap\nmetadata: {annotations: {flagger.app/config-tracking: disabled}}\n',
    notes: [],
  },
  {
    name: 'a template of Helm',
    text: '{{- if .Values.canary }}\napiVersion: flagger.app/v1beta1\nkind: Canary\n{{- end }}\n',
    notes: [['unread', /^it is passed on as it is, because it is no YAML: .*translate what it prints/]],
  },
  {
    name: 'an alias of nothing',
    text: `${canary({})}other: *nothing\n`,
    notes: [['unread', /^it is passed on as it is, because it is no YAML: .*nothing/]],
  },
  {
    name: 'a merge key of kubectl',
    text: canary({}).replace('  service:', '  <<: {suspend: true}\n  service:'),
    notes: [['differs', /^spec\.suspend: /]],
  },
]

suite('import flagger', () => {
  for (const name of readdirSync(folder).filter(file => file.endsWith('.in.yaml'))) {
    const golden = name.replace('.in.', '.out.')
    test(`${name} becomes ${golden}`, () => {
      const { text } = importFlagger(read(name))
      if (process.env['UPDATE'] === '1') writeFileSync(join(folder, golden), text)
      expect(text).to.equal(read(golden))
    })

    test(`${golden} is translated once and for all`, () => {
      expect(importFlagger(read(golden))).to.include({ text: read(golden), rewritten: 0 })
    })
  }

  for (const { name, text, notes } of rows) {
    test(`says of ${name}: ${notes.length === 0 ? 'nothing' : notes.map(([kind]) => kind).join(', ')}`, () => {
      const said = importFlagger(text).notes
      expect(said.map(({ kind }) => kind)).to.deep.equal(notes.map(([kind]) => kind))
      for (const [index, [, sentence]] of notes.entries()) expect(said[index]?.sentence).to.match(sentence)
    })
  }

  const readable = rows.filter(({ notes }) => notes.every(([kind]) => kind !== 'unread'))
  for (const { name, text, notes, unseenByServer } of readable) {
    const isRefused = notes.some(([kind]) => kind === 'refused') && unseenByServer === undefined
    test(`the API server ${isRefused ? 'refuses' : 'takes'} what becomes of ${name}`, () => {
      const objects = parseAllDocuments(importFlagger(text).text).map(document => document.toJS() as KubeObject)
      const user = installed(new VirtualClock()).as('kubectl')
      user.namespace('shop')
      for (const object of objects.filter(({ apiVersion }) => apiVersion === SLUICE_API)) {
        const create = (): unknown => user.create({ ...object, metadata: { namespace: 'shop', ...object.metadata } })
        if (isRefused) expect(create).to.throw(Refusal)
        else create()
      }
    })
  }

  test('takes out of an exported object what is not its owner’s, whatever it is written in', () => {
    const exported = {
      apiVersion: 'flagger.app/v1beta1',
      kind: 'Canary',
      metadata: {
        uid: '1',
        name: 'web',
        generation: 1,
        labels: { team: 'shop' },
        resourceVersion: '1',
        managedFields: [{}],
      },
      status: { phase: 'Succeeded' },
      spec: { targetRef: {}, service: { port: 80 } },
    }
    const {
      uid: _uid,
      generation: _generation,
      resourceVersion: _version,
      managedFields: _fields,
      ...metadata
    } = exported.metadata
    const { status: _status, ...rest } = exported
    for (const text of [JSON.stringify(exported), JSON.stringify(exported, null, 2), stringify(exported)]) {
      const [document] = parseAllDocuments(importFlagger(text).text)
      expect(document?.toJS()).to.deep.equal({ ...rest, apiVersion: `sluice.dev/${kinds.Canary.version}`, metadata })
    }
  })
})
