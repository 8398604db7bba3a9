/** What the API server demands of names, labels and the rest of metadata, of every kind. */
import type { KubeObject, ObjectMeta } from '../../src/api/object.ts'
import { sameJson } from '../json.ts'
import type { Cause } from '../resource.ts'
import { forbidden, invalid, required, tooLong } from './causes.ts'

/** A rule for names: what is wrong with one, in sentences. */
export type NameRule = (name: string) => readonly string[]

/** Sentences about a format: what it is, examples, and the expression; all of them in the server's own form. */
function form(
  what: string,
  examples: readonly string[],
  expression: string,
  most = Number.POSITIVE_INFINITY,
  unit: 'characters' | 'bytes' = 'characters',
): NameRule {
  const pattern = new RegExp(`^(?:${expression})$`)
  const shown = examples.map((example, i) => `${i === 0 ? '' : ' or '}'${example}', `).join('')
  const sentence = `${what} (e.g. ${shown}regex used for validation is '${expression}')`
  return name => [
    ...(name.length > most ? [`must be no more than ${most} ${unit}`] : []),
    ...(pattern.test(name) ? [] : [sentence]),
  ]
}

const LABEL = '[a-z0-9]([-a-z0-9]*[a-z0-9])?'
const ENDS = 'and must start and end with an alphanumeric character'
export const dnsLabel = form(
  `a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', ${ENDS}`,
  ['my-name', '123-abc'],
  LABEL,
  63,
)
export const dnsSubdomain = form(
  `a lowercase RFC 1123 subdomain must consist of lower case alphanumeric characters, '-' or '.', ${ENDS}`,
  ['example.com'],
  `${LABEL}(\\.${LABEL})*`,
  253,
)
const PART = '([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]'
const namePart = form(
  `name part must consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
  ['MyName', 'my.name', '123-abc'],
  PART,
)
const labelKey = form(
  `a valid label key must consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
  ['MyName', 'my.name', '123-abc'],
  PART,
)
export const labelValue = form(
  `a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', ${ENDS}`,
  ['MyValue', 'my_value', '12345'],
  `(${PART})?`,
  63,
  'bytes',
)
export const configKey = form(
  "a valid config key must consist of alphanumeric characters, '-', '_' or '.'",
  ['key.name', 'KEY_NAME', 'key-name'],
  '[-._a-zA-Z0-9]+',
  253,
)
export const percent = form(
  "a valid percent string must be a numeric string followed by an ending '%'",
  ['1%', '93%'],
  '[0-9]+%',
)
/** Of a Namespace, which no label of a DNS name may split. */
export const undotted: NameRule = name => (name.includes('.') ? ['must not contain dots'] : dnsLabel(name))

/** The name of a port: an IANA service name. */
export function portName(name: string): readonly string[] {
  const wrong = [
    ...(name.length > 15 ? ['must be no more than 15 characters'] : []),
    ...(/^[-a-z0-9]+$/.test(name) ? [] : ['must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)']),
    ...(/[a-z]/.test(name) ? [] : ['must contain at least one letter (a-z)']),
    ...(name.includes('--') ? ['must not contain consecutive hyphens'] : []),
    ...(/^-|-$/.test(name) ? ['must not begin or end with a hyphen'] : []),
  ]
  return wrong
}

/** `example.com/name`, the prefix optional: keys of labels and annotations. */
export function qualifiedName(key: string): readonly string[] {
  const [name = '', prefix, ...more] = key.split('/').toReversed()
  if (more.length > 0) {
    const whole = labelKey('').map(words => `${words} with an optional DNS subdomain prefix and '/'`)
    return whole.map(words => `${words} (e.g. 'example.com/MyName')`)
  }
  const ofPrefix = prefix === '' ? ['prefix part must be non-empty'] : prefix === undefined ? [] : dnsSubdomain(prefix)
  return [
    ...ofPrefix.map(why => (why.startsWith('prefix part') ? why : `prefix part ${why}`)),
    ...(name === '' ? ['name part must be non-empty'] : []),
    ...(name.length > 63 ? ['name part must be no more than 63 bytes'] : []),
    ...namePart(name),
  ]
}

export const causesOf = (field: string, value: string, rule: NameRule): Cause[] =>
  rule(value).map(why => invalid(field, value, why))

export function labelsOf(field: string, labels: Readonly<Record<string, unknown>>): Cause[] {
  return Object.entries(labels).flatMap(([key, value]) => [
    ...causesOf(field, key, qualifiedName),
    ...causesOf(field, String(value), labelValue),
  ])
}

const ANNOTATIONS_MOST = 262_144
const STANDARD_FINALIZERS = new Set(['kubernetes', 'orphan', 'foregroundDeletion'])

/** What is wrong with an object's metadata. */
export function metadataCauses(object: KubeObject, before: KubeObject | null, nameRule: NameRule): Cause[] {
  const { name, labels = {}, annotations = {}, finalizers = [], ownerReferences = [], uid } = object.metadata
  // What did not change was right when it was written.
  if (before !== null && sameJson(before.metadata, object.metadata)) return []
  const size = Object.entries(annotations).reduce((sum, [key, value]) => sum + key.length + value.length, 0)
  const at = (field: string): string => `metadata.${field}`
  const controllers = ownerReferences.filter(owner => owner.controller === true)
  const [one, two] = controllers.map(owner => `${owner.kind}/${owner.name}`)
  const onlyOne = `Only one reference can have Controller set to true. Found "true" in references for ${one} and ${two}`
  return [
    ...(name ? causesOf(at('name'), name, nameRule) : [required(at('name'), 'name or generateName is required')]),
    ...labelsOf(at('labels'), labels),
    ...Object.keys(annotations).flatMap(key =>
      qualifiedName(key.toLowerCase()).map(why => invalid(at('annotations'), key, why)),
    ),
    ...(size > ANNOTATIONS_MOST ? [tooLong(at('annotations'), ANNOTATIONS_MOST)] : []),
    ...ownerReferences.flatMap(owner => {
      const field = at('ownerReferences')
      return [
        ...(owner.apiVersion ? [] : [invalid(`${field}.apiVersion`, '', 'version must not be empty')]),
        ...(['kind', 'name', 'uid'] as const)
          .filter(key => !owner[key])
          .map(key => invalid(`${field}.${key}`, '', 'must not be empty')),
      ]
    }),
    ...(controllers.length > 1 ? [invalid(at('ownerReferences'), ownerReferences, onlyOne)] : []),
    ...finalizers.flatMap(finalizer => causesOf(at('finalizers'), finalizer, qualifiedName)),
    ...(before !== null && uid !== before.metadata.uid ? [invalid(at('uid'), uid, 'field is immutable')] : []),
  ]
}

/** Finalizers without a domain that nobody knows: of custom objects they are let in. */
export function finalizerCauses({ finalizers = [] }: ObjectMeta): Cause[] {
  const why = 'name is neither a standard finalizer name nor is it fully qualified'
  return finalizers.flatMap((finalizer, i) =>
    finalizer.includes('/') || STANDARD_FINALIZERS.has(finalizer)
      ? []
      : [invalid(`metadata.finalizers[${i}]`, finalizer, why)],
  )
}

/** A field that was, and is otherwise now. */
export function immutable(field: string, before: unknown, now: unknown): Cause[] {
  return sameJson(before, now) ? [] : [invalid(field, now ?? null, 'field is immutable')]
}

/** What a patch may not move: the identity of an object, and when it was told to go. */
export function immutableCauses(metadata: ObjectMeta, before: ObjectMeta): Cause[] {
  const fields = ['uid', 'deletionTimestamp'] as const
  return fields.flatMap(field => {
    const given = metadata[field] ?? before[field]
    return immutable(`metadata.${field}`, before[field], given)
  })
}

export const frozen = (field: string): Cause => forbidden(field, 'field is immutable when `immutable` is set')
