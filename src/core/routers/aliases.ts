/**
 * Services of type ExternalName that stand for a Service of a canary. In DNS each is one more name of it. To a mesh it is that, too: routes for
 * the Service get the requests of callers in the mesh that use the alias, and a route to the alias leads to the Service itself (seen in
 * e2e/tests/behaviour/bypasses.test.ts).
 */
import { kinds, type KubeObject, type Ref } from '../../api/object.ts'
import { at, textOf } from '../json.ts'
import type { Observation } from '../model/observation.ts'
import { oldestElsewhere } from './around.ts'
import type { Find, Named } from './provider.ts'

type Name = Pick<Ref, 'namespace' | 'name'>

/** `namespace/name` of the Service that this one stands for, for the index `alias`; none where it has another host, or is no alias. */
export function aliasKeys({ spec }: KubeObject): string[] {
  if (at(spec, 'type') !== 'ExternalName') return []
  const [name = '', namespace = '', svc] = textOf(at(spec, 'externalName')).toLowerCase().split('.')
  return svc === 'svc' ? [`${namespace}/${name}`] : []
}

const servicesOf = ({ names }: Named): readonly Ref[] => [names.apexService, names.primaryService, names.canaryService]

/** Those around a canary. */
export const aliasesAround = (o: Named, find: Find): readonly KubeObject[] =>
  oldestElsewhere(
    servicesOf(o).flatMap(({ namespace, name }) => find(kinds.Service, 'alias', `${namespace}/${name}`)),
    [o.names.namespace],
  )

/** The Services of a canary, and whatever stands for them. */
export const namesAround = (o: Named, aliases: readonly KubeObject[]): readonly Name[] => [
  ...servicesOf(o),
  ...aliases.map(nameOf),
]

export const nameOf = ({ metadata }: KubeObject): Name => ({
  namespace: metadata.namespace ?? '',
  name: metadata.name,
})

/** The aliases of one Service. */
export const aliasesOf = (
  { surroundings }: Pick<Observation, 'surroundings'>,
  { namespace, name }: Name,
): readonly KubeObject[] => surroundings.aliases.filter(one => aliasKeys(one).includes(`${namespace}/${name}`))
