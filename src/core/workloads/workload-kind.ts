/** What is particular to one kind of workload. Pure; one file each beside this one, and a row in `index.ts`. */
import type { Kind, KubeObject } from '../../api/object.ts'
import type { Workload } from '../model/observation.ts'
import type { Sha256 } from '../ports.ts'
import type { Percent } from '../time.ts'

/** How a workload is read. */
export interface Reading {
  /** Present configuration that its template mounts, `configmaps/name` or `secrets/name` → hash. */
  readonly configs: Readonly<Record<string, string>>
  /** The share of the desired pods that must be available. */
  readonly readyPercent: Percent
  readonly sha256: Sha256
}

export interface WorkloadKind {
  readonly kind: Kind
  /** What it controls, and its pods are counted by: followed with it, and handed to `read`. */
  readonly childKind: Kind
  /** @param children of the workload, or of the namespace; those that it does not control are left out. */
  read(object: KubeObject, children: readonly KubeObject[], reading: Reading): Workload
  /**
   * Whether a rollout of it takes old pods before it has new ones, so that none may be left: then traffic is moved away first.
   *
   * @param replicas how many pods it runs.
   */
  surgeless(object: KubeObject, replicas: number): boolean
  /** Whether an autoscaler may be on it; one that is on the target would scale what rests at 0. */
  readonly autoscalable: boolean
}
