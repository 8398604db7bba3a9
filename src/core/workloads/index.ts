/** The kinds of workload that can be released. To add one: its file here, a row, and its name in `TARGET_KINDS` of the API. */
import type { Canary } from '../../api/canary.ts'
import type { TargetKind } from '../../api/target-ref.ts'
import { deployment } from './deployment.ts'
import type { WorkloadKind } from './workload-kind.ts'

export const workloads: Readonly<Record<TargetKind, WorkloadKind>> = { Deployment: deployment }

export const workloadKindOf = (canary: Canary): WorkloadKind => workloads[canary.spec.targetRef.kind]
