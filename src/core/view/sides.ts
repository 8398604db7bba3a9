/** Both sides of the split: what they run, and why pods of theirs are not ready. */
import type { CanaryStatus } from '../../api/status.ts'
import { at, numberOf, recordOf, recordsOf, textOf } from '../json.ts'
import { REVISION_ANNOTATION } from '../model/names.ts'
import { templateOf } from '../model/revision.ts'
import { promotedOf, releasedOf, short } from '../model/selectors.ts'
import type { Revision, State } from '../model/state.ts'
import type { Observed } from './observed.ts'
import { podsOfWorkload, troublesOf } from '../workloads/pod-troubles.ts'
import type { PodsView, View } from './view.ts'

/** What tells the sides: names, revisions and images of the status, and what the viewer has read. */
export interface SidesFrom {
  readonly kind: string
  readonly target: string
  readonly state: State | null
  readonly images: CanaryStatus['images']
  readonly observed: Observed
}

export function sidesOf({ kind, target, state, images, observed }: SidesFrom): View['sides'] {
  const promoted = state === null ? null : promotedOf(state)
  const candidate = state === null ? null : releasedOf(state)
  const name = `${target}-primary`
  return {
    primary: {
      workload: { kind, name },
      revision: promoted === null ? null : short(promoted),
      images: imagesOf(promoted, images?.primary, observed),
      pods: podsOf(observed.primary, observed.pods),
    },
    canary: {
      workload: { kind, name: target },
      revision: candidate === null ? null : short(candidate),
      images: imagesOf(candidate, images?.canary, observed),
      pods: podsOf(observed.target, observed.pods),
    },
  }
}

/** All images of a revision where a template of it was read, else the one that the status has. */
function imagesOf(revision: Revision | null, known: string | undefined, observed: Observed): readonly string[] {
  const template = revision === null ? undefined : templateOfRevision(revision, observed)
  const images = recordsOf(at(template, 'spec', 'containers')).map(container => textOf(container['image']))
  if (images.length > 0) return images
  return known === undefined ? [] : [known]
}

function templateOfRevision(revision: Revision, { target, primary, records, targetRevision }: Observed): unknown {
  if (target !== null && target !== 'unread' && targetRevision === templateOf(revision))
    return at(target.spec, 'template')
  if (primary !== null && primary !== 'unread' && primary.metadata.annotations?.[REVISION_ANNOTATION] === revision)
    return at(primary.spec, 'template')
  if (records === 'unread') return undefined
  const record = records.find(({ metadata }) => metadata.annotations?.[REVISION_ANNOTATION] === revision)
  return record === undefined ? undefined : at(record['data'], 'template')
}

function podsOf(workload: Observed['target'], pods: Observed['pods']): PodsView | null {
  if (workload === null || workload === 'unread') return null
  const { spec, status } = workload
  return {
    desired: numberOf(at(spec, 'replicas'), 1),
    ready: numberOf(recordOf(status)['readyReplicas'], 0),
    troubles: pods === 'unread' ? [] : troublesOf(podsOfWorkload(workload, pods)),
  }
}
