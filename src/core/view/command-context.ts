/** What decides on commands, as far as a viewer can know it. */
import { at, numberOf } from '../json.ts'
import type { CommandFacts } from '../machine/rules/command-effects.ts'
import { REVISION_ANNOTATION } from '../model/names.ts'
import { templateOf } from '../model/revision.ts'
import { workloadKindOf } from '../workloads/index.ts'
import type { Observed } from './observed.ts'
import type { Described } from './waits.ts'

export function commandFacts(of: Described, observed: Observed): CommandFacts {
  return {
    ...of,
    onTarget: onTarget(of, observed),
    isPreviousRecorded: isPreviousRecorded(of, observed),
    mayStopServing: mayStopServing(of, observed),
  }
}

/** The configuration that a revision may count is not read: the same template is taken for the same revision. */
function onTarget({ state }: Described, { target, targetRevision }: Observed): CommandFacts['onTarget'] {
  if (target === 'unread') return 'unknown'
  const rejected = 'rejected' in state ? state.rejected : null
  const isSameTemplate = rejected !== null && templateOf(rejected) === targetRevision
  return isSameTemplate && rejected !== targetRevision ? 'unknown' : { revision: targetRevision }
}

function isPreviousRecorded({ memory }: Described, { records }: Observed): CommandFacts['isPreviousRecorded'] {
  if (records === 'unread') return 'unknown'
  return records.some(({ metadata }) => metadata.annotations?.[REVISION_ANNOTATION] === memory.previous)
}

function mayStopServing({ canary }: Described, { target, primary }: Observed): CommandFacts['mayStopServing'] {
  if (target === 'unread' || primary === 'unread') return 'unknown'
  const source = target ?? primary
  if (source === null || numberOf(at(primary?.status, 'readyReplicas'), 0) === 0) return false
  return workloadKindOf(canary).surgeless(source, numberOf(at((primary ?? source).spec, 'replicas'), 1))
}
