/**
 * Which DestinationRule applies to a Service, by Istio's rules of precedence and visibility
 * (https://istio.io/latest/docs/ops/best-practices/traffic-management/#cross-namespace-configuration; istiod's
 * `pilot/pkg/model/push_context.go`, `SetDestinationRules` and `destinationRule`), as callers of one namespace see it: their own
 * namespace, then the Service's, then the root namespace of the mesh. The first of them with any match ends the search, and of
 * several hosts that match the most specific counts. Rules never inherit: an exact one that says nothing of `tls` switches off
 * the `tls` of a wildcard.
 */
import type { KubeObject, Ref } from '../../../../api/object.ts'
import { at, canonicalJson, isRecord, type Json, listOf, present, recordsOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { isOurs } from '../../../render/ownership.ts'
import { inOrder } from '../../around.ts'
import { coversHost, istioHost } from '../hosts.ts'

/** What a DestinationRule says to whom. */
export interface AppliedPolicy {
  readonly trafficPolicy: unknown
  /** Namespaces that see it; undefined: all. */
  readonly exportTo: readonly string[] | undefined
  /** The callers that it is for; undefined: all. */
  readonly workloadSelector: unknown
}

/** Callers of every namespace that has no rules of its own, and that no rule names. */
export const ELSEWHERE = '*'

/**
 * The rules of others that apply to a Service: all are for one host, and of one namespace.
 *
 * @param callers namespace of the callers, or `ELSEWHERE`.
 */
export function rulesFor(o: Observation, service: Ref, callers: string = o.names.namespace): readonly KubeObject[] {
  const host = `${service.name}.${service.namespace}.svc.cluster.local`
  const covering = o.surroundings.trafficPolicies.filter(
    rule => !isOurs(o, rule) && coversHost(hostOf(rule), host) && isVisible(o, rule, callers),
  )
  const own = covering.filter(rule => isOfCallers(o, rule, callers))
  const here = covering.filter(rule => namespaceOf(rule) === o.names.namespace)
  const nearest = [own, here, covering].find(rules => rules.length > 0) ?? []
  const best = mostSpecific(nearest.map(hostOf))
  return nearest.filter(rule => hostOf(rule) === best)
}

/** Whether a rule comes first. Callers in the root namespace have none of their own but those that are kept to it. */
const isOfCallers = ({ settings }: Observation, rule: KubeObject, callers: string): boolean =>
  namespaceOf(rule) === callers && (callers !== settings.rootNamespace || exportsOf(rule).has('.'))

/** Of the rules that apply to callers of another namespace the one by which they use none of the Canary's. */
export const hiddenBy = (o: Observation, rules: readonly KubeObject[], callers: string): KubeObject | undefined =>
  callers === o.names.namespace ? undefined : rules.find(rule => isOfCallers(o, rule, callers))

/** Namespaces that rules export themselves to and that are asked about: for each of them all rules are read. */
const MOST_NAMED = 100

/**
 * Namespaces whose callers may see other rules than those of the Canary's own: named by one that callers elsewhere may see, or with rules
 * of their own.
 */
export function callingNamespaces(o: Observation): readonly string[] {
  const { names, settings, surroundings } = o
  const isElsewhere = (one: string): boolean =>
    one !== '' && one !== '.' && one !== '~' && one !== ELSEWHERE && one !== names.namespace
  const reaching = surroundings.trafficPolicies.filter(rule => isOfMesh(o, namespaceOf(rule)))
  const named = new Set(reaching.flatMap(rule => [...exportsOf(rule)].filter(isElsewhere)))
  const own = [settings.rootNamespace, ...surroundings.trafficPolicies.map(namespaceOf)].filter(isElsewhere)
  const others = new Set([...own, ...[...named].slice(0, MOST_NAMED)])
  return [names.namespace, ELSEWHERE, ...[...others].toSorted()]
}

/** Rules of these namespaces are for callers everywhere, those of any other for their own. */
const isOfMesh = ({ names, settings }: Observation, namespace: string): boolean =>
  namespace === names.namespace || namespace === settings.rootNamespace

/** The host of a rule as Istio reads it: to a DestinationRule `web.shop` is no Service. */
export const hostOf = (rule: KubeObject): string => istioHost(textOf(at(rule.spec, 'host')), namespaceOf(rule))

export const isWildcard = (host: string): boolean => host.startsWith('*')

export const namespaceOf = (rule: KubeObject): string => rule.metadata.namespace ?? ''

const exporting = new WeakMap<KubeObject, ReadonlySet<string>>()

/** Asked for callers of each namespace; a rule may name thousands. */
function exportsOf(rule: KubeObject): ReadonlySet<string> {
  const known = exporting.get(rule)
  if (known !== undefined) return known
  const exports = exportedIn(rule.spec)
  exporting.set(rule, exports)
  return exports
}

/** What `exportTo` of the spec of a rule names. */
export const exportedIn = (spec: unknown): ReadonlySet<string> => new Set(listOf(at(spec, 'exportTo')).map(textOf))

/** Whether what is exported to these namespaces is seen by callers of one that is not its own. */
export const isExportedTo = (callers: string, exportTo: ReadonlySet<string>): boolean =>
  exportTo.size === 0 || exportTo.has('*') || exportTo.has(callers)

/** An exact host before every wildcard, then the longest wildcard. */
function mostSpecific(hosts: readonly string[]): string | undefined {
  const rank = (host: string): number => (isWildcard(host) ? host.length : Number.POSITIVE_INFINITY)
  return hosts.toSorted((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))[0]
}

/** Whether callers of a namespace see a rule. One with a workloadSelector stays in its own namespace. */
function isVisible(o: Observation, rule: KubeObject, callers: string): boolean {
  const of = namespaceOf(rule)
  const exported = isExportedTo(callers, exportsOf(rule))
  if (of === callers) return exported || exportsOf(rule).has('.') || selectorOf(rule) !== undefined
  return isOfMesh(o, of) && exported && selectorOf(rule) === undefined
}

export const selectorOf = (rule: KubeObject): unknown => at(rule.spec, 'workloadSelector')

/**
 * What rules for one host say together: of those without a workloadSelector, which speak to all callers; where there is
 * none, of the one that has a workloadSelector. null where nothing can be said of several.
 */
export function appliedPolicy(o: Observation, rules: readonly KubeObject[]): AppliedPolicy | null {
  const general = inOrder(rules.filter(rule => selectorOf(rule) === undefined))
  // Rules for one host are merged where they are exported alike: the older trafficPolicy counts. Of several merged ones the
  // youngest is used.
  const youngest = general.at(-1)
  if (youngest !== undefined) {
    const merged = general.filter(rule => exportKey(rule) === exportKey(youngest))
    const trafficPolicy = merged.map(rule => at(rule.spec, 'trafficPolicy')).find(one => one !== undefined)
    return { trafficPolicy, exportTo: exportedBy(o, youngest), workloadSelector: undefined }
  }
  const [selected, ...more] = rules
  if (selected === undefined || more.length > 0) return null
  return {
    trafficPolicy: at(selected.spec, 'trafficPolicy'),
    exportTo: undefined,
    workloadSelector: selectorOf(selected),
  }
}

export const exportKey = (rule: KubeObject): string => canonicalJson([...exportsOf(rule)].toSorted())

/** `exportTo` of a rule, as a rule of the Canary's namespace says the same. */
function exportedBy(o: Observation, rule: KubeObject): readonly string[] | undefined {
  const exportTo = [...exportsOf(rule)]
  if (exportTo.length === 0) return undefined
  const of = namespaceOf(rule)
  return of === o.names.namespace ? exportTo : exportTo.map(one => (one === '.' ? of : one))
}

/** What settings of one port may say; the others hold for all ports. */
const OF_PORTS = ['loadBalancer', 'connectionPool', 'outlierDetection', 'tls'] as const

/**
 * `said` over what applied before, field by field: what it leaves out stays. Settings of a port replace those of the host
 * as a whole, so `said` goes over those, too.
 */
export function overlaid(before: unknown, said: Json): Json {
  if (!isRecord(before)) return said
  const ofPorts = present(Object.fromEntries(OF_PORTS.map(field => [field, said[field]])))
  const own = recordsOf(said['portLevelSettings'])
  const others = recordsOf(before['portLevelSettings']).filter(
    one => !own.some(other => at(other, 'port', 'number') === at(one, 'port', 'number')),
  )
  const portLevelSettings = [...own, ...others.map(one => ({ ...one, ...ofPorts }))]
  return { ...before, ...said, ...(portLevelSettings.length === 0 ? {} : { portLevelSettings }) }
}
