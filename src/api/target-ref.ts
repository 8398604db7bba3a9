/** The workload whose releases a Canary controls. */
import { z } from 'zod'
import { objectName, ruled } from './schema.ts'

/** Kinds of workload that can be released. */
const TARGET_KINDS = ['Deployment'] as const
export type TargetKind = (typeof TARGET_KINDS)[number]

const isTargetKind = (kind: string): kind is TargetKind => (TARGET_KINDS as readonly string[]).includes(kind)

/** `spec.targetRef`. */
export const TargetRef = ruled(
  z.object({
    apiVersion: ruled(z.string().max(253), {
      message: 'write apps/v1: the target is a Deployment',
      cel: `self == 'apps/v1'`,
      holds: version => version === 'apps/v1',
    }).describe('`apps/v1`.'),
    kind: ruled(z.string().max(63), {
      message: 'only Deployment is supported so far; DaemonSet and Service are not',
      cel: `self == 'Deployment'`,
      holds: isTargetKind,
    })
      .describe('`Deployment`.')
      // What the rule lets through is one of them.
      .transform(kind => kind as TargetKind),
    name: objectName().describe('Name of the Deployment, in the same namespace.'),
  }),
  {
    message: 'the target cannot be changed: delete the Canary and create one for the other target',
    cel: 'self == oldSelf',
    holds: 'unseen',
  },
)
