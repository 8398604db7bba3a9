/**
 * OpenAPI v3, a document for each version of a group (https://kubernetes.io/docs/concepts/overview/kubernetes-api/#openapi-v3):
 * what `kubectl explain` prints, by which it validates and merges. The paths name the verbs and what kubectl looks for there.
 */
import { createHash } from 'node:crypto'
import type { Json } from '../json.ts'
import type { Resource } from '../resource.ts'
import type { ApiServer } from '../server/server.ts'

/** `api/v1`, `apis/apps/v1`. */
const placeOf = (group: string, version: string): string =>
  group === '' ? `api/${version}` : `apis/${group}/${version}`

/** The index: where each document is, with a hash by which clients keep it. */
export function openapiIndex(server: ApiServer): Json {
  const paths: Json = {}
  for (const resource of server.resources.all()) {
    for (const version of resource.versions) {
      const place = placeOf(resource.kind.group, version)
      if (place in paths) continue
      const hash = createHash('sha256')
        .update(JSON.stringify(openapiOf(server, place)))
        .digest('hex')
        .toUpperCase()
      paths[place] = { serverRelativeURL: `/openapi/v3/${place}?hash=${hash}` }
    }
  }
  return { paths }
}

/** The document of `apis/apps/v1`, or null where nothing is served. */
export function openapiOf(server: ApiServer, place: string): Json | null {
  const paths: Json = {}
  const schemas: Json = {}
  for (const resource of server.resources.all()) {
    for (const version of resource.versions) {
      if (placeOf(resource.kind.group, version) !== place) continue
      Object.assign(paths, pathsOf(resource, version))
      Object.assign(schemas, resource.schema.openapi)
    }
  }
  if (Object.keys(paths).length === 0) return null
  const info = { title: 'Kubernetes', version: 'unversioned' }
  return { openapi: '3.0.0', info, paths, components: { schemas } }
}

const parameter = (name: string): Json => ({ name, in: 'query', schema: { type: 'string', uniqueItems: true } })
const OF_WRITES = ['dryRun', 'fieldManager', 'fieldValidation'].map(parameter)

function pathsOf({ kind, subresources }: Resource, version: string): Json {
  const root = `/${placeOf(kind.group, version)}${kind.namespaced ? '/namespaces/{namespace}' : ''}/${kind.plural}`
  const about = { group: kind.group, version, kind: kind.kind }
  const operation = (action: string, parameters: readonly Json[] = []): Json => ({
    parameters,
    responses: { 200: { description: 'OK' } },
    'x-kubernetes-action': action,
    'x-kubernetes-group-version-kind': about,
  })
  const object = {
    get: operation('get'),
    put: operation('put', OF_WRITES),
    patch: operation('patch', [...OF_WRITES, parameter('force')]),
  }
  return {
    [root]: {
      get: operation('list'),
      post: operation('post', OF_WRITES),
      delete: operation('deletecollection'),
    },
    [`${root}/{name}`]: { ...object, delete: operation('delete') },
    ...(subresources.status ? { [`${root}/{name}/status`]: object } : {}),
  }
}
