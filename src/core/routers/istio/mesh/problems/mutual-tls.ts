/** What callers send against what the servers of the two sides let in: requests that would be refused, whatever the release is. */
import type { KubeObject } from '../../../../../api/object.ts'
import { at, type Json, textOf } from '../../../../json.ts'
import type { Observation, PodSample, Workload } from '../../../../model/observation.ts'
import { dataPlaneOf } from '../../ambient/data-plane.ts'
import { hasProxy, offersMutualTls, refusesProxy } from '../injection.ts'
import { type EffectiveModes, effectiveModes, type TlsMode } from '../../../../policies/peer-authentication.ts'
import { type ClientTls, refusalOf, type Refusal } from '../tls-table.ts'
import { called, type FindProblem, listedInWords, problem } from '../../../../problems/problem.ts'
import { templateLabels } from '../../../../render/labels.ts'
import { apexPorts, containerPorts, isMain, targetOf } from '../../../../render/ports.ts'
import { placeOfPolicy } from '../rules.ts'
import { clientPolicies, type ClientPolicy, settingsOf } from '../client-tls.ts'
import type { Side } from '../../hosts.ts'
import { ELSEWHERE, namespaceOf } from '../policies.ts'

/** What the servers of a side let in, on each port. */
interface Server {
  readonly workload: KubeObject
  readonly modes: EffectiveModes
  readonly hasProxy: boolean
}

interface Refused {
  readonly client: ClientPolicy
  readonly tls: ClientTls
  readonly server: Server
  /** Of the container. */
  readonly port: number
  readonly mode: TlsMode
  readonly because: Refusal | 'identity'
  readonly accepted: readonly string[]
}

/** A contradiction of what counts in the Canary's own namespace: no release would get a request through. */
export const tlsThatIsRefused: FindProblem = o => {
  const refused = refusedRequests(o).find(({ client }) => !isOfOthers(o, client))
  return refused === undefined ? null : problem('MutualTlsConflict', `${described(o, refused)}. ${advice(o, refused)}`)
}

/** Rules of another namespace are for its callers alone: those are refused, and the release is not held for it. */
export const tlsOfOthersThatIsRefused: FindProblem = o => {
  const all = refusedRequests(o).filter(({ client }) => isOfOthers(o, client))
  const [refused] = all
  if (refused === undefined) return null
  const others = all.some(one => one.client.rule !== refused.client.rule)
    ? '. Other namespaces have such rules, too'
    : ''
  return problem('MutualTlsConflict', `${described(o, refused)}${others}`)
}

/** Without a rule callers send mutual TLS to pods with a label that injection sets; a template or a webhook may have taken it away. */
export const mutualTlsNotOffered: FindProblem = o => {
  const sides: readonly Side[] = ['canary', 'primary']
  for (const side of sides) {
    const sample = o.samples[side]
    const server = serverOf(o, side === 'primary' ? o.primary : o.target, sample)
    if (sample === null || server === null || !server.hasProxy || offersMutualTls(sample)) continue
    const [port] = portsOf(o, server)
    const own = clientPolicies(o, side).find(({ callers }) => callers === o.names.namespace)
    if (port === undefined || settingsOf(own?.trafficPolicy, port.service).tls !== 'automatic') continue
    const mode = server.modes.ports.get(port.container) ?? server.modes.mode
    if (mode !== 'STRICT') continue
    return problem(
      'MutualTlsConflict',
      `Pod ${o.names.namespace}/${sample.name} has a proxy without the label security.istio.io/tlsMode: istio, so callers send it plaintext, and port ${port.container} of ${called(server.workload)} is in mode STRICT: their requests would fail. Let injection set the label again, or write tls: {mode: ISTIO_MUTUAL} in ${placeOfPolicy(o)}.`,
    )
  }
  return null
}

function isOfOthers({ names, settings }: Observation, { rule }: ClientPolicy): boolean {
  return rule !== null && ![names.namespace, settings.rootNamespace].includes(namespaceOf(rule))
}

/** The candidate first: the primary serves already, as it did before. */
function refusedRequests(o: Observation): readonly Refused[] {
  const sides: readonly Side[] = ['canary', 'primary']
  return sides.flatMap(side => {
    // Between runs the target has no pods, and before the first there is no primary: what the others have they will have, too.
    const sample = o.samples[side] ?? o.samples.primary ?? o.samples.canary
    const server = serverOf(o, side === 'primary' ? (o.primary ?? o.target) : o.target, sample)
    if (server === null) return []
    const ports = portsOf(o, server)
    return clientPolicies(o, side).flatMap(client => ports.flatMap(port => refusedOn(client, server, port) ?? []))
  })
}

/**
 * null: there is none, or the node's proxy answers for it, which takes what every caller of the mesh sends; of the modes of rules
 * waypoints pass over those of the mesh.
 */
function serverOf(o: Observation, workload: Workload | null, sample: PodSample | null): Server | null {
  if (workload === null || dataPlaneOf({ target: o.target, samples: { ...o.samples, canary: sample } }) === 'ambient')
    return null
  const { names, settings, surroundings } = o
  const { object } = workload
  const { namespace } = names
  const of = { rootNamespace: settings.rootNamespace, namespace, labels: templateLabels(object) }
  return {
    workload: object,
    modes: effectiveModes(surroundings.policies, of),
    hasProxy: sample === null ? !refusesProxy(at(object.spec, 'template')) : hasProxy(sample),
  }
}

interface Port {
  readonly service: unknown
  readonly container: number
}

/** The ports of the Services and where they lead, the one that is split first. */
function portsOf(o: Observation, { workload }: Server): readonly Port[] {
  const declared = containerPorts(at(workload.spec, 'template'))
  const main = (port: Json): number => (isMain(o, port) ? 0 : 1)
  return apexPorts(o)
    .filter(port => (port['protocol'] ?? 'TCP') === 'TCP')
    .toSorted((one, other) => main(one) - main(other))
    .flatMap(port => {
      const target = targetOf(port)
      const container = typeof target === 'string' ? declared.find(({ name }) => name === target)?.port : target
      return typeof container === 'number' ? [{ service: port['port'], container }] : []
    })
}

function refusedOn(client: ClientPolicy, server: Server, port: Port): Refused | null {
  const { tls, subjectAltNames: accepted } = settingsOf(client.trafficPolicy, port.service)
  const mode = server.modes.ports.get(port.container) ?? server.modes.mode
  const because = refusal(tls, accepted, server, mode)
  return because === null ? null : { client, tls, server, port: port.container, mode, because, accepted }
}

function refusal(
  tls: ClientTls,
  accepted: readonly string[],
  server: Server,
  mode: TlsMode,
): Refused['because'] | null {
  // Without a proxy the program answers itself: it knows no certificates of the mesh, but may well have its own.
  if (!server.hasProxy) return tls === 'ISTIO_MUTUAL' ? 'mutual TLS' : null
  const refused = refusalOf(mode, tls)
  if (refused !== null || tls !== 'ISTIO_MUTUAL' || accepted.length === 0) return refused
  const own = identityOf(server.workload)
  return accepted.some(one => one.startsWith('spiffe://') && one.endsWith(own)) ? null : 'identity'
}

/** Identity of the pods, without the trust domain, which only the mesh config knows. */
function identityOf({ metadata, spec }: KubeObject): string {
  const account = textOf(at(spec, 'template', 'spec', 'serviceAccountName')) || 'default'
  return `/ns/${metadata.namespace ?? ''}/sa/${account}`
}

const sent: Readonly<Record<Exclude<ClientTls, 'automatic'>, string>> = {
  DISABLE: 'makes callers send plaintext (tls.mode DISABLE)',
  ISTIO_MUTUAL: 'makes callers send mutual TLS (tls.mode ISTIO_MUTUAL)',
  SIMPLE: "makes callers send TLS without the mesh's certificates (tls.mode SIMPLE)",
  MUTUAL: "makes callers send TLS with certificates of their own (tls.mode MUTUAL), not the mesh's",
}

/** `DestinationRule shop/web makes callers send plaintext (…) to Service web-canary, and port 8080 of … lets in …, by …: …`. */
function described(o: Observation, refused: Refused): string {
  const { client, tls, server, port, because } = refused
  const who = client.rule === null ? 'service.trafficPolicy of the Canary' : called(client.rule)
  const from =
    client.callers === o.names.namespace || client.callers === ELSEWHERE ? '' : ` in namespace ${client.callers}`
  const workload = called(server.workload)
  if (because === 'identity') {
    const accepted = listedInWords(refused.accepted)
    return `${who} makes callers${from} accept no server of Service ${client.service.name} but ${accepted} (tls.subjectAltNames), and the pods of ${workload} are ${identityOf(server.workload)}: their requests would fail`
  }
  const does = tls === 'automatic' ? '' : sent[tls].replace('callers', `callers${from}`)
  const letsIn = server.hasProxy
    ? `port ${port} of ${workload} is in mode ${refused.mode}${decidedBy(refused)}`
    : `the pods of ${workload} have no proxy`
  return `${who} ${does} to Service ${client.service.name}, and ${letsIn}: their requests would fail`
}

function decidedBy({ server: { modes }, port }: Refused): string {
  const isOfPort = modes.ports.has(port) && modes.ports.get(port) !== modes.mode
  const policy = isOfPort ? modes.workload : modes.decidedBy
  return policy === null ? ', the default of the mesh' : `, by ${called(policy)}`
}

function advice({ names }: Observation, { client, because, server, port }: Refused): string {
  const field = client.rule === null ? 'service.trafficPolicy.tls' : 'tls of the DestinationRule'
  switch (because) {
    case 'plaintext':
      return `Write mode: ISTIO_MUTUAL in ${field}, or remove it.`
    case 'mutual TLS':
      return server.hasProxy
        ? `Remove ${field}, or write mode: PERMISSIVE for port ${port} in the PeerAuthentication.`
        : `Remove ${field}, or have a proxy injected into the pods.`
    case 'foreign TLS':
      return `Write mode: ISTIO_MUTUAL in ${field}, or remove it.`
    case 'identity':
      return `Add spiffe://cluster.local${identityOf(server.workload)}, with the trust domain of your mesh, to subjectAltNames, or set serviceAccountName of ${names.target.kind.kind} ${names.target.name}.`
  }
}
