/** The API server, the definitions, and what the caller may do. */
import { resources } from '../../api/crd.ts'
import { kindKey, kinds, type KubeObject } from '../../api/object.ts'
import { isForbidden } from '../../core/errors.ts'
import { textOf } from '../../core/json.ts'
import { missingOf, type Right, rightText } from '../../runtime/access-review.ts'
import { callerOf } from '../client/who.ts'
import { failed, type Finding, listed, ok, unchecked, warning } from './finding.ts'
import { orSaid, type Probe, reasonOf } from './probe.ts'
import { apiVersionFinding, definitionFinding } from './versions.ts'

/** Whether anything can be asked at all. */
export async function serverFindings(probe: Probe): Promise<Finding[]> {
  const { session } = probe
  try {
    const { gitVersion } = await session.read('/version', session.call())
    return [ok('api-server', `${session.server} answers`), apiVersionFinding(textOf(gitVersion))]
  } catch (error) {
    probe.tools.stop.throwIfAborted()
    if (!isForbidden(error)) return [failed('api-server', reasonOf(error, probe))]
    return [
      ok('api-server', `${session.server} answers`),
      unchecked('api-version', 'The version of the API server may not be read; 1.29 or newer is needed'),
    ]
  }
}

/** The definition of a kind; `unread` where it may not be read. */
export async function definitionOf({ session }: Probe, name: string): Promise<KubeObject | null | 'unread'> {
  try {
    const ref = { kind: kinds.CustomResourceDefinition, namespace: '', name }
    return await session.api.get(ref, session.call())
  } catch (error) {
    if (isForbidden(error)) return 'unread'
    throw error
  }
}

export async function definitionFindings(probe: Probe): Promise<Finding[]> {
  const { session, tools } = probe
  const found = resources.map(async resource => {
    const { kind } = resource
    const name = kindKey(kind)
    return orSaid(
      probe,
      'crd-installed',
      (async () => {
        const versions = await session.api.served(kind, session.call())
        if (versions.length === 0)
          return [
            failed(
              'crd-installed',
              `The cluster does not know ${name}. Run: sluice install --image IMAGE | kubectl apply -f -`,
            ),
          ]
        if (!versions.includes(kind.version))
          return [
            failed(
              'crd-installed',
              `${name} is served as ${versions.join(', ')}, and this program reads ${kind.version}. Use the sluice of the version that is installed`,
            ),
          ]
        const served = ok('crd-installed', `${name} is served as ${kind.version}`)
        const definition = await definitionOf(probe, name)
        if (definition === 'unread' || definition === null)
          return [served, unchecked('crd-version', `The fields of CRD ${name} were not compared: it may not be read`)]
        return [served, definitionFinding(definition, resource, tools.version)]
      })(),
    )
  })
  return (await Promise.all(found)).flat()
}

const VIEW = ['get', 'list', 'watch'] as const

/** What the commands read beside Canaries. */
const BESIDE: readonly (readonly [verb: string, group: string, resource: string])[] = [
  ['get', 'apps', 'deployments'],
  ['list', 'apps', 'controllerrevisions'],
  ['list', '', 'pods'],
  ['list', '', 'events'],
]

export async function callerFindings(probe: Probe): Promise<readonly Finding[]> {
  const { session } = probe
  const { namespace } = session
  const { group, plural: resource } = kinds.Canary
  const lacks = (rights: readonly Right[]): Promise<Right[]> => missingOf(session.api, rights, () => session.call())
  return orSaid(
    probe,
    'caller-view',
    (async () => {
      const user = await callerOf(session)
      const [view, commands, reads] = await Promise.all([
        lacks(VIEW.map(verb => ({ verb, group, resource, namespace }))),
        lacks([{ verb: 'patch', group, resource, namespace }]),
        lacks(BESIDE.map(([verb, ofGroup, of]) => ({ verb, group: ofGroup, resource: of, namespace }))),
      ])
      const grant = (role: string): string =>
        `kubectl -n ${namespace} create rolebinding ${role} --clusterrole=${role} --user="${user}"`
      return [
        view.length === 0
          ? ok('caller-view', `User "${user}" may see Canaries in namespace ${namespace}`)
          : failed(
              'caller-view',
              `User "${user}" may not ${listed(view.map(({ verb }) => verb))} Canaries in namespace ${namespace}. Run: ${grant('sluice-view')}`,
            ),
        commands.length === 0
          ? ok('caller-commands', `User "${user}" may give commands in namespace ${namespace}`)
          : warning(
              'caller-commands',
              `User "${user}" may not give commands in namespace ${namespace} (patch ${kindKey(kinds.Canary)}). Run: ${grant('sluice-canary-editor')}`,
            ),
        reads.length === 0
          ? ok('caller-reads', `User "${user}" may read what belongs to Canaries in namespace ${namespace}`)
          : warning(
              'caller-reads',
              `User "${user}" may not ${listed(reads.map(rightText))} in namespace ${namespace}: the commands leave out what depends on that`,
            ),
      ]
    })(),
  )
}
