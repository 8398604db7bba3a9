/** Whose refusal a 403 is, in the words of each who refuses. */
import { expect } from 'chai'
import { kinds } from '../../src/api/object.ts'
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

suite('A write that was answered with 403', () => {
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
