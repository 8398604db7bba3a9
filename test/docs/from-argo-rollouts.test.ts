/** The tables of docs/from-argo-rollouts.md against the definitions: what they tell a reader to write exists. */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { parse } from 'yaml'
import { isRecord } from '../../src/core/json.ts'
import { read, root } from './pages.ts'

/** Names of all fields in the definitions. */
function fieldsOf(schema: unknown): string[] {
  if (Array.isArray(schema)) return schema.flatMap(fieldsOf)
  if (!isRecord(schema)) return []
  const own = isRecord(schema['properties']) ? Object.keys(schema['properties']) : []
  return [...own, ...Object.values(schema).flatMap(fieldsOf)]
}

/** Fields that a piece of code names: `a.b: [{c: 1}]` names a, b and c; a word alone is a field where it has a dot. */
function named(code: string): string[] {
  if (/^[a-z]+\.[\w.]+$/i.test(code)) return code.split('.')
  return [...code.matchAll(/([\w.]+):/g)].flatMap(([, path = '']) => path.split('.'))
}

suite('docs/from-argo-rollouts.md', () => {
  test('names fields that a Canary has', () => {
    const known = new Set(
      readdirSync(join(root, 'crds')).flatMap(file => fieldsOf(parse(readFileSync(join(root, 'crds', file), 'utf8')))),
    )
    const rows = [...read('docs/from-argo-rollouts.md').text.matchAll(/^\| .*? \| (.*) \|$/gm)]
    const codes = rows.flatMap(([, right = '']) => [...right.matchAll(/`([^`]+)`/g)].map(([, code = '']) => code))
    const fields = codes.flatMap(named)
    expect(fields).to.include.members(['thresholdRange', 'virtualServices', 'approve'])
    // `version` is a label of the pods.
    expect(fields.filter(field => !known.has(field) && field !== 'version')).to.deep.equal([])
  })
})
