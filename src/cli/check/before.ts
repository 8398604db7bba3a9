/** `--pre`: what has to be well before an installation. */
import { parseAllDocuments } from 'yaml'
import { resources } from '../../api/crd.ts'
import { kindKey } from '../../api/object.ts'
import { at, textOf } from '../../core/json.ts'
import { missingOf, type Right, rightText } from '../../runtime/access-review.ts'
import { callerOf } from '../client/who.ts'
import { manifestsFor } from '../install.ts'
import { definitionOf } from './cluster.ts'
import { failed, type Finding, listed, ok, unchecked, warning } from './finding.ts'
import { orSaid, type Probe } from './probe.ts'
import { ownerFinding } from './versions.ts'

/** To create what the manifests have, each kind in each namespace once. */
function rightsToInstall(manifests: string, namespace: string): Right[] {
  const heads = manifestsFor(manifests, { namespace })
    .split(/^---\n/m)
    // The head of a document is enough, and a definition takes longer to parse than the answer takes to come.
    .map(text => parseAllDocuments(text.split(/^(?:spec|rules|roleRef|subjects):/m)[0] ?? '')[0]?.toJS() as unknown)
  const rights = heads.map(head => {
    const [version = '', group = ''] = textOf(at(head, 'apiVersion')).split('/').toReversed()
    const resource = `${textOf(at(head, 'kind')).toLowerCase()}s`
    return {
      verb: 'create',
      group: version === '' ? '' : group,
      resource,
      namespace: textOf(at(head, 'metadata', 'namespace')),
    }
  })
  return [...new Map(rights.map(right => [JSON.stringify(right), right])).values()]
}

export async function installFindings(probe: Probe): Promise<Finding[]> {
  const { session, tools, controllerNamespace } = probe
  const rights = await orSaid(
    probe,
    'install-rights',
    (async () => {
      const wanted = rightsToInstall(await tools.manifests(), controllerNamespace)
      const lacks = (all: readonly Right[]): Promise<Right[]> => missingOf(session.api, all, () => session.call())
      const escalate = { verb: 'escalate', group: 'rbac.authorization.k8s.io', resource: 'clusterroles', namespace: '' }
      const [user, missing, limits] = await Promise.all([callerOf(session), lacks(wanted), lacks([escalate])])
      if (missing.length > 0)
        return [
          failed(
            'install-rights',
            `User "${user}" may not ${listed([...new Set(missing.map(rightText))])}: an administrator of the cluster has to install Sluice`,
          ),
        ]
      return [
        limits.length === 0
          ? ok('install-rights', `User "${user}" may create everything that sluice install prints`)
          : warning(
              'install-rights',
              `User "${user}" may create every kind that sluice install prints, but not escalate clusterroles: the API server refuses roles with rights that the user lacks`,
            ),
      ]
    })(),
  )
  const owners = resources.map(async resource => {
    const name = kindKey(resource.kind)
    return orSaid(
      probe,
      'install-owner',
      (async () => {
        const live = await definitionOf(probe, name)
        return [
          live === 'unread'
            ? unchecked('install-owner', `CRD ${name} may not be read, so its owner is not known`)
            : ownerFinding(name, live, resource),
        ]
      })(),
    )
  })
  return [...rights, ...(await Promise.all(owners)).flat()]
}
