/**
 * Templates are kept as ControllerRevisions: a promotion, a rollback, a failed promotion and a deleted primary all need the
 * template, not its hash. They are written before the run that needs them starts.
 */
import { type KubeObject, kinds, type Ref, refOf } from '../../api/object.ts'
import { at, isRecord, numberOf, textsOf } from '../json.ts'
import { CANARY_LABEL, REVISION_ANNOTATION } from '../model/names.ts'
import type { Observation, RecordedTemplate } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import { suffixOf, withoutPodHash } from '../model/revision.ts'
import type { Revision } from '../model/state.ts'
import type { Write } from '../model/write.ts'
import { copyWrites, dropCopies } from './configs.ts'
import { deleteOf, ours } from './ownership.ts'

/** Reads the records of one canary; what is no record of ours is left out. */
export function recordedTemplates(objects: readonly KubeObject[], canary: string): RecordedTemplate[] {
  return objects.flatMap(object => {
    const revision = object.metadata.annotations?.[REVISION_ANNOTATION]
    const template = at(object['data'], 'template')
    if (object.metadata.labels?.[CANARY_LABEL] !== canary || revision === undefined || !isRecord(template)) return []
    return [{ revision, template, configs: textsOf(at(object['data'], 'configs')), object }]
  })
}

/** Records what the posture asks for, with copies of its configuration, and forgets what nothing can need any more. */
export function renderRevisions(o: Observation, posture: Posture): Write[] {
  if (posture.remove === 'everything') {
    return copiesFirst(dropCopies(o, []), o.recorded)
  }
  const kept = keptRevisions(o, posture)
  if (kept === null) return recordWrites(o, posture)
  const needed = o.recorded.filter(one => kept.has(one.revision))
  const obsolete = o.recorded.filter(one => !kept.has(one.revision))
  const promised = posture.record === null ? [] : [o.configs]
  return [
    ...recordWrites(o, posture),
    ...copiesFirst(dropCopies(o, [...needed.map(one => one.configs), ...promised]), obsolete),
  ]
}

/** A record goes after its copies: it tells a leader that takes over in between that there are any. */
function copiesFirst(drops: Write[], obsolete: readonly RecordedTemplate[]): Write[] {
  return drops.length > 0 ? drops : obsolete.flatMap(forget)
}

/** Only the template that is on the target now can be recorded, under its own revision and no other. */
function recordWrites(o: Observation, posture: Posture): Write[] {
  const { target } = o
  const revision = posture.record
  if (revision === null) return []
  const record = o.recorded.find(one => one.revision === revision)
  if (record !== undefined) return copyWrites(o, record.configs)
  if (target === null || target.revision !== revision) return []
  const ref: Ref = {
    kind: kinds.ControllerRevision,
    namespace: o.names.namespace,
    name: `${o.names.target.name}-${suffixOf(revision)}`,
  }
  const data = { template: withoutPodHash(at(target.object.spec, 'template')), configs: o.configs }
  const number = 1 + Math.max(0, ...o.recorded.map(one => numberOf(one.object['revision'], 0)))
  const metadata = { annotations: { [REVISION_ANNOTATION]: revision } }
  const object = ours(o, ref, metadata, { data, revision: number })
  return [{ verb: 'create', ref, object }, ...copyWrites(o, o.configs)]
}

/** Every revision that a later decision can ask for; null while it is not known yet what is promoted. */
function keptRevisions(o: Observation, posture: Posture): ReadonlySet<Revision> | null {
  const { state, memory } = o
  if (!('promoted' in state) || state.promoted === null) return null
  const kept = [
    state.promoted,
    memory.previous,
    'candidate' in state ? state.candidate : null,
    'rejected' in state ? state.rejected : null,
    posture.record,
    posture.primary,
    posture.judged,
    posture.target,
    // A primary that still runs something else may have to be put back or compared.
    o.primary?.revision ?? null,
  ]
  return new Set(kept.filter(revision => revision !== null))
}

function forget(record: RecordedTemplate): Write[] {
  if (record.object.metadata.deletionTimestamp !== undefined) return []
  return [deleteOf(refOf(kinds.ControllerRevision, record.object), record.object)]
}
