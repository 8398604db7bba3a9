/** `sluice install`: what kubectl applies is what manifests/ have, whatever is left out or renamed. */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../../src/api/object.ts'
import { at, listOf } from '../../src/core/json.ts'
import { type Ran, runIn } from './in-process.ts'

const root = new URL('../../', import.meta.url)
const objectsOf = (text: string): KubeObject[] => parseAllDocuments(text).map(document => document.toJS() as KubeObject)
const idOf = ({ kind, metadata }: KubeObject): string => `${kind} ${metadata.name}`

/** Objects of all files of a folder. */
const written = (folder: string): KubeObject[] =>
  readdirSync(new URL(folder, root))
    .filter(file => file.endsWith('.yaml') && file !== 'kustomization.yaml')
    .flatMap(file => objectsOf(readFileSync(new URL(`${folder}/${file}`, root), 'utf8')))

suite('sluice install', () => {
  const install = (...args: string[]): Promise<Ran> => runIn(['install', ...args])

  test('has every object of crds/ and manifests/ once, with the label and the tag of kustomization.yaml, and nothing else changed', async () => {
    const ran = await install()
    const found = objectsOf(ran.stdout)
    const wanted = [...written('crds'), ...written('manifests')]
    expect(found.map(idOf)).to.have.members(wanted.map(idOf))
    for (const object of found) {
      const { labels: { 'app.kubernetes.io/part-of': label, ...labels } = {}, ...metadata } = object.metadata
      expect([idOf(object), label]).to.deep.equal([idOf(object), 'sluice'])
      const plain = { ...object, metadata: { ...metadata, ...(Object.keys(labels).length > 0 ? { labels } : {}) } }
      const text = JSON.stringify(plain).replaceAll(/"image":"sluice:[^"]+"/g, '"image":"sluice"')
      const source = wanted.find(one => idOf(one) === idOf(object))
      expect(JSON.parse(text)).to.deep.equal(source)
    }
    expect(ran.code).to.equal(0)
    expect(ran.stderr).to.match(/^The image is sluice:\d+\.\d+\.\d+, .* --image\n$/)
  })

  test('comes in an order that one kubectl apply takes: definitions, the namespace, then what is in it', async () => {
    const kindsInOrder = [...(await install()).stdout.matchAll(/^kind: (\w+)$/gm)].map(([, kind = '']) => kind)
    expect(kindsInOrder.slice(0, 5)).to.deep.equal([
      'CustomResourceDefinition',
      'CustomResourceDefinition',
      'CustomResourceDefinition',
      'Namespace',
      'ServiceAccount',
    ])
    expect(kindsInOrder.indexOf('Deployment')).to.be.above(kindsInOrder.lastIndexOf('ClusterRoleBinding'))
  })

  test('in another namespace, with another image: no trace of the first', async () => {
    const moved = ['--namespace', 'releases', '--image', 'registry.example.com/sluice:2']
    const ran = await install(...moved)
    expect(ran.stderr).to.equal('')
    expect(ran.stdout).to.not.include('sluice-system')
    const found = objectsOf((await install('--without-crds', ...moved)).stdout)
    const deployment = found.find(({ kind }) => kind === 'Deployment')
    expect(deployment?.metadata.namespace).to.equal('releases')
    const [container] = listOf(at(deployment?.spec, 'template', 'spec', 'containers'))
    expect(at(container, 'image')).to.equal('registry.example.com/sluice:2')
    const subjects = found.flatMap(one => listOf(one['subjects'])).map(one => at(one, 'namespace'))
    expect(new Set(subjects)).to.deep.equal(new Set(['releases']))
    expect(found.some(({ kind, metadata }) => kind === 'Namespace' && metadata.name === 'releases')).to.equal(true)
  })

  test('definitions alone, and all but them', async () => {
    const [definitions, others, all] = await Promise.all(
      [['--crds-only'], ['--without-crds'], []].map(async args => (await install(...args)).stdout.split(/^---\n/m)),
    )
    const kindsOf = (texts: readonly string[] = []): (string | undefined)[] =>
      texts.map(text => /^kind: (\w+)$/m.exec(text)?.[1])
    expect(kindsOf(definitions)).to.deep.equal(Array.from({ length: 3 }, () => 'CustomResourceDefinition'))
    expect(kindsOf(others)).to.not.include('CustomResourceDefinition')
    expect([...(definitions ?? []), ...(others ?? [])].map(one => one.trim())).to.have.members(
      (all ?? []).map(one => one.trim()),
    )
  })

  const wrong: readonly (readonly [args: string, said: RegExp])[] = [
    ['--namespace Shop', /"Shop" is not the name of a namespace/],
    ['--image sluice', /Write an image with tag or digest/],
    ['--image sluice:1;x', /Write an image with tag or digest/],
    ['--crds-only --without-crds', /cannot be used with option/],
  ]
  for (const [args, said] of wrong) {
    test(`refuses ${args}`, async () => {
      const ran = await install(...args.split(' '))
      expect(ran.code).to.equal(2)
      expect(ran.stderr).to.match(said)
    })
  }
})
