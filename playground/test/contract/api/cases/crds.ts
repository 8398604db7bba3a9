/** CustomResourceDefinitions, and what the schemas in them do to objects. */
import { readFileSync } from 'node:fs'
import { parse } from 'yaml'
import type { KubeObject } from '../../../../../src/api/object.ts'
import { at } from '../../../../../src/core/json.ts'
import type { Case, Talk } from '../case.ts'
import { only, widget, widgets } from '../given.ts'

const path = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions'
const spec = only('spec')

/** A kind of the case's own: `things.<case>.contract.example`. */
function things({ namespace }: Talk, schema: object, more: object = {}, version: object = {}) {
  const group = `${namespace}.contract.example`
  const one = { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, ...version }
  return {
    apiVersion: 'apiextensions.k8s.io/v1',
    kind: 'CustomResourceDefinition',
    metadata: { name: `things.${group}` },
    spec: { group, scope: 'Namespaced', names: { kind: 'Thing', plural: 'things' }, versions: [one], ...more },
  }
}

const isEstablished = ({ object }: { object: KubeObject }): boolean =>
  JSON.stringify(object['status'] ?? {}).includes('"type":"Established"') &&
  (at(object, 'status', 'conditions') as { type: string; status: string }[]).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  )

const objectWith = (properties: object, more: object = {}) => ({
  type: 'object',
  properties: { spec: { type: 'object', properties, ...more } },
})

async function install(talk: Talk, crd: ReturnType<typeof things>): Promise<void> {
  await talk.given(`POST ${path}`, crd)
  await talk.eventually(`GET ${path}/${crd.metadata.name}`, isEstablished, only('spec', 'group'))
}

/** Whether the server takes the definition. */
const attempt = (schema: object, more: object = {}, version: object = {}) => ({
  run: async (talk: Talk) => talk.ask(`POST ${path}?dryRun=All`, things(talk, schema, more, version), only('spec')),
})

export const crds: readonly Case[] = [
  {
    name: 'a CustomResourceDefinition is filled in and established',
    run: async talk => {
      const crd = things(talk, objectWith({ size: { type: 'string' } }))
      await talk.ask(`POST ${path}`, crd, only('spec'))
      await talk.eventually(`GET ${path}/${crd.metadata.name}`, isEstablished, only('status'))
      const objects = `/apis/${crd.spec.group}/v1/namespaces/NS/things`
      const thing = { apiVersion: `${crd.spec.group}/v1`, kind: 'Thing', metadata: { name: 'a' }, spec: { size: 'x' } }
      await talk.eventually(`GET ${objects}`, ({ code }) => code === 200)
      await talk.ask(`POST ${objects}`, thing)
      await talk.ask(`DELETE ${path}/${crd.metadata.name}`, undefined, { only: () => 'deleted' })
      await talk.eventually(`GET ${path}/${crd.metadata.name}`, ({ code }) => code === 404)
      await talk.eventually(`GET ${objects}`, ({ code }) => code === 404)
    },
  },
  { name: 'a definition without a schema is refused', ...attempt({}, {}, { schema: undefined }) },
  { name: 'a definition whose schema has no type is refused', ...attempt({ properties: {} }) },
  {
    name: 'a definition whose schema is not structural is refused',
    ...attempt(objectWith({ a: { anyOf: [{ type: 'string' }] } })),
  },
  { name: 'a definition with an array without items is refused', ...attempt(objectWith({ a: { type: 'array' } })) },
  {
    name: 'a definition with a list map without keys is refused',
    ...attempt(objectWith({ a: { type: 'array', 'x-kubernetes-list-type': 'map', items: { type: 'object' } } })),
  },
  {
    name: 'a definition with a default that does not fit is refused',
    ...attempt(objectWith({ a: { type: 'integer', default: 'x' } })),
  },
  {
    name: 'a definition with a CEL rule that does not compile is refused',
    ...attempt(objectWith({ a: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self.unheard > 1' }] } })),
  },
  {
    name: 'a definition with a CEL rule that is not a condition is refused',
    ...attempt(objectWith({ a: { type: 'string', 'x-kubernetes-validations': [{ rule: 'self' }] } })),
  },
  {
    name: 'a definition whose name is not that of its kind is refused',
    run: async talk => {
      const crd = things(talk, { type: 'object' })
      await talk.ask(`POST ${path}?dryRun=All`, { ...crd, metadata: { name: 'other' } })
    },
  },
  {
    name: 'a definition without a stored version is refused',
    ...attempt({ type: 'object' }, {}, { storage: false }),
  },
  { name: 'a definition of an unknown scope is refused', ...attempt({ type: 'object' }, { scope: 'Universal' }) },
  {
    name: 'the scope and the kind of a definition are immutable',
    run: async talk => {
      const crd = things(talk, { type: 'object' })
      await install(talk, crd)
      const merge = async (patch: object) => talk.merge(`${path}/${crd.metadata.name}`, patch, only('metadata', 'name'))
      await merge({ spec: { scope: 'Cluster' } })
      await merge({ spec: { names: { kind: 'Other' } } })
      await talk.given(`DELETE ${path}/${crd.metadata.name}`)
    },
  },
  {
    name: 'defaults are filled in, in lists and below too',
    run: async ({ ask }) => {
      await ask('POST widgets', widget('a', { parts: [{ name: 'a' }, { name: 'b', count: 2 }] }), spec)
      await ask('POST widgets', { apiVersion: 'contract.example/v1', kind: 'Widget', metadata: { name: 'b' } })
    },
  },
  {
    name: 'what a schema forbids is refused, with a cause for each',
    run: async ({ ask }) => {
      await ask('POST widgets', widget('w', { size: 'huge' }))
      await ask('POST widgets', widget('w', { low: 'x' }))
      await ask('POST widgets', widget('w', { low: 1.5 }))
      await ask('POST widgets', widget('w', { replicas: 11 }))
      await ask('POST widgets', widget('w', { secret: 'much too long' }))
      await ask('POST widgets', widget('w', { secret: 'ABC' }))
      await ask('POST widgets', widget('w', { tags: ['a', 'b', 'c', 'd', 'e', 'f'] }))
      await ask('POST widgets', widget('w', { parts: [{ count: 1 }] }))
      await ask('POST widgets', widget('w', { labels: { a: 1 } }))
      await ask('POST widgets', widget('w', { port: true }))
      await ask('POST widgets', widget('w', { free: 'x' }))
      await ask('POST widgets', widget('w', { replicas: 11, secret: 'ABC', tags: [1] }))
    },
  },
  {
    name: 'a map where a list must be is refused',
    run: async ({ ask }) => ask('POST widgets', widget('w', { parts: { name: 'a' } })),
  },
  {
    name: 'null in a custom resource',
    run: async ({ ask }) => {
      await ask('POST widgets', widget('w', { size: null, replicas: null }))
      await ask('POST widgets', widget('v', { size: null, low: null, secret: null }), spec)
    },
  },
  {
    name: 'a number or a text, where both may be',
    run: async ({ ask }) => {
      await ask('POST widgets', widget('a', { port: 80 }), spec)
      await ask('POST widgets', widget('b', { port: 'http' }), spec)
      await ask('POST widgets', widget('c', { port: 1.5 }))
    },
  },
  {
    name: 'a CEL rule refuses with its message',
    run: async ({ ask, merge }) => {
      await ask('POST widgets', widget('w', { low: 3, high: 2 }))
      await ask('POST widgets', widget('w', { low: 1, high: 2 }), spec)
      await merge('widgets/w', { spec: { low: 3 } })
      await merge('widgets/w', { spec: { high: null, low: 9 } }, spec)
    },
  },
  {
    name: 'a transition rule sees the old value',
    run: async ({ ask, merge }) => {
      await ask('POST widgets', widget('w', { fixed: 'a' }), spec)
      await merge('widgets/w', { spec: { fixed: 'b' } })
      await merge('widgets/w', { spec: { fixed: 'a', size: 'large' } }, spec)
      await merge('widgets/w', { spec: { fixed: null } }, spec)
      await merge('widgets/w', { spec: { fixed: 'b' } }, spec)
    },
  },
  {
    name: 'a rule that fails while it runs, messages from expressions, reasons and paths',
    run: async talk => {
      const rules = [
        { rule: 'self.a[3] == 1' },
        { rule: 'size(self.b) < 3', messageExpression: '"b is " + self.b + ", too long"' },
        { rule: 'self.b != "bad"', message: 'b is bad', reason: 'FieldValueForbidden', fieldPath: '.b' },
        { rule: 'self.a.all(x, x > 0)' },
        { rule: 'self.b.matches("^[a-z]+$")', message: 'b is not of small letters' },
      ]
      const schema = objectWith(
        { a: { type: 'array', maxItems: 5, items: { type: 'integer' } }, b: { type: 'string', maxLength: 20 } },
        { 'x-kubernetes-validations': rules },
      )
      const crd = things(talk, schema)
      await install(talk, crd)
      const objects = `/apis/${crd.spec.group}/v1/namespaces/NS/things`
      const thing = (own: object) => ({
        apiVersion: `${crd.spec.group}/v1`,
        kind: 'Thing',
        metadata: { name: 'a' },
        spec: own,
      })
      await talk.eventually(`GET ${objects}`, ({ code }) => code === 200, { only: () => 'served' })
      await talk.ask(`POST ${objects}`, thing({ a: [1], b: 'x' }))
      await talk.ask(`POST ${objects}`, thing({ a: [1, 1, 1, 1], b: 'long' }))
      await talk.ask(`POST ${objects}`, thing({ a: [1, 1, 1, 1], b: 'bad' }))
      await talk.ask(`POST ${objects}`, thing({ a: [1, 1, 1, -1], b: 'X' }))
      await talk.ask(`POST ${objects}`, thing({ a: [1, 1, 1, 1], b: 'ok' }), spec)
      await talk.given(`DELETE ${path}/${crd.metadata.name}`)
    },
  },
  {
    name: 'a version that is not served, and a kind that is not there',
    run: async ({ ask }) => {
      await ask('GET /apis/contract.example/v2/namespaces/NS/widgets')
      await ask('GET /apis/contract.example/v1/namespaces/NS/gadgets')
      await ask('GET /apis/contract.example/v1/widgets/w')
      await ask('POST /apis/contract.example/v2/namespaces/NS/widgets', widget('w'))
    },
  },
  {
    name: 'the CRDs of Sluice are as in the repository',
    run: async ({ ask }) => {
      const files = ['canaries', 'metrictemplates']
      for (const file of files) {
        const url = new URL(`../../../../../crds/${file}.yaml`, import.meta.url)
        const { metadata } = parse(readFileSync(url, 'utf8')) as KubeObject
        await ask(`GET ${path}/${metadata.name}`, undefined, only('spec', 'names'))
        await ask(`GET ${path}/${metadata.name}`, undefined, only('status', 'acceptedNames'))
        await ask(`GET ${path}/${metadata.name}`, undefined, only('status', 'storedVersions'))
      }
      await ask(`GET ${path}/${widgets.metadata.name}`, undefined, only('spec', 'names'))
    },
  },
]
