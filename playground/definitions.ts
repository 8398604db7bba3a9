/** CustomResourceDefinitions that clusters with Istio or the Gateway API have, as data; `npm run schemas` reads them anew. */
import { readFileSync } from 'node:fs'
import type { KubeObject } from '../src/api/object.ts'

const read = new Map<string, readonly KubeObject[]>()

export function definitionsOf(project: 'istio' | 'gateway-api'): readonly KubeObject[] {
  const known = read.get(project)
  if (known !== undefined) return known
  const file = new URL(`./data/${project}.json`, import.meta.url)
  const definitions = JSON.parse(readFileSync(file, 'utf8')) as KubeObject[]
  read.set(project, definitions)
  return definitions
}
