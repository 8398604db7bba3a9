import { readFile } from 'node:fs/promises'
import { assert } from 'chai'
import { cases } from '../../e2e/crd/cases.ts'
import { resources, structural } from '../../src/api/crd.ts'
import { acceptingEmpty } from '../../src/api/empty.ts'
import { type JsonSchema, jsonSchemaOf } from '../../src/api/json-schema.ts'
import { generated } from '../../src/api/generated.ts'
import { FLAGGER_FIELDS } from '../../src/import/flagger/fields.ts'
import { readingOf } from './reading.ts'

/** Every schema within a schema, with its path. */
function* within(schema: JsonSchema, path: string): Generator<{ path: string; schema: JsonSchema }> {
  yield { path, schema }
  for (const [name, property] of Object.entries(schema.properties ?? {})) yield* within(property, `${path}.${name}`)
  if (schema.items !== undefined) yield* within(schema.items, `${path}[]`)
  if (typeof schema.additionalProperties === 'object') yield* within(schema.additionalProperties, `${path}{}`)
}

const written = resources.flatMap(resource => [...within(jsonSchemaOf(resource.spec), `${resource.kind.kind}.spec`)])
const served = resources.flatMap(resource => [
  ...within(structural(acceptingEmpty(jsonSchemaOf(resource.spec))), `${resource.kind.kind}.spec`),
])
const paths = (some: readonly { path: string }[]): string[] => some.map(({ path }) => path)

suite('the CRDs', () => {
  for (const { path, text } of generated())
    test(`${path} is what the schemas say`, async () => {
      assert.equal(await readFile(new URL(`../../${path}`, import.meta.url), 'utf8'), text)
    })

  test("every field of Flagger's Canary is named, so that none is pruned without a word", () => {
    const named = paths(served)
    // Within what is refused, everything is kept for the rule to see it.
    const refusals = paths(written.filter(({ schema }) => schema.refused !== undefined))
    const isNamed = (path: string): boolean =>
      named.includes(path) ||
      refusals.some(refusal => path.startsWith(`${refusal}.`) || path.startsWith(`${refusal}[]`))
    assert.deepEqual(
      FLAGGER_FIELDS.filter(field => !isNamed(`Canary.spec.${field}`)),
      [],
    )
  })

  test('every refused field is refused in a row of the table, with its own sentence', () => {
    const said = cases.flatMap(({ object }) => {
      const read = readingOf(object)
      const problems = 'problems' in read ? read.problems : []
      return problems.map(problem => `${object.kind}.${problem.replaceAll(/\[\d+\]/g, '[]')}`)
    })
    const untold = written.filter(
      ({ path, schema }) => schema.refused !== undefined && !said.includes(`${path}: ${schema.refused}`),
    )
    assert.deepEqual(paths(untold), [])
  })

  test("every usable field has a meaning, except where it is Istio's", () => {
    const istio = /(service\.(trafficPolicy|match\[\]|retries|corsPolicy)|analysis\.match\[\])\./
    const refusedPaths = paths(written.filter(({ schema }) => schema.refused !== undefined))
    const silent = written.filter(
      ({ path, schema }) =>
        /\.\w+$/.test(path) &&
        !refusedPaths.some(refused => path.startsWith(refused)) &&
        schema.description === undefined &&
        !istio.test(path) &&
        path.split('.').length > 2,
    )
    assert.deepEqual(paths(silent), [])
  })

  test('every list is bounded, and every text that a rule reads', () => {
    const refusedPaths = paths(written.filter(({ schema }) => schema.refused !== undefined))
    const open = written.filter(
      ({ path, schema }) =>
        !refusedPaths.some(refused => path.startsWith(refused)) &&
        ((schema.type === 'array' && schema.maxItems === undefined) ||
          (schema.type === 'string' &&
            schema['x-kubernetes-validations'] !== undefined &&
            schema.maxLength === undefined &&
            schema.enum === undefined)),
    )
    assert.deepEqual(paths(open), [])
  })

  test('no default stands within a list, where it would look like drift to GitOps', () => {
    assert.deepEqual(
      paths(served.filter(({ path, schema }) => path.includes('[]') && schema.default !== undefined)),
      [],
    )
    assert.isNotEmpty(written.filter(({ path, schema }) => path.includes('[]') && schema.default !== undefined))
  })

  test('no value of a list of values is a word that YAML 1.1, as kubectl reads it, takes for true or false', () => {
    const words = served.filter(({ schema }) =>
      (schema.enum ?? []).some(value => /^(y|n|yes|no|on|off|true|false)$/i.test(String(value))),
    )
    assert.deepEqual(paths(words), [])
  })

  test('the schemas are structural', () => {
    const odd = served.filter(
      ({ schema }) =>
        (schema.type === undefined && schema['x-kubernetes-int-or-string'] !== true) ||
        (schema.properties !== undefined && schema.additionalProperties !== undefined) ||
        ['refused', 'emptyCounts', 'passedOn', '$ref'].some(keyword => schema[keyword] !== undefined),
    )
    assert.deepEqual(paths(odd), [])
  })

  test('rules ask `has` of self or oldSelf, where it can be told what is empty, or ask for emptiness themselves', () => {
    const rules = written.flatMap(({ schema }) => schema['x-kubernetes-validations'] ?? [])
    const others = rules.filter(({ rule }) =>
      /\bhas\((?!(?:self|oldSelf)(?:[.]\w+)+\))/.test(
        rule.replaceAll(
          // Of the last kind, a map that is missing is taken for an empty one.
          /!has\((\w+[.]\w+)\) \|\| (?:\1 == 0|size\(\1\) == 0)|has\((\w+[.]\w+)\) && \2 (?:== '\w|!= '')|has\((\w+[.]\w+)\) && has\((\3[.]\w+)\) \? \4 : \{\}|has\((\w+[.]\w+)\) && has\((\5[.]\w+)\) && \6 != ''/g,
          '',
        ),
      ),
    )
    assert.deepEqual(others, [])
  })

  test('a Canary that no controller has seen does not look finished', async () => {
    const crd = await readFile(new URL('../../crds/canaries.yaml', import.meta.url), 'utf8')
    assert.match(crd, /default:\n\s+observedGeneration: -1/)
  })
})
