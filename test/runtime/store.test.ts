import { assert } from 'chai'
import * as fc from 'fast-check'
import type { KubeObject } from '../../src/api/object.ts'
import { at } from '../../src/core/json.ts'
import { slim } from '../../src/runtime/transform.ts'
import { keyOf, Store } from '../../src/runtime/store.ts'
import { compareVersions } from '../../src/runtime/resource-version.ts'
import { config } from './scripted-server.ts'

const versionOf = (store: Store, name: string): string | undefined => store.get('shop', name)?.metadata.resourceVersion
const remade = (name: string, version: number): KubeObject => {
  const object = config(name, version)
  return { ...object, metadata: { ...object.metadata, uid: `uid-${name}-again` } }
}

/** A whole list, as a reflector puts it. */
function replace(store: Store, items: readonly KubeObject[], resourceVersion: string): void {
  for (const item of items) store.put(item)
  store.retain(new Set(items.map(keyOf)), resourceVersion)
}

suite('store', () => {
  let changes: string[]
  let store: Store

  setup(() => {
    changes = []
    store = new Store(
      object => object,
      (before, now) => changes.push(`${before?.metadata.resourceVersion ?? ''}>${now?.metadata.resourceVersion ?? ''}`),
    )
  })

  test('never goes back to an older version, whichever way it comes', () => {
    store.put(config('a', 20)) // the answer of our own write
    store.put(config('a', 9)) // a watch event from before: 9 is older than 20, though not as text
    store.put(config('a', 20)) // and our own write, as the watch tells it
    replace(store, [config('a', 15)], '18')
    assert.deepEqual([versionOf(store, 'a'), changes], ['20', ['>20']])
  })

  test('keeps an own write that is newer than a list which does not have it', () => {
    store.put(config('old', 5))
    store.put(config('ours', 21))
    replace(store, [], '20')
    assert.deepEqual([versionOf(store, 'old'), versionOf(store, 'ours')], [undefined, '21'])
  })

  test('does not bring back what we deleted by an event from before, and takes what is made anew', () => {
    store.put(config('a', 5))
    store.removed('shop', 'a', 'uid-a')
    store.put(config('a', 5))
    assert.isUndefined(versionOf(store, 'a'))
    store.put(remade('a', 30))
    store.remove(config('a', 8)) // the DELETED event of the first one is late
    assert.equal(versionOf(store, 'a'), '30')
  })

  test('shows an object again that outlives our delete because of a finalizer', () => {
    store.put(config('a', 5))
    store.removed('shop', 'a', 'uid-a')
    const dying = config('a', 6)
    store.put({ ...dying, metadata: { ...dying.metadata, deletionTimestamp: '2026-01-01T00:00:00Z' } })
    assert.equal(versionOf(store, 'a'), '6')
  })

  test('does not bring back what somebody else deleted by the late answer of our own write', () => {
    store.put(config('a', 5))
    store.remove(config('a', 12))
    store.put(config('a', 11))
    assert.deepEqual([versionOf(store, 'a'), changes], [undefined, ['>5', '5>']])
  })

  test('keeps its indexes up with every change', () => {
    store.addIndex('color', object => [(object['data'] as Record<string, string>)['color'] ?? 'none'])
    const names = (color: string): string[] => store.byIndex('color', color).map(object => object.metadata.name)
    store.put(config('a', 1, { color: 'red' }))
    store.put(config('b', 2, { color: 'red' }))
    assert.deepEqual(names('red'), ['a', 'b'])
    store.put(config('a', 3, { color: 'blue' }))
    store.remove(config('b', 4))
    assert.deepEqual([names('red'), names('blue')], [[], ['a']])
    store.addIndex('late', () => ['all'])
    assert.lengthOf(store.byIndex('late', 'all'), 1)
    assert.lengthOf(store.byIndex('unknown', 'all'), 0)
  })

  test('in whatever order events, answers and lists arrive, ends with the newest of each object', () => {
    // The history of three objects: version v is a change of object v mod 3; after the last one all is told once more.
    const told = fc.array(fc.record({ version: fc.integer({ min: 1, max: 30 }), list: fc.boolean() }), {
      maxLength: 60,
    })
    fc.assert(
      fc.property(told, stories => {
        const fresh = new Store(
          object => object,
          (before, now) => {
            const order = compareVersions(now?.metadata.resourceVersion, before?.metadata.resourceVersion)
            if (before !== undefined && now !== undefined) assert.isAbove(order ?? 0, 0)
          },
        )
        const nameOf = (version: number): string => `o${version % 3}`
        const newest = (upTo: number): KubeObject[] =>
          [upTo, upTo - 1, upTo - 2].filter(v => v > 0).map(v => config(nameOf(v), v))
        for (const { version, list } of stories) {
          if (list) replace(fresh, newest(version), String(version))
          else fresh.put(config(nameOf(version), version))
        }
        for (const object of newest(31)) fresh.put(object)
        assert.sameMembers(
          [...fresh.all()].map(object => object.metadata.resourceVersion),
          ['29', '30', '31'],
        )
      }),
    )
  })

  test('keeps of managedFields who wrote, statuses aside, and who owns the replicas, and changes nothing in place', () => {
    const object: KubeObject = {
      ...config('a', 1),
      metadata: {
        ...config('a', 1).metadata,
        annotations: { 'kubectl.kubernetes.io/last-applied-configuration': '{}', keep: 'me' },
        managedFields: [
          {
            manager: 'kubectl',
            operation: 'Apply',
            apiVersion: 'apps/v1',
            time: 't',
            fieldsV1: { 'f:spec': { 'f:replicas': {}, 'f:template': { 'f:spec': {} } } },
          },
          {
            manager: 'kcm',
            operation: 'Update',
            subresource: 'status',
            fieldsV1: { 'f:status': { 'f:replicas': {} } },
          },
        ],
      },
    }
    const before = structuredClone(object)
    const { annotations, managedFields } = slim(object).metadata
    assert.deepEqual(annotations, { keep: 'me' })
    assert.deepEqual(managedFields, [
      { manager: 'kubectl', operation: 'Apply', time: 't', fieldsV1: { 'f:spec': { 'f:replicas': {} } } },
    ])
    assert.deepEqual(object, before)
  })

  test('tells no change where nobody would read one, and keeps what stayed as it was', () => {
    const told: string[] = []
    const kept = new Store(slim, (_, now) => told.push(`${now?.kind} ${now?.metadata.resourceVersion}`))
    const deployment = (version: number, replicas: number, ready: number, time: string): KubeObject => ({
      apiVersion: 'apps/v1',
      kind: 'Deployment',
      metadata: {
        name: 'web',
        namespace: 'shop',
        resourceVersion: String(version),
        managedFields: [{ manager: 'kcm', subresource: 'status', time }],
      },
      spec: { replicas, template: { spec: { containers: [{ name: 'web', image: 'web:1' }] } } },
      status: {
        readyReplicas: ready,
        unavailableReplicas: version,
        conditions: [
          { type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated', message: time, lastUpdateTime: time },
          { type: 'Available', status: 'True', lastTransitionTime: time },
        ],
      },
    })
    const templateOf = (object: KubeObject | undefined): unknown => at(object?.spec, 'template')
    kept.put(deployment(1, 1, 0, 'one'))
    const first = kept.get('shop', 'web')
    kept.put(deployment(2, 1, 0, 'two'))
    assert.deepEqual(told, ['Deployment 1'])
    assert.equal(kept.get('shop', 'web')?.metadata.resourceVersion, '2')
    assert.strictEqual(kept.get('shop', 'web')?.spec, first?.spec)
    kept.put(deployment(3, 1, 1, 'three'))
    assert.strictEqual(kept.get('shop', 'web')?.spec, first?.spec)
    kept.put(deployment(4, 2, 1, 'four'))
    assert.strictEqual(templateOf(kept.get('shop', 'web')), templateOf(first))
    assert.deepEqual(told, ['Deployment 1', 'Deployment 3', 'Deployment 4'])
    assert.deepEqual(kept.get('shop', 'web')?.status, {
      readyReplicas: 1,
      conditions: [{ type: 'Progressing', status: 'True', reason: 'ReplicaSetUpdated' }],
    })
  })

  test('compares versions as numbers of any length, and not at all what is no number', () => {
    assert.isBelow(compareVersions('9', '10') ?? 0, 0)
    assert.isAbove(compareVersions('18446744073709551616', '18446744073709551615') ?? 0, 0)
    assert.equal(compareVersions('7', '7'), 0)
    assert.equal(compareVersions('abc', 'abc'), 0)
    assert.isNull(compareVersions('abc', '7'))
    assert.isNull(compareVersions(undefined, '7'))
    assert.isNull(compareVersions('07', '7'))
  })
})
