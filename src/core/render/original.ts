/**
 * The Service that was there before the Canary, as its user has it. An annotation holds what it was before our first write
 * and what we wrote since: by both, what the user says of it now is told from what we say of it. What one that was deleted said
 * is on record (service-record.ts).
 */
import type { KubeObject } from '../../api/object.ts'
import { at, type Json, present, recordOf, recordsOf, sameJson, textsOf } from '../json.ts'
import { ORIGINAL_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { isOurs, liveOf } from './ownership.ts'

export type Adopted = Pick<Observation, 'canary' | 'names' | 'live' | 'recordedServices'>

/** What the user says of the Service, whatever we wrote to it. */
export interface UsersService {
  readonly spec: Json
  readonly ports: readonly Json[]
  readonly labels: Readonly<Record<string, string>>
  readonly annotations: Readonly<Record<string, string>>
}

/** Values of labels or annotations; null: there was none. */
export type Entries = Readonly<Record<string, string | null>>

/** What an adopted Service was before our first write. */
export interface Original {
  readonly selector: unknown
  readonly ports: readonly Json[]
  readonly trafficDistribution?: unknown
  /** Of labels and annotations only those that service.apex speaks of. */
  readonly labels: Entries
  readonly annotations: Entries
  /** What we wrote last. */
  readonly written: { readonly ports: readonly Json[]; readonly trafficDistribution?: unknown }
}

const read = new WeakMap<KubeObject, Original | null>()

/** Read once for each version of the Service. */
export function originalOf(live: KubeObject): Original | null {
  const known = read.get(live)
  if (known !== undefined) return known
  const original = parsed(live)
  read.set(live, original)
  return original
}

function parsed(live: KubeObject): Original | null {
  const text = live.metadata.annotations?.[ORIGINAL_ANNOTATION]
  if (text === undefined) return null
  try {
    const original: unknown = JSON.parse(text)
    const written = at(original, 'written')
    return {
      selector: at(original, 'selector'),
      ports: recordsOf(at(original, 'ports')),
      trafficDistribution: at(original, 'trafficDistribution'),
      labels: entriesOf(at(original, 'labels')),
      annotations: entriesOf(at(original, 'annotations')),
      written: {
        ports: recordsOf(at(written, 'ports')),
        trafficDistribution: at(written, 'trafficDistribution'),
      },
    }
  } catch {
    return null
  }
}

const entriesOf = (value: unknown): Entries =>
  Object.fromEntries(
    Object.entries(recordOf(value)).filter(
      (entry): entry is [string, string | null] => typeof entry[1] === 'string' || entry[1] === null,
    ),
  )

/** What a user's Service selected before it was adopted; of one that is not, what it selects now. */
export function selectorBefore(live: KubeObject): Readonly<Record<string, string>> {
  return textsOf(originalOf(live)?.selector ?? at(live.spec, 'selector'))
}

/** What a port of a Service is known by. */
interface Numbered {
  readonly port?: unknown
  readonly protocol?: unknown
}

/** The key of a port in the ports of a Service, which have a number once for each protocol. */
export const portKey = ({ port, protocol = 'TCP' }: Numbered): string => `${String(port)}/${String(protocol)}`

/** Ports by their keys. Users who may write a Service or a template decide how many there are: nothing compares each with each. */
export const byKey = <Port extends Numbered>(ports: readonly Port[]): ReadonlyMap<string, Port> =>
  new Map(ports.map(port => [portKey(port), port]))

/** The fields of a port that we may write. */
const FIELDS = ['name', 'targetPort', 'appProtocol'] as const

/** The Service that was there before, also where it was deleted; null where there was none, or it is ours. */
export function usersService(o: Adopted): UsersService | null {
  const live = liveOf(o, o.names.apexService)
  if (live === undefined) return deletedService(o)
  if (isOurs(o, live)) return null
  const ports = recordsOf(at(live.spec, 'ports'))
  const original = originalOf(live)
  const { labels = {}, annotations = {} } = live.metadata
  if (original === null) return { spec: recordOf(live.spec), ports, labels, annotations }
  const { written } = original
  const there = at(live.spec, 'trafficDistribution')
  const ours = written.trafficDistribution !== undefined && there === written.trafficDistribution
  return {
    spec: {
      ...recordOf(live.spec),
      selector: original.selector,
      trafficDistribution: ours ? original.trafficDistribution : there,
    },
    ports: usersPorts(ports, original),
    labels: withOriginal(labels, original.labels),
    annotations: withOriginal(annotations, original.annotations),
  }
}

function deletedService({ recordedServices }: Pick<Observation, 'recordedServices'>): UsersService | null {
  const data = recordedServices.at(-1)?.data
  if (data === undefined) return null
  const [labels, annotations] = ['labels', 'annotations'].map(field => textsOf(at(data, 'metadata', field)))
  const { ports, ...spec } = recordOf(data['spec'])
  return { spec, ports: recordsOf(ports), labels: labels ?? {}, annotations: annotations ?? {} }
}

/** Ports without what we wrote to them, and without those that we added. What their user changed since is the user's. */
function usersPorts(live: readonly Json[], { ports, written }: Original): Json[] {
  const [before, ours] = [byKey(ports), byKey(written.ports)]
  return live.flatMap(port => {
    const was = before.get(portKey(port))
    const wrote = ours.get(portKey(port))
    if (wrote === undefined) return [port]
    if (was === undefined) return sameJson(port['targetPort'], wrote['targetPort']) ? [] : [port]
    const values = FIELDS.map(field => [field, sameJson(port[field], wrote[field]) ? was[field] : port[field]] as const)
    return [present({ ...port, ...Object.fromEntries(values) })]
  })
}

function withOriginal(live: Readonly<Record<string, string>>, original: Entries): Record<string, string> {
  const entries = Object.entries({ ...live, ...original })
  return Object.fromEntries(entries.filter((entry): entry is [string, string] => entry[1] !== null))
}
