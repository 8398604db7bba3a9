/** What decides on commands, as far as a viewer can know it. */
import { at, numberOf } from '../json.ts'
import type { CommandFacts } from '../machine/rules/command-effects.ts'
import { templateOf } from '../model/revision.ts'
import { trackedConfigs } from '../render/configs.ts'
import { recordedTemplates } from '../render/revisions.ts'
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

/** Configuration is not read, and may be part of a revision: of the same template it may still be another one. */
function onTarget({ state }: Described, { target, targetRevision }: Observed): CommandFacts['onTarget'] {
  if (target === 'unread') return 'unknown'
  const rejected = 'rejected' in state ? state.rejected : null
  const isSameTemplate = rejected !== null && templateOf(rejected) === targetRevision
  const isWhole = rejected === targetRevision && trackedConfigs(at(target?.spec, 'template')).length === 0
  return isSameTemplate && !isWhole ? 'unknown' : { revision: targetRevision }
}

function isPreviousRecorded({ names, memory }: Described, { records }: Observed): CommandFacts['isPreviousRecorded'] {
  if (records === 'unread') return 'unknown'
  return recordedTemplates(records, names.canary).some(({ revision }) => revision === memory.previous)
}

function mayStopServing({ canary }: Described, { target, primary }: Observed): CommandFacts['mayStopServing'] {
  if (target === 'unread' || primary === 'unread') return 'unknown'
  const source = target ?? primary
  if (source === null || numberOf(at(primary?.status, 'readyReplicas'), 0) === 0) return false
  return workloadKindOf(canary).surgeless(source, numberOf(at((primary ?? source).spec, 'replicas'), 1))
}
