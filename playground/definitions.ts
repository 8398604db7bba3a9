/** CustomResourceDefinitions that clusters with Istio or the Gateway API have, as data; `npm run schemas` reads them anew. */
import type { KubeObject } from '../src/api/object.ts'
import { dataFile } from './data-files.ts'

const read = new Map<string, readonly KubeObject[]>()

export function definitionsOf(project: 'istio' | 'gateway-api'): readonly KubeObject[] {
  const known = read.get(project)
  if (known !== undefined) return known
  const definitions = JSON.parse(dataFile(project)) as KubeObject[]
  read.set(project, definitions)
  return definitions
}
