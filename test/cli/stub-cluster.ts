/** A cluster that answers what a test says, for commands that only ask. */
import { apiVersionOf, type Kind, kindKey, type KubeObject } from '../../src/api/object.ts'
import type { Client } from '../../src/cli/tools.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at, type Json } from '../../src/core/json.ts'

export const forbidden = new ApiError({
  code: 403,
  reason: 'Forbidden',
  message: 'User "kim" cannot get resource "leases"',
})
export const notFound = new ApiError({ code: 404, reason: 'NotFound', message: 'services "sluice" not found' })

/** What a cluster answers. Of what is an error the question is answered with it. */
export interface Cluster {
  readonly paths: Readonly<Record<string, Json | ApiError>>
  /** `kindKey/name`. */
  readonly objects: Readonly<Record<string, KubeObject | ApiError | null>>
  readonly served: readonly string[]
  /** `verb resource` that are denied; an error: no review is answered. */
  readonly denied: readonly string[] | ApiError
  readonly user: string
}

function orThrown<T>(value: T | ApiError): T {
  if (value instanceof ApiError) throw value
  return value
}

/** A kind of which there are several versions is served in that of its objects. */
const isServedIn = (kind: Kind, object: KubeObject): boolean =>
  kind.older === undefined || object.apiVersion === apiVersionOf(kind)

/** The caller of a command, in namespace shop. */
export function clientOf({ paths, objects, served, denied, user }: Cluster): Client {
  const of = (key: string): { id: string; found: KubeObject }[] =>
    Object.entries(objects).flatMap(([id, one]) =>
      one === null || !id.startsWith(`${key}/`) ? [] : [{ id, found: orThrown(one) }],
    )
  return {
    server: 'https://lab',
    namespace: 'shop',
    user: 'kim',
    close: async () => {},
    async read(path) {
      const found = Object.entries(paths).find(([known]) => path === known || path.startsWith(`${known}&`))?.[1]
      return orThrown(found ?? notFound)
    },
    api: {
      get: async ({ kind, name }) =>
        of(kindKey(kind)).find(({ id, found }) => id === `${kindKey(kind)}/${name}` && isServedIn(kind, found))
          ?.found ?? null,
      list: async (kind, { name }) => ({
        resourceVersion: '1',
        items: of(kindKey(kind)).flatMap(({ found }) =>
          name === undefined || found.metadata.name === name ? [found] : [],
        ),
      }),
      watch: async () => {},
      served: async kind => (served.includes(kindKey(kind)) ? [kind.version] : []),
      async write(write) {
        if (write.verb !== 'create') throw new Error('check only asks')
        if (write.object.kind === 'SelfSubjectReview')
          return { ...write.object, status: { userInfo: { username: user } } }
        const { verb, resource } = at(write.object['spec'], 'resourceAttributes') as { verb: string; resource: string }
        return { ...write.object, status: { allowed: !orThrown(denied).includes(`${verb} ${resource}`) } }
      },
    },
  }
}
