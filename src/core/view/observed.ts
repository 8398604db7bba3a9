/** What a viewer could read beside the Canary. Each viewer reads with their own rights, so each part may be missing. */
import type { KubeObject } from '../../api/object.ts'
import { at, textsOf } from '../json.ts'
import { templateRevision } from '../model/revision.ts'
import type { Sha256 } from '../ports.ts'

/** Without the right to read it, or not asked for. */
export type Unread = 'unread'

export interface Observed {
  /** The Deployments; null: there is none. */
  readonly target: KubeObject | null | Unread
  readonly primary: KubeObject | null | Unread
  /** Pods of both sides in any order; others are left out by the names of their ReplicaSets. */
  readonly pods: readonly KubeObject[] | Unread
  /** ControllerRevisions with the label `sluice.dev/canary`: they know the images of earlier revisions. */
  readonly records: readonly KubeObject[] | Unread
  /** The template part of the revision on the target (`templateRevision`); null: no target, or not read. */
  readonly targetRevision: string | null
}

/** A viewer that may read the Canary alone. */
export const NOTHING_OBSERVED: Observed = {
  target: 'unread',
  primary: 'unread',
  pods: 'unread',
  records: 'unread',
  targetRevision: null,
}

/** What was read, with the revision of the target. */
export function observedOf(read: Omit<Observed, 'targetRevision'>, sha256: Sha256): Observed {
  const { target } = read
  const isRead = target !== null && target !== 'unread'
  return { ...read, targetRevision: isRead ? templateRevision(at(target.spec, 'template'), sha256) : null }
}

/** Labels of the pods to list for `Observed.pods`, one list each; pods of both sides may match either. */
export function podSelectors({ target, primary }: Pick<Observed, 'target' | 'primary'>): Record<string, string>[] {
  return [target, primary].flatMap(object =>
    object === null || object === 'unread' ? [] : [{ ...textsOf(at(object.spec, 'selector', 'matchLabels')) }],
  )
}
