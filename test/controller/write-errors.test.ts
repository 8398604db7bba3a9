/** Whose refusal a 403 is, in the words of each who refuses. */
import { expect } from 'chai'
import { type Kind, kinds } from '../../src/api/object.ts'
import { writeErrorOf } from '../../src/controller/write-errors.ts'
import { ApiError } from '../../src/core/errors.ts'
import type { Write } from '../../src/core/model/write.ts'

const ref = { kind: kinds.Deployment, namespace: 'shop', name: 'web-primary' }
const write: Write = { verb: 'merge', ref, patch: {} }
const what = 'Deployment shop/web-primary'

/** Who refuses → the message of the API server, and what people are told. */
const refusals: Readonly<Record<string, readonly [said: string, told: string]>> = {
  RBAC: [
    'deployments.apps "web-primary" is forbidden: User "system:serviceaccount:sluice-system:sluice" cannot patch resource "deployments" in API group "apps" in the namespace "shop"',
    `${what} cannot be written, forbidden by RBAC: {said}. Apply manifests/rbac.yaml, or grant the missing permission.`,
  ],
  'a webhook': [
    'admission webhook "images.example.com" denied the request: image is not signed',
    `${what} was refused by the admission webhook images.example.com, not by RBAC, and is tried again: {said}`,
  ],
  'a policy': [
    `deployments.apps "web-primary" is forbidden: ValidatingAdmissionPolicy 'replicas' with binding 'all' denied request: too many`,
    `${what} was refused by the ValidatingAdmissionPolicy replicas, not by RBAC, and is tried again: {said}`,
  ],
  'a quota': [
    'deployments.apps "web-primary" is forbidden: exceeded quota: objects, requested: count/deployments.apps=1, used: count/deployments.apps=2, limited: count/deployments.apps=2',
    `${what} was refused by a ResourceQuota of the namespace, not by RBAC, and is tried again: {said}`,
  ],
  'Pod Security': [
    'pods "web-primary" is forbidden: violates PodSecurity "restricted:latest": allowPrivilegeEscalation != false',
    `${what} was refused by the Pod Security level of the namespace, not by RBAC, and is tried again: {said}`,
  ],
  'another plugin': [
    'deployments.apps "web-primary" is forbidden: maximum memory usage per Container is 1Gi, but limit is 2Gi',
    `${what} was refused by an admission plugin of the API server, not by RBAC, and is tried again: {said}`,
  ],
  'a namespace that is being deleted': [
    'deployments.apps "web-primary" is forbidden: unable to create new content in namespace shop because it is being terminated',
    `Namespace shop is being deleted: ${what} is not created, and nothing else is created there`,
  ],
}

/** The manifest that has the right, for each kind of write. */
const rights: readonly (readonly [Write['verb'], Kind, string])[] = [
  ['replace', kinds.Deployment, 'manifests/rbac.yaml'],
  ['create', kinds.ConfigMap, 'manifests/config-rbac.yaml'],
  ['create', kinds.NetworkPolicy, 'manifests/policy-rbac.yaml'],
  ['delete', kinds.NetworkPolicy, 'manifests/policy-rbac.yaml'],
  ['create', kinds.DestinationRule, 'manifests/policy-rbac.yaml'],
  ['apply', kinds.DestinationRule, 'manifests/rbac.yaml'],
  ['apply', kinds.HTTPRoute, 'manifests/gateway-api-rbac.yaml'],
  ['apply', kinds.Ingress, 'manifests/nginx-rbac.yaml'],
]

suite('A write that was answered with 403', () => {
  for (const [verb, kind, manifest] of rights) {
    test(`${verb} ${kind.plural}: ${manifest} has the right`, () => {
      const one = { kind, namespace: 'shop', name: 'web' }
      const object = { apiVersion: '', kind: kind.kind, metadata: { name: 'web' } }
      const refused = { ...(verb === 'delete' ? { verb } : { verb, object }), ref: one } as Write
      const message = `${kind.plural} "web" is forbidden: User "sluice" cannot write resource "${kind.plural}"`
      const error = new ApiError({ code: 403, reason: 'Forbidden', message })
      expect(writeErrorOf(refused, error).message).to.contain(`Apply ${manifest}, or grant the missing permission.`)
    })
  }

  for (const [who, [said, told]] of Object.entries(refusals)) {
    test(`by ${who}: it is said who refused it`, () => {
      const error = new ApiError({ code: 403, reason: 'Forbidden', message: said })
      expect(writeErrorOf(write, error)).to.deep.equal({
        reason: 'WriteRefused',
        message: told.replace('{said}', said),
      })
    })
  }
})
