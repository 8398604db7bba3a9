/** The rights that the controller needs, by its flags, from the roles of manifests/. */
import type { Right } from '../runtime/access-review.ts'
import { ROLES } from './roles.ts'

/** A right, and where it is granted. */
export interface RequiredRight extends Right {
  readonly role: string
  readonly manifest: string
  /** The role may be left out: what needs it holds and says so, and all other releases go on. */
  readonly isOptional: boolean
}

/** What decides on the rights. */
export interface RightsSettings {
  /** That are watched; empty: all. */
  readonly namespaces: readonly string[]
  readonly leaseNamespace: string
  readonly leaderElect: boolean
  readonly trackConfigs: boolean
  readonly podReasons: boolean
}

/** Reviews of more namespaces would take the API server's time, and say the same. */
const MOST_NAMESPACES = 20

/** Without these no release goes on. */
const ALWAYS = ['sluice', 'sluice-leader-election']

/** The names of the roles that the flags call for. */
export function neededRoles({ leaderElect, trackConfigs, podReasons }: RightsSettings): string[] {
  const unneeded = [
    ...(leaderElect ? [] : ['sluice-leader-election']),
    ...(trackConfigs ? [] : ['sluice-configs']),
    ...(podReasons ? [] : ['sluice-pod-reasons']),
  ]
  return roles.map(({ name }) => name).filter(name => !unneeded.includes(name))
}

/** Every right, one verb each. */
export function requiredRights(settings: RightsSettings): RequiredRight[] {
  const needed = neededRoles(settings)
  const watched = settings.namespaces.length === 0 ? [''] : settings.namespaces.slice(0, MOST_NAMESPACES)
  return roles
    .filter(({ name }) => needed.includes(name))
    .flatMap(({ kind, name: role, manifest, lines }) =>
      (kind === 'Role' ? [settings.leaseNamespace] : watched).flatMap(namespace =>
        lines.flatMap(line => rightsOf(line).map(right => ({ ...right, namespace, role, manifest }))),
      ),
    )
    .map(right => ({ ...right, isOptional: !ALWAYS.includes(right.role) }))
}

interface Role {
  readonly kind: string
  readonly name: string
  readonly manifest: string
  readonly lines: readonly string[]
}

const roles: readonly Role[] = ROLES.trim()
  .split(/\n(?=\S)/)
  .map(text => {
    const [head = '', ...lines] = text.split('\n')
    const [kind = '', name = '', manifest = ''] = head.split(' ')
    return { kind, name, manifest, lines }
  })

function rightsOf(line: string): Omit<Right, 'namespace'>[] {
  const [group = '', target = '', verbs = ''] = line.trim().split(' ')
  const [whole = '', name] = target.split(':')
  const [resource = '', subresource] = whole.split('/')
  return verbs.split(',').map(verb => ({
    verb,
    group: group === '-' ? '' : group,
    resource,
    ...(subresource === undefined ? {} : { subresource }),
    ...(name === undefined ? {} : { name }),
  }))
}
