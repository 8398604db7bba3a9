/** How a client learns what a server has. */
import { at, isRecord, recordsOf, textOf } from '../../../../../src/core/json.ts'
import type { Case } from '../case.ts'

const groups = ['apps', 'coordination.k8s.io', 'apiextensions.k8s.io', 'sluice.dev', 'networking.istio.io']
const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList'

type Named = Readonly<Record<string, unknown>>
/** Groups and resources have it themselves, or in their metadata. */
const nameOf = ({ name, resource, metadata }: Named): string => textOf(name ?? resource ?? at(metadata, 'name'))

/** Whether a subresource is one that any client of Sluice's objects asks for. */
const isOurs = ({ subresource }: Named): boolean => subresource === 'status' || subresource === 'scale'

const byName = (a: Named, b: Named): number => (nameOf(a) < nameOf(b) ? -1 : 1)

/** The entries of a list with these names, without hashes that name the storage of one server. */
const pick = (list: string, names: readonly string[]) => ({
  only: (body: unknown) =>
    recordsOf((body as Record<string, unknown>)[list])
      .filter(one => names.includes(nameOf(one)))
      .toSorted(byName)
      .map(withoutHash),
})

function withoutHash(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutHash)
  if (!isRecord(value)) return value
  const kept = Object.entries(value).filter(([key]) => key !== 'storageVersionHash')
  return Object.fromEntries(kept.map(([key, one]) => [key, withoutHash(one)]))
}

const inOrder = (a: string, b: string): number => (a < b ? -1 : 1)
const schemaOf = (name: string) => ({
  only: (body: unknown) => {
    const { components } = body as { components: { schemas: Record<string, Record<string, unknown>> } }
    const schema = components.schemas[name] ?? {}
    return {
      properties: Object.keys(schema['properties'] ?? {}).toSorted(inOrder),
      gvk: schema['x-kubernetes-group-version-kind'],
    }
  },
})

export const discovery: readonly Case[] = [
  {
    name: 'the server is well',
    run: async ({ ask }) => {
      for (const path of ['/healthz', '/livez', '/readyz']) await ask(`GET ${path}`)
      await ask('GET /version', undefined, { only: body => Object.keys(body as object).sort() })
    },
  },
  {
    name: 'the groups',
    run: async ({ ask }) => {
      await ask('GET /api', undefined, { only: body => (body as { versions: unknown }).versions })
      await ask('GET /apis', undefined, pick('groups', groups))
      await ask('GET /apis/apps')
      await ask('GET /apis/sluice.dev')
    },
  },
  {
    name: 'the versions of autoscaling',
    run: async ({ ask }) => ask('GET /apis/autoscaling'),
  },
  {
    name: 'the resources of the core',
    run: async ({ ask }) =>
      ask(
        'GET /api/v1',
        undefined,
        pick('resources', [
          'configmaps',
          'secrets',
          'services',
          'services/status',
          'pods',
          'pods/status',
          'events',
          'namespaces',
          'namespaces/status',
          'serviceaccounts',
        ]),
      ),
  },
  {
    name: 'the resources of groups that are built in',
    run: async ({ ask }) => {
      const names = [
        'deployments',
        'deployments/status',
        'deployments/scale',
        'replicasets',
        'replicasets/status',
        'replicasets/scale',
        'controllerrevisions',
      ]
      await ask('GET /apis/apps/v1', undefined, pick('resources', names))
      await ask('GET /apis/coordination.k8s.io/v1', undefined, pick('resources', ['leases']))
      await ask(
        'GET /apis/autoscaling/v2',
        undefined,
        pick('resources', ['horizontalpodautoscalers', 'horizontalpodautoscalers/status']),
      )
      await ask('GET /apis/discovery.k8s.io/v1', undefined, pick('resources', ['endpointslices']))
      await ask(
        'GET /apis/apiextensions.k8s.io/v1',
        undefined,
        pick('resources', ['customresourcedefinitions', 'customresourcedefinitions/status']),
      )
    },
  },
  {
    name: 'the resources of custom groups',
    run: async ({ ask }) => {
      await ask(
        'GET /apis/sluice.dev/v1beta1',
        undefined,
        pick('resources', ['canaries', 'canaries/status', 'metrictemplates', 'metrictemplates/status']),
      )
      await ask('GET /apis/contract.example/v1', undefined, { only: withoutHash })
      const istio = ['virtualservices', 'virtualservices/status', 'destinationrules']
      await ask('GET /apis/networking.istio.io/v1', undefined, pick('resources', istio))
      await ask('GET /apis/networking.istio.io/v1beta1', undefined, pick('resources', istio))
    },
  },
  {
    name: 'all of it in one answer',
    run: async ({ ask }) => {
      const resources = ['configmaps', 'deployments', 'canaries', 'virtualservices', 'services']
      const only = (body: unknown) =>
        recordsOf((body as { items: unknown }).items)
          .filter(group => groups.includes(nameOf(group)) || nameOf(group) === '')
          .toSorted(byName)
          .map(group => ({
            name: nameOf(group),
            versions: recordsOf(group['versions']).map(version => ({
              ...version,
              resources: recordsOf(version['resources'])
                .filter(one => resources.includes(nameOf(one)))
                .toSorted(byName)
                .map(one => ({ ...one, subresources: recordsOf(one['subresources']).filter(isOurs) })),
            })),
          }))
      await ask('GET /api', undefined, { accept: aggregated, only })
      await ask('GET /apis', undefined, { accept: aggregated, only })
    },
  },
  {
    name: 'the OpenAPI documents are listed',
    run: async ({ ask }) =>
      ask('GET /openapi/v3', undefined, {
        only: body => {
          const { paths } = body as { paths: Record<string, { serverRelativeURL: string }> }
          const wanted = ['api/v1', 'apis/apps/v1', 'apis/sluice.dev/v1beta1', 'apis/networking.istio.io/v1']
          return wanted.map(path => [path, paths[path]?.serverRelativeURL.replace(/hash=.*/, 'hash=')])
        },
      }),
  },
  {
    name: 'the OpenAPI documents have our kinds',
    run: async ({ ask }) => {
      await ask('GET /openapi/v3/apis/sluice.dev/v1beta1', undefined, schemaOf('dev.sluice.v1beta1.Canary'))
      await ask('GET /openapi/v3/apis/contract.example/v1', undefined, schemaOf('example.contract.v1.Widget'))
      await ask('GET /openapi/v3/apis/apps/v1', undefined, schemaOf('io.k8s.api.apps.v1.Deployment'))
    },
  },
  {
    name: 'the OpenAPI of what is not there',
    run: async ({ ask }) => ask('GET /openapi/v3/apis/unheard.example/v1'),
  },
]
