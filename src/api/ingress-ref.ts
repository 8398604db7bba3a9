/** `spec.ingressRef`: the Ingress of the user's whose requests are split. The words are Flagger's. */
import { z } from 'zod'
import { apiVersionOf, kinds } from './object.ts'
import { objectName, ruled } from './schema.ts'

const VERSION = apiVersionOf(kinds.Ingress)

/** So that `<name>-canary` is a name as well. */
const LONGEST_NAME = 246

/** The schema of `spec.ingressRef`. */
export const IngressRef = ruled(
  z.object({
    apiVersion: ruled(z.string().max(253), {
      message: `write ${VERSION}, under which Kubernetes serves every Ingress, whatever version its manifest says`,
      cel: `self == '${VERSION}'`,
      holds: version => version === VERSION,
    }).describe(`\`${VERSION}\`.`),
    kind: ruled(z.string().max(63), {
      message: 'write Ingress',
      cel: "self == 'Ingress'",
      holds: kind => kind === 'Ingress',
    }).describe('`Ingress`.'),
    name: objectName().max(LONGEST_NAME).describe('Name of the Ingress, in the same namespace. It is only read.'),
  }),
  {
    message: 'ingressRef cannot be changed: delete the Canary and create it again',
    cel: 'self == oldSelf',
    holds: 'unseen',
  },
)
