import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { dropCopies, copyWrites, onCopies, trackedConfigs } from '../../../src/core/render/configs.ts'
import { live, object, observation, record } from '../given-objects.ts'

const env = (kind: string, name: string, optional?: boolean) => ({
  name: 'A',
  valueFrom: { [kind]: { name, key: 'a', ...(optional === undefined ? {} : { optional }) } },
})

const mounting = {
  metadata: { labels: { app: 'web' } },
  spec: {
    imagePullSecrets: [{ name: 'registry' }],
    volumes: [
      { name: 'a', configMap: { name: 'files' } },
      { name: 'b', secret: { secretName: 'keys', optional: true } },
      {
        name: 'c',
        projected: { sources: [{ configMap: { name: 'parts' } }, { secret: { name: 'tokens' } }, { downwardAPI: {} }] },
      },
      { name: 'd', emptyDir: {} },
    ],
    initContainers: [{ name: 'init', envFrom: [{ secretRef: { name: 'seed' } }] }],
    containers: [
      {
        name: 'web',
        env: [env('configMapKeyRef', 'settings', true), env('secretKeyRef', 'keys'), { name: 'B', value: 'b' }],
      },
      { name: 'side', envFrom: [{ configMapRef: { name: 'settings' } }] },
    ],
  },
}

suite('tracked configuration', () => {
  test('is found in volumes, projected volumes and the environment of every container', () => {
    expect(trackedConfigs(mounting)).to.deep.equal([
      { kind: 'ConfigMap', name: 'files', optional: false },
      { kind: 'Secret', name: 'keys', optional: false },
      { kind: 'ConfigMap', name: 'parts', optional: false },
      { kind: 'Secret', name: 'tokens', optional: false },
      { kind: 'ConfigMap', name: 'settings', optional: false },
      { kind: 'Secret', name: 'seed', optional: false },
    ])
  })

  test('a template that mounts none has none', () => {
    expect([trackedConfigs({}), trackedConfigs(undefined)]).to.deep.equal([[], []])
  })

  test('the primary refers to copies of what was recorded, and to the originals of the rest', () => {
    const configs = {
      'configmaps/settings': 'aaaaaaaaaaaaaaaa',
      'secrets/keys': 'bbbbbbbbbbbbbbbb',
      'secrets/seed': 'cccccccccccccccc',
    }
    const names = trackedConfigs(onCopies(record(mounting, configs))).map(reference => reference.name)
    expect(names).to.deep.equal([
      'files',
      'keys-bbbbbbbbbb',
      'parts',
      'tokens',
      'settings-aaaaaaaaaa',
      'seed-cccccccccc',
    ])
  })

  test('nothing but names changes in the template', () => {
    const once = onCopies(record(mounting, { 'configmaps/settings': 'a'.repeat(64) }))
    expect(JSON.stringify(once).replaceAll('settings-aaaaaaaaaa', 'settings')).to.equal(JSON.stringify(mounting))
  })

  test('copies are made of what still has the recorded content, and only once', () => {
    const configs = { 'configmaps/settings': 'aaaaaaaaaaaa', 'secrets/keys': 'bbbbbbbbbbbb' }
    const o = observation({ configs: { 'configmaps/settings': 'aaaaaaaaaaaa', 'secrets/keys': 'changed' } })
    const writes = copyWrites(o, configs)
    expect(writes).to.deep.equal([
      {
        verb: 'copy',
        ref: { kind: kinds.ConfigMap, namespace: 'shop', name: 'settings-aaaaaaaaaa' },
        from: { kind: kinds.ConfigMap, namespace: 'shop', name: 'settings' },
        labels: { 'sluice.dev/canary': 'web' },
      },
    ])
    const there = live([kinds.ConfigMap, object(kinds.ConfigMap, 'settings-aaaaaaaaaa')])
    expect(copyWrites({ ...o, live: there }, configs)).to.deep.equal([])
  })

  test('copies that no record needs go; what is not ours stays', () => {
    const ours = { labels: { 'sluice.dev/canary': 'web' } }
    const o = observation({
      live: live(
        [kinds.ConfigMap, object(kinds.ConfigMap, 'settings-aaaaaaaaaa', {}, ours)],
        [kinds.ConfigMap, object(kinds.ConfigMap, 'settings-bbbbbbbbbb', {}, ours)],
        [kinds.Secret, object(kinds.Secret, 'settings-aaaaaaaaaa', {}, ours)],
        [kinds.ConfigMap, object(kinds.ConfigMap, 'settings-cccccccccc')],
      ),
    })
    const gone = dropCopies(o, [{ 'configmaps/settings': 'aaaaaaaaaaaa' }]).map(
      ({ ref }) => `${ref.kind.kind} ${ref.name}`,
    )
    expect(gone).to.deep.equal(['ConfigMap settings-bbbbbbbbbb', 'Secret settings-aaaaaaaaaa'])
  })
})
