/** Requests that cannot be: bad input of every kind, and the answers to it. */
import type { Case } from '../case.ts'
import { canary, config, deployment, service } from '../given.ts'

const yaml = 'apiVersion: v1\nkind: ConfigMap\nmetadata:\n  name: a\ndata:\n  key: value\n'

export const requests: readonly Case[] = [
  {
    name: 'a body that is no JSON',
    run: async ({ ask }) => {
      await ask('POST configmaps', '{"apiVersion":"v1",')
      await ask('POST configmaps', '{"apiVersion":"v1"}}')
      await ask('POST canaries', '{"apiVersion":')
      await ask('POST configmaps', 'plain words')
    },
  },
  {
    name: 'a body that is no object',
    run: async ({ ask }) => {
      await ask('POST configmaps', '[]')
      await ask('POST configmaps', '"text"')
      await ask('POST configmaps', '7')
      await ask('POST canaries', '[]')
    },
  },
  {
    name: 'an empty body',
    run: async ({ ask, given }) => {
      await ask('POST configmaps')
      await ask('POST configmaps', '')
      await ask('POST canaries', '')
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', '')
    },
  },
  {
    name: 'a body in YAML',
    run: async ({ ask }) => {
      await ask('POST configmaps', yaml, { type: 'application/yaml' })
      const web =
        'apiVersion: sluice.dev/v1beta1\nkind: Canary\nmetadata: {name: web}\nspec:\n  targetRef: {apiVersion: apps/v1, kind: Deployment, name: web}\n  service: {port: 80}\n  skipAnalysis: true\n'
      await ask('POST canaries?dryRun=All', web, { type: 'application/yaml' })
    },
  },
  {
    name: 'a body that is no YAML',
    run: async ({ ask }) => {
      await ask('POST configmaps', 'a: b: c', { type: 'application/yaml' })
      await ask('POST configmaps', `${yaml}data: {}\n`, { type: 'application/yaml' })
      await ask('POST canaries', 'a: [', { type: 'application/yaml' })
    },
  },
  {
    name: 'an object of 3 MB',
    run: async ({ ask, apply, merge, given }) => {
      const big = 'x'.repeat(3 * 1024 * 1024)
      await ask('POST configmaps', config('a', { big }))
      await ask('POST canaries', canary('web', {}, { annotations: { big } }))
      await given('POST configmaps', config('a'))
      await ask('PUT configmaps/a', config('a', { big }))
      await merge('configmaps/a', { data: { big } })
      await apply('configmaps/a?fieldManager=one', config('a', { big }))
    },
  },
  {
    name: 'an object that is larger than its kind allows',
    run: async ({ ask }) => {
      const big = 'x'.repeat(1024 * 1024 + 1)
      await ask('POST configmaps', config('a', { big }))
      await ask('POST secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { big } })
      await ask('POST configmaps', config('a', {}, { annotations: { big: 'x'.repeat(256 * 1024 + 1) } }))
    },
  },
  {
    name: 'kinds and paths that are not there',
    run: async ({ ask }) => {
      await ask('GET /api/v1/namespaces/NS/unheards')
      await ask('GET /api/v1/unheards')
      await ask('GET /api/v2')
      await ask('GET /apis/unheard.example')
      await ask('GET /apis/unheard.example/v1')
      await ask('GET /apis/unheard.example/v1/namespaces/NS/things')
      await ask('GET /apis/sluice.dev/v9')
      await ask('GET /apis/apps/v1beta9/deployments')
      await ask('GET /unheard')
      await ask('GET /api/v1/namespaces/NS/configmaps/a/unheard')
    },
  },
  {
    name: 'bodies of a type that is not understood',
    run: async ({ ask, given }) => {
      for (const type of ['text/plain', 'application/xml', 'application/octet-stream', 'nonsense']) {
        await ask('POST configmaps', config('a'), { type })
      }
      await ask('POST canaries', canary('web'), { type: 'text/plain' })
      await given('POST configmaps', config('b'))
      await ask('PUT configmaps/b', config('b'), { type: 'text/plain' })
    },
  },
  {
    name: 'a body of JSON with a charset',
    run: async ({ ask }) => ask('POST configmaps', config('a'), { type: 'application/json; charset=utf-8' }),
  },
  {
    name: 'answers of a type that cannot be given',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('GET configmaps/a', undefined, { accept: 'text/html' })
      await ask('GET configmaps/a', undefined, { accept: 'application/xml' })
      await ask('GET canaries', undefined, { accept: 'text/plain' })
      await ask('GET configmaps?watch=true', undefined, { accept: 'text/html' })
    },
  },
  {
    name: 'answers of any type, or of the first that can be given',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('GET configmaps/a', undefined, { accept: '*/*' })
      await ask('GET configmaps/a', undefined, { accept: 'application/*' })
      await ask('GET configmaps/a', undefined, { accept: 'text/html, application/json;q=0.5' })
      await ask('GET configmaps/a', undefined, { accept: 'text/html,application/xhtml+xml,*/*;q=0.8' })
    },
  },
  {
    name: 'answers in YAML',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('GET configmaps/a', undefined, { accept: 'application/yaml' })
      await ask('GET configmaps/nothing', undefined, { accept: 'application/yaml' })
    },
  },
  {
    name: 'protobuf or else JSON, for custom resources',
    run: async ({ ask }) =>
      ask('GET canaries', undefined, { accept: 'application/vnd.kubernetes.protobuf,application/json' }),
  },
  {
    name: 'protobuf or else JSON, for what is built in',
    run: async ({ ask }) => {
      const accept = 'application/vnd.kubernetes.protobuf,application/json'
      await ask('GET configmaps', undefined, { accept, only: () => 'a list' })
    },
  },
  {
    name: 'pretty JSON',
    run: async ({ quietly, given, note }) => {
      await given('POST configmaps', config('a'))
      const lines = (text: string) => text.trimEnd().split('\n').length > 1
      note('with pretty', lines((await quietly('GET configmaps/a?pretty=true')).text))
      note('without', lines((await quietly('GET configmaps/a')).text))
      note('ends with a new line', (await quietly('GET configmaps/a')).text.endsWith('\n'))
    },
  },
  {
    name: 'methods that are not allowed',
    run: async ({ ask }) => {
      await ask('PUT configmaps', config('a'))
      await ask('PATCH configmaps', {}, { type: 'application/merge-patch+json' })
      await ask('POST configmaps/a', config('a'))
      await ask('DELETE /api/v1/namespaces')
      await ask('PUT /version', {})
    },
  },
  {
    name: 'parameters that are not there are nothing to it',
    run: async ({ ask }) => ask('POST configmaps?colour=red&fieldManager=me', config('a')),
  },
  {
    name: 'parameters that cannot be read',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('PATCH configmaps/a?force=perhaps', {}, { type: 'application/merge-patch+json' })
      await ask('DELETE configmaps/a?gracePeriodSeconds=soon')
      await ask('GET configmaps?timeoutSeconds=soon')
      await ask('GET configmaps?limit=1.5')
    },
  },
  {
    name: 'names in the path are decoded',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a.b'))
      await ask('GET configmaps/a%2Eb')
      await ask('GET configmaps/a%2Fb')
    },
  },
  {
    name: 'a slash at the end',
    run: async ({ ask }) => {
      await ask('GET configmaps/')
      await ask('GET /apis/', undefined, { only: () => 'the groups' })
    },
  },
  {
    name: 'HEAD is like GET without its body',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('HEAD configmaps/a')
      await ask('HEAD configmaps/nothing')
    },
  },
  {
    name: 'warnings come with the answer',
    run: async ({ ask }) => {
      await ask('POST services?fieldValidation=Warn', service('web', { colour: 'red' }), { only: () => 'made' })
      const spec = { strategy: { type: 'Recreate', colour: 'red' }, colour: 'red' }
      await ask('POST deployments?fieldValidation=Warn', deployment('web', spec), { only: () => 'made' })
    },
  },
]
