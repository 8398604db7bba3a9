/**
 * The Ingress that takes a share of the requests of the user's: the same hosts and paths, where those lead to the Service of the Canary, with the
 * canary's Service as their backend. It is there for as long as the Canary, at weight 0 between runs, so that what refuses it does so
 * before a release. The user's Ingress is only read.
 */
import type { KubeObject, Ref } from '../../../api/object.ts'
import { at, covers, type Json, present, recordOf, recordsOf, sameJson } from '../../json.ts'
import type { Observation } from '../../model/observation.ts'
import type { Posture } from '../../model/posture.ts'
import { type Carried, carriedBy, NONE, type Traffic } from '../../model/traffic.ts'
import type { Write } from '../../model/write.ts'
import { applyOurs, deleteOurs, isOurs, ours } from '../../render/ownership.ts'
import { apexPorts } from '../../render/ports.ts'
import type { Percent } from '../../time.ts'
import { apexShares } from '../apex-shares.ts'
import type { RoutingProvider } from '../provider.ts'
import {
  annotationOf,
  canaryIngress,
  canaryRef,
  CLASS_ANNOTATION,
  numberIn,
  pathsToApex,
  usersIngress,
} from './ingress.ts'
import { annotationsFor, askedBy, canaryAnnotationsIn } from './split.ts'

type Readable = Parameters<RoutingProvider['read']>[0]

/** The live Ingress of ours; undefined where there is none. */
export function ownIngress(o: Pick<Observation, 'names' | 'canary' | 'live'>): KubeObject | undefined {
  const live = canaryIngress(o)
  return live !== undefined && isOurs(o, live) ? live : undefined
}

/**
 * What requests at the Ingress meet. While the canary has all, the Service that callers use leads to it too: ingress-nginx answers 503 where
 * the Service of the user's Ingress has no endpoint, whatever the weight is, and the primary may have none then.
 */
export function read(o: Readable): Carried | null {
  const live = ownIngress(o)
  const apex = apexShares(o)
  if (live === undefined || apex === null) return null
  const { share, among } = askedBy(o, live)
  if (among === '') return carriedBy([share, ...(share === 100 || apex.some(one => one > 0) ? apex : [])])
  const isApart = apex.every(one => one === 0)
  return { low: isApart ? share : 0, high: share, among: isApart ? among : null, mirror: 0, sticky: '' }
}

/** The share that the Ingress asks for; null where it is there no more, or asks about other requests than were decided on. */
export function requested(o: Observation): Percent | null {
  const live = ownIngress(o)
  if (live === undefined) return null
  const { share, among } = askedBy(o, live)
  const decided = 'traffic' in o.state ? o.state.traffic.among : ''
  return decided !== '' && among === '' ? null : share
}

export function render(o: Observation, posture: Posture): Write[] {
  const ref = canaryRef(o)
  if (ref === null) return []
  if (posture.remove === 'everything') return deleteOurs(o, ref)
  if (posture.callers === 'target') return ownIngress(o) === undefined ? [] : write(o, ref, posture, NONE)
  if (posture.traffic === null || posture.callers === 'untouched') return []
  return write(o, ref, posture, posture.traffic)
}

function write(o: Observation, ref: Ref, posture: Posture, traffic: Traffic): Write[] {
  const spec = specOf(o, posture)
  if (spec === null) return []
  const { ingressAnnotationsPrefix: prefix } = o.settings
  const said = Object.entries({ ...copiedAnnotations(o), ...annotationsFor(o, traffic) })
  const annotations = {
    ...classAnnotation(o),
    ...Object.fromEntries(said.map(([name, is]) => [`${prefix}/${name}`, is])),
  }
  const [applied] = applyOurs(o, ref, ours(o, ref, { annotations }, { spec }), sameIngress(o))
  const live = ownIngress(o)
  if (applied?.verb !== 'apply' || live === undefined) return applied === undefined ? [] : [applied]
  // An apply takes away only what Sluice wrote; an annotation of another client would go on splitting.
  const stale = Object.keys(canaryAnnotationsIn(o.settings, live))
    .map(name => `${prefix}/${name}`)
    .filter(key => !Object.hasOwn(annotations, key))
  if (stale.length === 0) return [applied]
  const { labels, annotations: wanted, ownerReferences } = applied.object.metadata
  const metadata = {
    ...present({ resourceVersion: live.metadata.resourceVersion, ownerReferences }),
    labels,
    annotations: { ...wanted, ...Object.fromEntries(stale.map(key => [key, null])) },
  }
  return [{ verb: 'merge', ref, patch: { metadata, spec: { ...absent(live, spec), ...spec } } }]
}

/** For a merge patch: what the live spec says and the wanted one does not. */
const absent = (live: KubeObject, spec: Json): Json =>
  Object.fromEntries(
    Object.keys(recordOf(live.spec))
      .filter(field => !Object.hasOwn(spec, field))
      .map(field => [field, null]),
  )

/** Rules exactly, because one more splits requests that are not ours; and every annotation about canaries. The class may be the cluster's default. */
const sameIngress =
  (o: Observation) =>
  (live: KubeObject, wanted: KubeObject): boolean =>
    covers(live.spec, wanted.spec) &&
    sameJson(at(live.spec, 'rules'), at(wanted.spec, 'rules')) &&
    covers(live.metadata.annotations, wanted.metadata.annotations) &&
    sameJson(canaryAnnotationsIn(o.settings, live), canaryAnnotationsIn(o.settings, wanted))

/** null: no path of the user's Ingress leads to the Service, and no Ingress of ours is there that could keep its own. */
function specOf(o: Observation, posture: Posture): Json | null {
  const live = ownIngress(o)
  const kept = live === undefined ? null : recordOf(live.spec)
  const users = usersIngress(o)
  if (users === undefined || pathsToApex(o, users).length === 0) return kept
  if (posture.service === 'as it was' && kept !== null) return kept
  const { ingressClassName, tls } = recordOf(users.spec)
  const isAnnotated = users.metadata.annotations?.[CLASS_ANNOTATION] !== undefined
  return present({ ingressClassName: isAnnotated ? undefined : ingressClassName, tls, rules: rulesOf(o, users) })
}

/** Rules of the user's Ingress with the paths that lead to the Service, and the canary's in its place. */
function rulesOf(o: Observation, users: KubeObject): Json[] {
  const { apexService, canaryService } = o.names
  const ports = apexPorts(o)
  return recordsOf(at(users.spec, 'rules')).flatMap(rule => {
    const paths = recordsOf(at(rule, 'http', 'paths')).filter(
      one => at(one, 'backend', 'service', 'name') === apexService.name,
    )
    if (paths.length === 0) return []
    const led = paths.map(one => {
      const port = recordOf(at(one, 'backend', 'service', 'port'))
      const number = numberIn(ports, (port['number'] ?? port['name'] ?? null) as number | string | null)
      // By number: the port of the canary's Service may have another name.
      const own = number === null ? port : { number }
      return { ...one, backend: { service: { name: canaryService.name, port: own } } }
    })
    return [{ ...present({ host: rule['host'] }), http: { paths: led } }]
  })
}

/** What ingress-nginx reads of a canary's Ingress beside its split: how the pods of its Service are chosen. All else is the user's Ingress's. */
const OF_BACKENDS = [
  'load-balance',
  'upstream-hash-by',
  'upstream-hash-by-subset',
  'upstream-hash-by-subset-size',
  'service-upstream',
] as const

function copiedAnnotations(o: Observation): Readonly<Record<string, string>> {
  const users = usersIngress(o)
  if (users === undefined) return {}
  return Object.fromEntries(
    OF_BACKENDS.flatMap(name => {
      const value = annotationOf(o.settings, users, name)
      return value === undefined ? [] : [[name, value]]
    }),
  )
}

/** The API server refuses a new Ingress that says its class in two places; ingress-nginx reads the annotation first. */
function classAnnotation(o: Observation): Readonly<Record<string, string>> {
  const name = usersIngress(o)?.metadata.annotations?.[CLASS_ANNOTATION]
  return name === undefined ? {} : { [CLASS_ANNOTATION]: name }
}
