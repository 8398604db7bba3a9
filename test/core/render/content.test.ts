import { expect } from 'chai'
import { createHash } from 'node:crypto'
import type { KubeObject } from '../../../src/api/object.ts'
import { hashOfContent } from '../../../src/core/render/content.ts'

const sha256 = (text: string): string => createHash('sha256').update(text).digest('hex')
const config = (kind: string, uid: string, more: Partial<KubeObject> = {}): KubeObject => ({
  apiVersion: 'v1',
  kind,
  metadata: { name: 'keys', namespace: 'shop', uid, resourceVersion: '1' },
  data: { password: 'eA==' },
  ...more,
})
const hash = (object: KubeObject): string => hashOfContent(object, sha256)

suite('the hash of configuration', () => {
  for (const kind of ['ConfigMap', 'Secret']) {
    test(`of a ${kind} changes with its content, and not when it is only touched`, () => {
      const touched = config(kind, 'u1', {
        metadata: { name: 'keys', namespace: 'shop', uid: 'u1', resourceVersion: '9', labels: { a: 'b' } },
      })
      expect(hash(touched)).to.equal(hash(config(kind, 'u1')))
      expect(hash(config(kind, 'u1', { data: { password: 'eQ==' } }))).not.to.equal(hash(touched))
      expect(hash(config(kind, 'u1', { binaryData: { more: 'eQ==' } }))).not.to.equal(hash(touched))
    })
  }

  test('of a Secret cannot be checked against a guess without its uid; that of a ConfigMap, no secret, is the same anywhere', () => {
    expect(hash(config('Secret', 'u1'))).not.to.equal(hash(config('Secret', 'u2')))
    expect(hash(config('ConfigMap', 'u1'))).to.equal(hash(config('ConfigMap', 'u2')))
  })
})
