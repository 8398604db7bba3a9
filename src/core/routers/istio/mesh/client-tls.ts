/** What the proxies of callers send to the two sides, by the DestinationRules that apply to them. */
import { hasOwnRoutes } from '../../../../api/providers.ts'
import type { KubeObject, Ref } from '../../../../api/object.ts'
import { at, isRecord, type Json, listOf, recordsOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import type { ClientTls } from './tls-table.ts'
import type { Side } from '../hosts.ts'
import {
  appliedPolicy,
  callingNamespaces,
  exportedIn,
  hiddenBy,
  isExportedTo,
  overlaid,
  rulesFor,
  selectorOf,
} from './policies.ts'
import { ruleOf } from './rules.ts'

/** What applies to requests of callers of one namespace to one side. */
export interface ClientPolicy {
  /** Namespace of the callers, or `ELSEWHERE`. */
  readonly callers: string
  readonly service: Ref
  /** The DestinationRule of a user that says so; null: `service.trafficPolicy` of the Canary. */
  readonly rule: KubeObject | null
  readonly trafficPolicy: unknown
}

export interface ClientSettings {
  readonly tls: ClientTls
  /** The only identities of servers that the callers accept; empty: any that the mesh knows for the Service. */
  readonly subjectAltNames: readonly string[]
}

/** The policies for callers of each namespace that may see another one, the Canary's own first. */
export function clientPolicies(o: Observation, side: Side): readonly ClientPolicy[] {
  return destinations(o, side).flatMap(({ service, subset }) =>
    callingNamespaces(o).flatMap(callers =>
      policiesFor(o, service, callers).map(({ rule, trafficPolicy }) => ({
        callers,
        service,
        rule,
        trafficPolicy: subset === null ? trafficPolicy : withSubset(trafficPolicy, rule, subset),
      })),
    ),
  )
}

interface Destination {
  readonly service: Ref
  readonly subset: string | null
}

/** Where the routes lead to a side: of the user's own the primary may be the apex. */
function destinations({ canary, names }: Observation, side: Side): readonly Destination[] {
  const { destinationRule } = canary.spec.service
  if (destinationRule !== undefined) {
    const subset = side === 'primary' ? destinationRule.primarySubset : destinationRule.canarySubset
    return [{ service: names.apexService, subset }]
  }
  if (side === 'canary') return [{ service: names.canaryService, subset: null }]
  const services = hasOwnRoutes(canary.spec) ? [names.primaryService] : [names.primaryService, names.apexService]
  return services.map(service => ({ service, subset: null }))
}

type Applied = Pick<ClientPolicy, 'rule' | 'trafficPolicy'>

/** One policy for all callers of a namespace, and one for each group of them that has a rule of its own. */
function policiesFor(o: Observation, service: Ref, callers: string): readonly Applied[] {
  const rules = rulesFor(o, service, callers)
  const own = hiddenBy(o, rules, callers) === undefined ? ownPolicy(o, service, callers) : null
  if (own !== null) return [own]
  const general = rules.filter(rule => selectorOf(rule) === undefined)
  const forAll = general.length === 0 ? null : appliedPolicy(o, general)
  return [
    ...(forAll === null ? [] : [{ rule: saying(general, forAll.trafficPolicy), trafficPolicy: forAll.trafficPolicy }]),
    ...rules
      .filter(rule => selectorOf(rule) !== undefined)
      .map(rule => ({ rule, trafficPolicy: at(rule.spec, 'trafficPolicy') })),
  ]
}

const saying = (rules: readonly KubeObject[], trafficPolicy: unknown): KubeObject | null =>
  rules.find(rule => at(rule.spec, 'trafficPolicy') === trafficPolicy) ?? rules[0] ?? null

/** What Sluice's own rule for a side says to these callers; null where there is none, or it is not for them. */
function ownPolicy(o: Observation, service: Ref, callers: string): Applied | null {
  const { names, canary } = o
  const said = canary.spec.service
  if (service === names.apexService || said.destinationRule !== undefined) return null
  const written = ruleOf(o, service)
  if (written === null) return null
  if (!reachesFromOurs(o, written, callers)) return null
  const { trafficPolicy } = written
  if (saysTls(said.trafficPolicy)) return { rule: null, trafficPolicy }
  const before = rulesFor(o, names.apexService)
  return { rule: saying(before, appliedPolicy(o, before)?.trafficPolicy), trafficPolicy }
}

/** Whether callers of a namespace see a rule of ours, unless their own namespace has one. */
export const reachesFromOurs = ({ names }: Observation, written: Json, callers: string): boolean =>
  callers === names.namespace ||
  (written['workloadSelector'] === undefined && isExportedTo(callers, exportedIn(written)))

const saysTls = (trafficPolicy: unknown): boolean =>
  [trafficPolicy, ...recordsOf(at(trafficPolicy, 'portLevelSettings'))].some(one => at(one, 'tls') !== undefined)

/** What a subset says counts before what its rule says, field by field. */
function withSubset(trafficPolicy: unknown, rule: KubeObject | null, name: string): unknown {
  const subset = recordsOf(at(rule?.spec, 'subsets')).find(one => one['name'] === name)
  const said = at(subset, 'trafficPolicy')
  return isRecord(said) ? overlaid(trafficPolicy, said) : trafficPolicy
}

const MODES = ['ISTIO_MUTUAL', 'SIMPLE', 'MUTUAL'] as const

/**
 * What a policy says of TLS to a port of the Service. Settings of a port replace those of the host as a whole; a `tls` without a
 * mode is DISABLE, its first.
 */
export function settingsOf(trafficPolicy: unknown, port: unknown): ClientSettings {
  const ofPort = recordsOf(at(trafficPolicy, 'portLevelSettings')).find(one => at(one, 'port', 'number') === port)
  const tls = at(ofPort ?? trafficPolicy, 'tls')
  if (!isRecord(tls)) return { tls: 'automatic', subjectAltNames: [] }
  const mode = textOf(tls['mode'])
  return {
    tls: MODES.find(one => one === mode) ?? 'DISABLE',
    subjectAltNames: listOf(tls['subjectAltNames']).map(textOf),
  }
}
