/** What a user installs is taken by the API server in memory, and nothing in it is unknown. */
import { assert } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import { kinds, type KubeObject } from '../src/api/object.ts'
import { PlaygroundApi } from '../playground/test/api.ts'
import { VirtualClock } from '../playground/clock.ts'
import { definitionsOf } from '../playground/definitions.ts'
import { sluiceDefinitions } from '../playground/test/installed.ts'

const folder = new URL('../manifests/', import.meta.url)
const manifests = readdirSync(folder)
  .filter(file => file.endsWith('.yaml'))
  .flatMap(file => parseAllDocuments(readFileSync(new URL(file, folder), 'utf8')))
  .map(document => document.toJS() as KubeObject)
  .filter(object => object.kind !== 'Kustomization')

suite('what is installed', () => {
  for (const [what, objects] of [
    ['the manifests', manifests],
    ['our definitions', sluiceDefinitions()],
    ['the definitions of Istio', definitionsOf('istio')],
    ['the definitions of the Gateway API', definitionsOf('gateway-api')],
  ] as const) {
    test(`${what} are accepted, and every field of them is known`, () => {
      const { server } = PlaygroundApi.on(new VirtualClock())
      const user = new PlaygroundApi(server).as('kubectl')
      user.namespace('sluice-system')
      const unknown = objects.flatMap(object => {
        const [, group = ''] = object.apiVersion.split('/').toReversed()
        const resource = server.resources.ofObjects(group, object.kind)
        assert.isNotNull(resource, `${object.kind} in ${object.apiVersion}`)
        const namespace = resource.kind.namespaced ? { namespace: 'sluice-system' } : {}
        const whole = { ...object, metadata: { ...namespace, ...object.metadata } }
        if (object.kind !== 'Namespace') user.create(whole)
        return resource.schema.shape(whole).unknown
      })
      assert.deepEqual(unknown, [])
    })
  }

  test('a definition is served as soon as it is there, and goes with all its objects', () => {
    const { server } = PlaygroundApi.on(new VirtualClock())
    const user = new PlaygroundApi(server).as('kubectl')
    user.namespace('shop')
    const [definition] = definitionsOf('istio').filter(({ metadata }) => metadata.name.startsWith('virtualservices.'))
    assert.isDefined(definition)
    user.create(definition)
    const resource = server.resources.ofObjects('networking.istio.io', 'VirtualService')
    assert.deepEqual(resource?.versions, ['v1', 'v1beta1', 'v1alpha3'])
    const metadata = { name: 'web', namespace: 'shop' }
    const route = { destination: { host: 'web' }, weight: 100 }
    const virtualService = { apiVersion: 'networking.istio.io/v1beta1', kind: 'VirtualService', metadata }
    user.create({ ...virtualService, spec: { hosts: ['web'], http: [{ route: [route] }] } })
    user.delete(kinds.CustomResourceDefinition, '', definition.metadata.name)
    assert.isNull(server.resources.ofObjects('networking.istio.io', 'VirtualService'))
    assert.throws(() => user.create(virtualService), /no kind VirtualService/)
  })
})
