/** `sluice-install.yaml`: what `kubectl apply -k manifests` installs, as one text with the comments of its files; `sluice install` prints it. */
import { readFileSync, statSync } from 'node:fs'
import { join } from 'node:path'
import { type Document, parse, parseAllDocuments } from 'yaml'
import { at, isRecord, listOf, recordsOf, textOf, textsOf } from '../src/core/json.ts'
import { root } from './bundle.ts'

interface Kustomization {
  readonly resources: readonly string[]
  readonly labels: Readonly<Record<string, string>>
  readonly tags: Readonly<Record<string, string>>
}

/** What this script knows how to do; another field would be left out without a word. */
const KNOWN = ['apiVersion', 'kind', 'namespace', 'resources', 'labels', 'images']

/** @throws Error for a field of the kustomization that is not carried out here. */
function kustomizationIn(folder: string, file: string): Kustomization {
  const read: unknown = parse(readFileSync(join(root, folder, file), 'utf8'))
  const unknown = Object.keys(isRecord(read) ? read : {}).filter(key => !KNOWN.includes(key))
  if (unknown.length > 0)
    throw new Error(`${folder}/${file}: ${unknown.join(', ')} is not known to scripts/manifests.ts`)
  return {
    resources: listOf(at(read, 'resources')).map(textOf),
    labels: Object.assign({}, ...recordsOf(at(read, 'labels')).map(one => textsOf(one['pairs']))) as Record<
      string,
      string
    >,
    tags: Object.fromEntries(recordsOf(at(read, 'images')).map(one => [textOf(one['name']), textOf(one['newTag'])])),
  }
}

/** A file that a kustomization lists. */
export interface ManifestFile {
  /** From the root of the project. */
  readonly path: string
  readonly documents: readonly Document.Parsed[]
}

function filesOf(folder: string, resource: string): ManifestFile[] {
  const path = join(folder, resource)
  if (statSync(join(root, path)).isDirectory()) {
    const { resources } = kustomizationIn(path, 'Kustomization')
    return resources.flatMap(one => filesOf(path, one))
  }
  return [{ path, documents: parseAllDocuments(readFileSync(join(root, path), 'utf8')) as Document.Parsed[] }]
}

/** The files of a kustomization in its order, those of the folders that it lists among them, and the labels that it adds. */
export function manifestFiles(folder: string): {
  readonly files: readonly ManifestFile[]
  readonly labels: Readonly<Record<string, string>>
} {
  const { resources, labels } = kustomizationIn(folder, 'kustomization.yaml')
  return { files: resources.flatMap(one => filesOf(folder, one)), labels }
}

/** The objects in the order of manifests/kustomization.yaml: definitions, namespace, rights, then what runs. */
export function installManifests(): string {
  const { resources, labels, tags } = kustomizationIn('manifests', 'kustomization.yaml')
  return resources
    .flatMap(one => filesOf('manifests', one))
    .flatMap(({ documents }) => documents)
    .map(document => {
      for (const [label, value] of Object.entries(labels)) document.setIn(['metadata', 'labels', label], value)
      const text = document.toString({ lineWidth: 0, directives: false })
      return Object.entries(tags).reduce(
        (changed, [image, tag]) =>
          changed.replaceAll(new RegExp(`^( +(?:- )?image: )${image}$`, 'gm'), `$1${image}:${tag}`),
        text,
      )
    })
    .join('---\n')
}
