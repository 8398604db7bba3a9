/**
 * The user's Service is recorded as a ControllerRevision, so that one that is deleted comes back as what it was: nothing else knows its type,
 * its node ports and its annotations then. Each change of it is a record of its own, because the data of one cannot be changed.
 */
import { apiVersionOf, type KubeObject, kinds, type Ref, refOf } from '../../api/object.ts'
import { fingerprint, type Json, numberOf, recordOf, sameJson } from '../json.ts'
import { CANARY_LABEL } from '../model/names.ts'
import type { Observation, RecordedService } from '../model/observation.ts'
import type { Posture } from '../model/posture.ts'
import type { Write } from '../model/write.ts'
import { usersService } from './original.ts'
import { deleteOf, inherited, isOurs, liveOf, managed, ours } from './ownership.ts'

/** Reads the records of one canary, the latest last; what is no record of a Service is left out. */
export function recordedServices(objects: readonly KubeObject[], canary: string): RecordedService[] {
  return objects
    .flatMap((object): RecordedService[] => {
      const data = recordOf(object['data'])
      if (object.metadata.labels?.[CANARY_LABEL] !== canary || data['kind'] !== kinds.Service.kind) return []
      return [{ data, object }]
    })
    .sort((one, other) => numberOf(one.object['revision'], 0) - numberOf(other.object['revision'], 0))
}

/** Records the user's Service as it is; an earlier record goes once the new one is there. */
export function renderServiceRecord(o: Observation, posture: Posture): Write[] {
  const { recordedServices: records } = o
  if (posture.remove === 'everything') return records.flatMap(forget)
  const live = liveOf(o, o.names.apexService)
  // One that is being deleted was recorded before.
  if (posture.primary === null || live === undefined || live.metadata.deletionTimestamp !== undefined) return []
  if (isOurs(o, live)) return records.flatMap(forget)
  const data = dataOf(o)
  const current = records.find(record => sameJson(record.data, data))
  if (current !== undefined) return records.filter(record => record !== current).flatMap(forget)
  const { namespace, name } = o.names.apexService
  const ref: Ref = { kind: kinds.ControllerRevision, namespace, name: `${name}-service-${fingerprint(data)}` }
  const revision = 1 + numberOf(records.at(-1)?.object['revision'], 0)
  return [{ verb: 'create', ref, object: ours(o, ref, {}, { data, revision }) }]
}

/**
 * The Service as it is created again. Tracking labels of GitOps tools are left out: a tool that has deleted it would delete it each time. So
 * is what the Canary leaves to other clients.
 */
function dataOf(o: Observation): Json {
  const users = usersService(o)
  const metadata = managed(o, { labels: inherited(users?.labels), annotations: inherited(users?.annotations) })
  return {
    apiVersion: apiVersionOf(kinds.Service),
    kind: kinds.Service.kind,
    metadata: { name: o.names.apexService.name, ...metadata },
    spec: { ...users?.spec, ports: users?.ports },
  }
}

function forget({ object }: RecordedService): Write[] {
  return object.metadata.deletionTimestamp === undefined
    ? [deleteOf(refOf(kinds.ControllerRevision, object), object)]
    : []
}
