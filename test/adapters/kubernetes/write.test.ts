import { assert } from 'chai'
import { kinds, type KubeObject, type Ref } from '../../../src/api/object.ts'
import { collectionPath, objectPath } from '../../../src/adapters/kubernetes/url.ts'
import { disownPatch, requestFor, type SingleWrite } from '../../../src/adapters/kubernetes/write.ts'

const ref: Ref = { kind: kinds.VirtualService, namespace: 'shop', name: 'web' }
const path = '/apis/networking.istio.io/v1/namespaces/shop/virtualservices'
const object: KubeObject = {
  apiVersion: 'networking.istio.io/v1',
  kind: 'VirtualService',
  metadata: { name: 'web', namespace: 'shop', managedFields: [{ manager: 'x' }] },
  spec: { hosts: ['web'] },
}

suite('writes as requests', () => {
  const rows: Record<string, [SingleWrite, { at: string; type: string; body: unknown }]> = {
    'server-side apply, with force and without managedFields': [
      { verb: 'apply', ref, object },
      {
        at: `PATCH ${path}/web?fieldManager=sluice&force=true`,
        type: 'application/apply-patch+yaml',
        body: { ...object, metadata: { name: 'web', namespace: 'shop' } },
      },
    ],
    'create posts to the collection': [
      { verb: 'create', ref, object },
      { at: `POST ${path}?fieldManager=sluice`, type: 'application/json', body: object },
    ],
    'replace puts the whole object': [
      { verb: 'replace', ref, object },
      { at: `PUT ${path}/web?fieldManager=sluice`, type: 'application/json', body: object },
    ],
    'merge patches': [
      { verb: 'merge', ref, patch: { spec: { hosts: null } } },
      {
        at: `PATCH ${path}/web?fieldManager=sluice`,
        type: 'application/merge-patch+json',
        body: { spec: { hosts: null } },
      },
    ],
    'status merge-patches its subresource': [
      { verb: 'status', ref, patch: { status: { phase: 'x' } } },
      {
        at: `PATCH ${path}/web/status?fieldManager=sluice`,
        type: 'application/merge-patch+json',
        body: { status: { phase: 'x' } },
      },
    ],
    'a JSON patch tests the version first': [
      { verb: 'patch', ref, resourceVersion: '7', operations: [{ op: 'replace', path: '/spec/hosts', value: [] }] },
      {
        at: `PATCH ${path}/web?fieldManager=sluice`,
        type: 'application/json-patch+json',
        body: [
          { op: 'test', path: '/metadata/resourceVersion', value: '7' },
          { op: 'replace', path: '/spec/hosts', value: [] },
        ],
      },
    ],
    'a JSON patch with a generation tests that alone': [
      { verb: 'patch', ref, resourceVersion: '7', generation: 3, operations: [] },
      {
        at: `PATCH ${path}/web?fieldManager=sluice`,
        type: 'application/json-patch+json',
        body: [{ op: 'test', path: '/metadata/generation', value: 3 }],
      },
    ],
    'delete is guarded by what is given': [
      { verb: 'delete', ref, uid: 'u1' },
      {
        at: `DELETE ${path}/web`,
        type: 'application/json',
        body: {
          apiVersion: 'v1',
          kind: 'DeleteOptions',
          propagationPolicy: 'Background',
          preconditions: { uid: 'u1' },
        },
      },
    ],
  }
  for (const [what, [write, wanted]] of Object.entries(rows)) {
    test(what, () => {
      const { method, path: at, contentType, body } = requestFor(write)
      assert.deepEqual({ at: `${method} ${at}`, type: contentType, body: JSON.parse(body ?? '') as unknown }, wanted)
    })
  }

  test('disowning removes our entries from the last to the first, and clears the list when only ours are there', () => {
    const managedBy = (...managers: string[]): KubeObject => ({
      ...object,
      metadata: { name: 'web', resourceVersion: '9', managedFields: managers.map(manager => ({ manager })) },
    })
    assert.deepEqual(disownPatch(ref, managedBy('sluice', 'x', 'sluice'))?.operations, [
      { op: 'remove', path: '/metadata/managedFields/2' },
      { op: 'remove', path: '/metadata/managedFields/0' },
    ])
    assert.deepEqual(disownPatch(ref, managedBy('sluice'))?.operations, [
      { op: 'replace', path: '/metadata/managedFields', value: [{}] },
    ])
    assert.isNull(disownPatch(ref, managedBy('x')))
    assert.isNull(disownPatch(ref, { ...object, metadata: { name: 'web' } }))
  })

  test('paths are those of the API; what addresses no single object is refused', () => {
    assert.equal(collectionPath(kinds.Secret, ''), '/api/v1/secrets')
    const space: Ref = { kind: kinds.Namespace, namespace: '', name: 'shop' }
    assert.equal(objectPath(space), '/api/v1/namespaces/shop')
    assert.equal(objectPath({ ...ref, name: 'a/../b' }), `${path}/a%2F..%2Fb`)
    assert.throws(() => objectPath({ ...ref, name: '' }), 'VirtualService has no name.')
    assert.throws(() => objectPath({ ...ref, namespace: '' }), 'VirtualService web has no namespace')
  })
})
