/** manifests/policy-rbac.yaml: the optional roles for the kinds of policy that are kept equal for a primary, one for a group of kinds. */
import type { Kind } from '../src/api/object.ts'
import { policyKinds } from '../src/core/policies/index.ts'
import type { PolicyRole } from '../src/core/policies/policy-kind.ts'

const head = `# Policies that select the pods of a target by a label that its primary has another value of (spec.primary.labels: switch, and
# subsets): the primary gets an equal copy of each. Roles of their own, one for a group of kinds, because a policy says who may call
# what. Generated from the kinds in src/core/policies; \`npm run generate\` writes it.
#
# To do without one of them, leave it and its binding out of what you apply: Canaries whose primary needs these kinds then hold and say
# so. Canaries with spec.primary.labels: keep need none of them. Where the kinds are not installed nothing is missing.
`

const about: Readonly<Record<PolicyRole, string>> = {
  'sluice-policies': 'Policies of Kubernetes itself.',
  'sluice-istio-policies': 'Policies of Istio.',
}

/** The copies are created, replaced as a whole and deleted; a user's policy is read and never written. */
const VERBS = ['get', 'list', 'watch', 'create', 'update', 'delete']

function ruleOf(group: string, kinds: readonly Kind[]): string {
  const resources = kinds.map(({ plural }) => plural).toSorted()
  return `  - apiGroups: [${group}]\n    resources: [${resources.join(', ')}]\n    verbs: [${VERBS.join(', ')}]\n`
}

function roleOf(role: PolicyRole): string {
  const kinds = policyKinds.filter(one => one.role === role).map(({ kind }) => kind)
  const groups = [...new Set(kinds.map(({ group }) => group))].toSorted()
  const rules = groups.map(group =>
    ruleOf(
      group,
      kinds.filter(kind => kind.group === group),
    ),
  )
  return `# ${about[role]}
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata:
  name: ${role}
rules:
${rules.join('')}---
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRoleBinding
metadata:
  name: ${role}
roleRef:
  apiGroup: rbac.authorization.k8s.io
  kind: ClusterRole
  name: ${role}
subjects:
  - kind: ServiceAccount
    name: sluice
    namespace: sluice-system
`
}

export function policyRolesPage(): { path: string; text: string } {
  const roles = Object.keys(about) as PolicyRole[]
  return { path: 'manifests/policy-rbac.yaml', text: `${head}${roles.map(roleOf).join('---\n')}` }
}
