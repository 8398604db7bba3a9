/**
 * Protobuf, as typed clients send it (https://kubernetes.io/docs/reference/using-api/api-concepts/#kubernetes-protobuf-encoding):
 * read into the JSON that says the same. Only what `kubectl create` and `kubectl auth can-i` make; what is not in the table
 * is refused, never dropped. Numbers are those of the generated.proto files of k8s.io/api.
 */
import { ApiError } from '../../src/core/errors.ts'
import { isRecord, type Json, textOf } from '../json.ts'

export const PROTOBUF = 'application/vnd.kubernetes.protobuf'

/**
 * Fields by number: a name, and a type after a colon: a message, `int`, `bool`, `bytes`, a text where nothing stands.
 * `[]` is a list, `{}` a map from texts. A `?` keeps a zero: elsewhere zeros are what nobody said.
 */
const messages: Readonly<Record<string, Readonly<Record<number, string>>>> = {
  Unknown: { 1: 'type:TypeMeta', 2: 'raw:bytes', 3: 'contentEncoding', 4: 'contentType' },
  TypeMeta: { 1: 'apiVersion', 2: 'kind' },
  ObjectMeta: {
    1: 'name',
    2: 'generateName',
    3: 'namespace',
    11: 'labels:{}',
    12: 'annotations:{}',
    14: 'finalizers:[]',
  },
  DeleteOptions: {
    1: 'gracePeriodSeconds:int?',
    2: 'preconditions:Preconditions',
    4: 'propagationPolicy',
    5: 'dryRun:[]',
  },
  Preconditions: { 1: 'uid', 2: 'resourceVersion' },
  Namespace: { 1: 'metadata:ObjectMeta' },
  ConfigMap: { 1: 'metadata:ObjectMeta', 2: 'data:{}', 3: 'binaryData:{}bytes', 4: 'immutable:bool' },
  Secret: { 1: 'metadata:ObjectMeta', 2: 'data:{}bytes', 3: 'type', 4: 'stringData:{}', 5: 'immutable:bool' },
  ServiceAccount: { 1: 'metadata:ObjectMeta' },
  Service: { 1: 'metadata:ObjectMeta', 2: 'spec:ServiceSpec' },
  ServiceSpec: { 1: 'ports:[]ServicePort', 2: 'selector:{}', 3: 'clusterIP', 4: 'type', 10: 'externalName' },
  ServicePort: { 1: 'name', 2: 'protocol', 3: 'port:int', 4: 'targetPort:IntOrString', 5: 'nodePort:int' },
  IntOrString: { 1: 'type:int', 2: 'intVal:int', 3: 'strVal' },
  Deployment: { 1: 'metadata:ObjectMeta', 2: 'spec:DeploymentSpec' },
  DeploymentSpec: {
    1: 'replicas:int?',
    2: 'selector:LabelSelector',
    3: 'template:PodTemplateSpec',
    4: 'strategy:Strategy',
  },
  Strategy: { 1: 'type' },
  LabelSelector: { 1: 'matchLabels:{}' },
  PodTemplateSpec: { 1: 'metadata:ObjectMeta', 2: 'spec:PodSpec' },
  PodSpec: { 2: 'containers:[]Container', 3: 'restartPolicy' },
  Container: { 1: 'name', 2: 'image', 3: 'command:[]', 4: 'args:[]', 6: 'ports:[]ContainerPort', 7: 'env:[]EnvVar' },
  ContainerPort: { 1: 'name', 2: 'hostPort:int', 3: 'containerPort:int', 4: 'protocol' },
  EnvVar: { 1: 'name', 2: 'value' },
  Role: { 1: 'metadata:ObjectMeta', 2: 'rules:[]PolicyRule' },
  ClusterRole: { 1: 'metadata:ObjectMeta', 2: 'rules:[]PolicyRule' },
  PolicyRule: { 1: 'verbs:[]', 2: 'apiGroups:[]', 3: 'resources:[]', 4: 'resourceNames:[]', 5: 'nonResourceURLs:[]' },
  RoleBinding: { 1: 'metadata:ObjectMeta', 2: 'subjects:[]Subject', 3: 'roleRef:RoleRef' },
  ClusterRoleBinding: { 1: 'metadata:ObjectMeta', 2: 'subjects:[]Subject', 3: 'roleRef:RoleRef' },
  Subject: { 1: 'kind', 2: 'apiGroup', 3: 'name', 4: 'namespace' },
  RoleRef: { 1: 'apiGroup', 2: 'kind', 3: 'name' },
  SelfSubjectAccessReview: { 1: 'metadata:ObjectMeta', 2: 'spec:Access' },
  Access: { 1: 'resourceAttributes:Attributes', 2: 'nonResourceAttributes:PathAttributes' },
  Attributes: { 1: 'namespace', 2: 'verb', 3: 'group', 4: 'version', 5: 'resource', 6: 'subresource', 7: 'name' },
  PathAttributes: { 1: 'path', 2: 'verb' },
  SelfSubjectRulesReview: { 1: 'metadata:ObjectMeta', 2: 'spec:RulesSpec' },
  RulesSpec: { 1: 'namespace' },
  SelfSubjectReview: { 1: 'metadata:ObjectMeta' },
}

/** The object in a body, as JSON. @throws ApiError 415 for a kind, or a field of one, that the table does not have. */
export function jsonOfProtobuf(body: Buffer): string {
  if (body.subarray(0, 4).toString('latin1') !== 'k8s\0') throw notRead('without its magic bytes')
  const { type, raw } = message('Unknown', body.subarray(4))
  const { apiVersion = '', kind = '' } = isRecord(type) ? type : {}
  const content = typeof raw === 'string' ? Buffer.from(raw, 'base64') : Buffer.alloc(0)
  return JSON.stringify({ apiVersion, kind, ...message(textOf(kind), content) })
}

const notRead = (what: string): ApiError => {
  const words = `the playground reads no ${PROTOBUF} ${what}; send application/json`
  return new ApiError({ code: 415, reason: 'UnsupportedMediaType', message: words })
}

function message(name: string, bytes: Buffer): Json {
  const fields = messages[name]
  if (fields === undefined) throw notRead(`of the type ${name}`)
  const read: Json = {}
  for (const [number, value] of fieldsIn(bytes)) {
    const [key = '', type = ''] = fields[number]?.split(':') ?? []
    if (key === '' && !isNothing(value)) throw notRead(`with the field ${number} of ${name}`)
    if (key === '') continue
    if (type.startsWith('[]'))
      read[key] = [...((read[key] as unknown[] | undefined) ?? []), valueOf(type.slice(2), value)]
    else if (type.startsWith('{}')) read[key] = { ...(read[key] as Json | undefined), ...entry(type.slice(2), value) }
    else if (type.endsWith('?') || !isNothing(value)) read[key] = valueOf(type.replace('?', ''), value)
  }
  return read
}

type Wire = number | Buffer

function valueOf(type: string, value: Wire): unknown {
  if (typeof value === 'number') return type === 'bool' ? value === 1 : value
  if (type === '') return value.toString()
  if (type === 'bytes') return value.toString('base64')
  if (type !== 'IntOrString') return message(type, value)
  const { type: isText, intVal = 0, strVal = '' } = message(type, value)
  return isText === 1 ? strVal : intVal
}

function entry(type: string, pair: Wire): Json {
  const [key, value] = [1, 2].map(wanted => fieldsIn(pair as Buffer).find(([number]) => number === wanted)?.[1])
  return { [(key ?? '').toString()]: valueOf(type, value ?? Buffer.alloc(0)) }
}

/** What typed clients always send: zeros, empty texts, and messages of nothing else. */
function isNothing(value: Wire): boolean {
  if (typeof value === 'number') return value === 0
  try {
    return fieldsIn(value).every(([, inner]) => isNothing(inner))
  } catch {
    return false
  }
}

/** The fields of a message, by number (https://protobuf.dev/programming-guides/encoding/). */
function fieldsIn(bytes: Buffer): (readonly [number, Wire])[] {
  const fields: (readonly [number, Wire])[] = []
  let at = 0
  const varint = (): number => {
    let value = 0n
    for (let shift = 0n; ; shift += 7n) {
      const byte = bytes[at++]
      if (byte === undefined || shift > 63n) throw notRead('that breaks off')
      value |= BigInt(byte & 127) << shift
      if (byte < 128) return Number(BigInt.asIntN(64, value))
    }
  }
  while (at < bytes.length) {
    const tag = varint()
    const [number, wire] = [tag >> 3, tag & 7]
    if (wire !== 0 && wire !== 2) throw notRead(`with wire type ${wire}`)
    const value = varint()
    if (wire === 0) fields.push([number, value])
    else {
      if (value < 0 || at + value > bytes.length) throw notRead('that breaks off')
      fields.push([number, bytes.subarray(at, at + value)])
      at += value
    }
  }
  return fields
}
