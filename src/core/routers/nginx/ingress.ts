/** What an Ingress says (https://kubernetes.io/docs/reference/kubernetes-api/service-resources/ingress-v1/), and which ones a Canary has. */
import { kinds, type KubeObject, type Ref } from '../../../api/object.ts'
import { at, type Json, recordsOf, textOf } from '../../json.ts'
import type { Observation, Settings } from '../../model/observation.ts'
import { liveOf } from '../../render/ownership.ts'
import type { Named } from '../provider.ts'

/** A path of an Ingress that leads to a Service. */
export interface IngressPath {
  /** '' for every host. */
  readonly host: string
  readonly path: string
  readonly pathType: string
  readonly service: string
  /** A number, or the name of a port of the Service; null where neither is written. */
  readonly port: number | string | null
}

const namespaceOf = ({ metadata }: KubeObject): string => metadata.namespace ?? ''

/** The paths whose backend is a Service; one that is another resource leads to none. */
export function pathsIn(ingress: KubeObject): readonly IngressPath[] {
  return recordsOf(at(ingress.spec, 'rules')).flatMap(rule =>
    recordsOf(at(rule, 'http', 'paths')).flatMap(one => {
      const service = textOf(at(one, 'backend', 'service', 'name'))
      return service === ''
        ? []
        : [
            {
              host: textOf(rule['host']),
              path: textOf(one['path']),
              pathType: textOf(one['pathType']),
              service,
              port: portIn(at(one, 'backend')),
            },
          ]
    }),
  )
}

function portIn(backend: unknown): number | string | null {
  const [number, name] = [at(backend, 'service', 'port', 'number'), at(backend, 'service', 'port', 'name')]
  if (typeof number === 'number') return number
  return typeof name === 'string' && name !== '' ? name : null
}

/** A host and a path as one key: ingress-nginx takes one Ingress, and one canary, for each. */
export const placeOf = ({ host, path, pathType }: Pick<IngressPath, 'host' | 'path' | 'pathType'>): string =>
  `${host} ${path} ${pathType}`

/** Host and path, as sentences name them. */
export const calledPlace = ({ host, path }: Pick<IngressPath, 'host' | 'path'>): string =>
  `${host === '' ? 'every host' : host}${path === '' ? '' : ` ${path}`}`

export const placeKeys = (ingress: KubeObject): string[] => [...new Set(pathsIn(ingress).map(placeOf))]

/** `namespace/name` of the Services that an Ingress leads to. */
export function backendKeys(ingress: KubeObject): string[] {
  const all = textOf(at(ingress.spec, 'defaultBackend', 'service', 'name'))
  const services = [...pathsIn(ingress).map(({ service }) => service), ...(all === '' ? [] : [all])]
  return [...new Set(services.map(service => `${namespaceOf(ingress)}/${service}`))]
}

/** The Ingress of the user's; null where the Canary names none. */
export function usersRef({ canary, names }: Named): Ref | null {
  const name = canary.spec.ingressRef?.name
  return name === undefined ? null : { kind: kinds.Ingress, namespace: names.namespace, name }
}

/** The Ingress of ours that takes a share of its requests; it has Flagger's name. */
export function canaryRef(o: Named): Ref | null {
  const users = usersRef(o)
  return users === null ? null : { ...users, name: `${users.name}-canary` }
}

export function usersIngress(o: Named & Pick<Observation, 'live'>): KubeObject | undefined {
  const ref = usersRef(o)
  return ref === null ? undefined : liveOf(o, ref)
}

export function canaryIngress(o: Named & Pick<Observation, 'live'>): KubeObject | undefined {
  const ref = canaryRef(o)
  return ref === null ? undefined : liveOf(o, ref)
}

/** The paths of an Ingress that lead to the Service of the Canary. */
export const pathsToApex = ({ names }: Named, ingress: KubeObject): readonly IngressPath[] =>
  pathsIn(ingress).filter(({ service }) => service === names.apexService.name)

type Prefixed = Pick<Settings, 'ingressAnnotationsPrefix'>

/** The annotation of ingress-nginx with this name. */
export const annotationOf = (
  { ingressAnnotationsPrefix: prefix }: Prefixed,
  ingress: KubeObject,
  name: string,
): string | undefined => ingress.metadata.annotations?.[`${prefix}/${name}`]

/** Go's strconv.ParseBool, by which ingress-nginx reads annotations (internal/ingress/annotations/parser/main.go `parseBool`). */
const TRUE: readonly string[] = ['1', 't', 'T', 'true', 'TRUE', 'True']

/** Whether the value of an annotation says yes to ingress-nginx. */
export const isTrue = (value: string | undefined): boolean => value !== undefined && TRUE.includes(value)

/** It takes a share of the requests of another Ingress. */
export const isCanary = (settings: Prefixed, ingress: KubeObject): boolean =>
  isTrue(annotationOf(settings, ingress, 'canary'))

export const CLASS_ANNOTATION = 'kubernetes.io/ingress.class'

/** Who serves it, as it says itself; null: the default class of the cluster. The annotation counts more, in ingress-nginx too. */
export const classOf = ({ metadata, spec }: KubeObject): string | null =>
  metadata.annotations?.[CLASS_ANNOTATION] ?? (textOf(at(spec, 'ingressClassName')) || null)

/** ingress-nginx serves it, as far as its class tells. */
export function isServed({ ingressClasses }: Pick<Settings, 'ingressClasses'>, ingress: KubeObject): boolean {
  const name = classOf(ingress)
  return name === null || ingressClasses.includes(name)
}

/** The number of the port of the Service that a backend names; null where the Service has no such port. */
export function numberIn(ports: readonly Json[], port: IngressPath['port']): number | null {
  const found = ports.find(one => (typeof port === 'number' ? one['port'] : one['name']) === port)
  const number = found?.['port']
  return typeof number === 'number' ? number : null
}
