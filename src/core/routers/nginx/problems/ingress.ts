/** The user's Ingress: is it there, does ingress-nginx serve it, and can what it leads to the Service be split. */
import type { KubeObject } from '../../../../api/object.ts'
import { at, recordsOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { foreign } from '../../../problems/foreign.ts'
import {
  called,
  calledHere,
  type FindProblem,
  listedInWords,
  type Problem,
  problem,
} from '../../../problems/problem.ts'
import { apexPorts } from '../../../render/ports.ts'
import {
  annotationOf,
  calledPlace,
  canaryIngress,
  classOf,
  isCanary,
  isServed,
  isTrue,
  numberIn,
  pathsToApex,
  usersIngress,
  usersRef,
} from '../ingress.ts'

export const ingressMissing: FindProblem = o => {
  const ref = usersRef(o)
  if (ref === null || usersIngress(o) !== undefined) return null
  return problem(
    'ReferenceMissing',
    `${calledHere(o, 'Ingress', ref.name)}, which spec.ingressRef names, does not exist. Create it with a path that leads to Service ${o.names.apexService.name}, or recreate the Canary with the name of yours.`,
  )
}

const ofUsers =
  (find: (o: Observation, ingress: KubeObject) => Problem | null): FindProblem =>
  o => {
    const users = usersIngress(o)
    return users === undefined ? null : find(o, users)
  }

export const ingressOfOtherClass = ofUsers((o, users) =>
  isServed(o.settings, users)
    ? null
    : problem(
        'Conflict',
        `${called(users)} has the class ${classOf(users) ?? ''}, and ingress-nginx serves ${listedInWords(o.settings.ingressClasses)}: other controllers do not read its annotations, so nothing would be split. If ingress-nginx serves that class, have it added with --ingress-classes; else recreate the Canary with another provider.`,
      ),
)

export const ingressIsCanary = ofUsers((o, users) =>
  isCanary(o.settings, users)
    ? problem(
        'Conflict',
        `${called(users)} is a canary itself (annotation ${o.settings.ingressAnnotationsPrefix}/canary), and ingress-nginx splits no canary. Remove its annotations about canaries, or recreate the Canary with the Ingress whose requests it takes.`,
      )
    : null,
)

export const backendMissing = ofUsers((o, users) => {
  if (pathsToApex(o, users).length > 0) return null
  const { name } = o.names.apexService
  const isDefault = at(users.spec, 'defaultBackend', 'service', 'name') === name
  const isResource = recordsOf(at(users.spec, 'rules'))
    .flatMap(rule => recordsOf(at(rule, 'http', 'paths')))
    .some(path => at(path, 'backend', 'resource') !== undefined)
  const said = isDefault
    ? `leads to Service ${name} as its defaultBackend alone, and a canary needs a path`
    : `has no path that leads to Service ${name}${isResource ? ' (a backend that is a resource cannot be split)' : ''}`
  return problem(
    'Conflict',
    `${called(users)} ${said}, so no request would meet the split. Write a rule in it with a path whose backend is Service ${name}, or recreate the Canary with the service.name that it leads to.`,
  )
})

/** Encrypted requests are led by their host alone. */
export const tlsPassedThrough = ofUsers((o, users) =>
  isTrue(annotationOf(o.settings, users, 'ssl-passthrough'))
    ? problem(
        'Conflict',
        `${called(users)} has the annotation ${o.settings.ingressAnnotationsPrefix}/ssl-passthrough: nginx passes connections on unread, and can split nothing. Remove the annotation, so that nginx ends TLS, or promote without weights: provider: kubernetes.`,
      )
    : null,
)

/**
 * Callers with the cookie of a side never change sides, whatever the weight is and whatever affinity-canary-behavior says of the canary
 * (`is_affinitized` in rootfs/etc/nginx/lua/balancer.lua): a rollback would not reach those of the canary.
 */
export const callersKept = ofUsers((o, users) =>
  annotationOf(o.settings, users, 'affinity') === 'cookie'
    ? problem(
        'Conflict',
        `${called(users)} has the annotation ${o.settings.ingressAnnotationsPrefix}/affinity: cookie: callers stay with the side that answered them first, whatever the weight is and after a rollback, too. Remove the annotation.`,
      )
    : null,
)

/** Connections that are kept open go on to the pods that they were opened to. */
export const serviceUpstream = ofUsers((o, users) =>
  isTrue(annotationOf(o.settings, users, 'service-upstream'))
    ? problem(
        'Conflict',
        `${called(users)} has the annotation ${o.settings.ingressAnnotationsPrefix}/service-upstream: nginx sends requests to the cluster IP, so open connections stay with the pods of before when a Service changes sides, and pods that are not ready are not known to it. To have each request follow, remove the annotation`,
      )
    : null,
)

/** An Ingress that another client made is never overwritten. */
export const foreignCanaryIngress: FindProblem = o =>
  foreign(
    o,
    canaryIngress(o),
    '',
    `If nothing needs it, delete it; if it belongs to another Canary of the same Ingress, give the paths to Service ${o.names.apexService.name} an Ingress of their own and recreate this Canary with that.`,
  )

export const backendPortMissing = ofUsers((o, users) => {
  const ports = apexPorts(o)
  const lost = pathsToApex(o, users).find(({ port }) => numberIn(ports, port) === null)
  if (lost === undefined) return null
  const there = ports.map(
    port => `${String(port['port'])}${port['name'] === undefined ? '' : ` (${textOf(port['name'])})`}`,
  )
  return problem(
    'Conflict',
    `${called(users)} leads ${calledPlace(lost)} to port ${lost.port ?? 'none'} of Service ${o.names.apexService.name}, which does not have it; it has ${listedInWords(there)}. Write one of these in the Ingress.`,
  )
})
