/**
 * The pods on the other side of connections, as a NetworkPolicy of any pods names them. What one policy lets through none takes away:
 * all that select a pod add up (https://kubernetes.io/docs/concepts/services-networking/network-policies/#the-two-sorts-of-pod-isolation).
 */
import type { KubeObject } from '../../api/object.ts'
import { at, isRecord, type Json, listOf, recordsOf, sameJson } from '../json.ts'
import {
  isEmpty,
  NO_SELECTOR,
  type PodSelector,
  readSelector,
  selectorKeys,
  selectsAllOf,
  selectsPods,
} from './pod-selector.ts'
import type { Pair } from './sides.ts'

/** Pods of some namespaces. */
export interface Peer {
  readonly pods: PodSelector
  /** null: the namespace of the policy. */
  readonly namespaces: PodSelector | null
}

/** Connections that a policy lets through. */
export interface PeerRule {
  readonly direction: 'ingress' | 'egress'
  /** None: all. */
  readonly ports: readonly unknown[]
  /** Addresses are left out: nothing tells whose they are. */
  readonly peers: readonly Peer[]
}

/** What a kind of policy says of connections. */
export interface Connections {
  /** The pods whose connections it is about. */
  podsOf(policy: KubeObject): PodSelector
  rulesOf(policy: KubeObject): readonly PeerRule[]
}

const EVERYTHING: Peer = { pods: NO_SELECTOR, namespaces: NO_SELECTOR }

/** https://kubernetes.io/docs/reference/kubernetes-api/policy-resources/network-policy-v1/#NetworkPolicySpec */
export const networkPolicyConnections: Connections = {
  podsOf: ({ spec }) => readSelector(at(spec, 'podSelector')),
  rulesOf: ({ spec }) => [...rulesIn(spec, 'ingress', 'Ingress', 'from'), ...rulesIn(spec, 'egress', 'Egress', 'to')],
}

function rulesIn(spec: unknown, direction: PeerRule['direction'], type: string, field: string): readonly PeerRule[] {
  const types = listOf(at(spec, 'policyTypes'))
  // Where the types are left out the rules that are there count.
  if (types.length > 0 && !types.includes(type)) return []
  return recordsOf(at(spec, direction)).map(rule => {
    const named = recordsOf(rule[field])
    return { direction, ports: listOf(rule['ports']), peers: named.length === 0 ? [EVERYTHING] : named.flatMap(peerOf) }
  })
}

function peerOf({ podSelector, namespaceSelector }: Json): readonly Peer[] {
  if (!isRecord(podSelector) && !isRecord(namespaceSelector)) return []
  return [
    {
      pods: readSelector(podSelector),
      namespaces: isRecord(namespaceSelector) ? readSelector(namespaceSelector) : null,
    },
  ]
}

/** The one label of a namespace that its name tells (https://kubernetes.io/docs/reference/labels-annotations-taints/#kubernetes-io-metadata-name). */
const NAME_LABEL = 'kubernetes.io/metadata.name'

const isOfNames = ({ matchLabels, matchExpressions }: PodSelector): boolean =>
  Object.keys(matchLabels).every(key => key === NAME_LABEL) && matchExpressions.every(({ key }) => key === NAME_LABEL)

/** Whether a peer is of the namespace; `otherwise` where labels of namespaces decide that are not known here. */
function isIn(policy: KubeObject, { namespaces }: Peer, namespace: string, otherwise: boolean): boolean {
  if (namespaces === null) return policy.metadata.namespace === namespace
  return isOfNames(namespaces) ? selectsPods(namespaces, { [NAME_LABEL]: namespace }) : otherwise
}

/**
 * The first policy that lets pods of the target through by a rule while neither it nor another one lets those of the primary through,
 * to the same pods, by the same ports.
 *
 * @param policies all that may be about the same pods as one that names the target's.
 * @param namespace of the pods of both sides.
 */
export function policyWithoutPrimary(
  connections: Connections,
  policies: readonly KubeObject[],
  namespace: string,
  pairs: readonly Pair[],
): KubeObject | null {
  const read = policies.map(policy => ({
    policy,
    pods: connections.podsOf(policy),
    rules: connections.rulesOf(policy),
  }))
  for (const { target, primary } of pairs) {
    const letting = read.flatMap(one =>
      one.rules.filter(rule => lets(one.policy, rule, namespace, primary, true)).map(rule => ({ ...one, rule })),
    )
    const found = read.find(({ policy, pods, rules }) =>
      rules.some(
        rule =>
          lets(policy, rule, namespace, target, false) &&
          !letting.some(
            other =>
              other.policy.metadata.namespace === policy.metadata.namespace &&
              other.rule.direction === rule.direction &&
              hasPortsOf(other.rule, rule) &&
              selectsAllOf(other.pods, pods),
          ),
      ),
    )
    if (found !== undefined) return found.policy
  }
  return null
}

const lets = (
  policy: KubeObject,
  { peers }: PeerRule,
  namespace: string,
  labels: Readonly<Record<string, string>>,
  otherwise: boolean,
): boolean => peers.some(peer => isIn(policy, peer, namespace, otherwise) && selectsPods(peer.pods, labels))

const hasPortsOf = ({ ports }: PeerRule, other: PeerRule): boolean =>
  ports.length === 0 || (other.ports.length > 0 && other.ports.every(port => ports.some(one => sameJson(one, port))))

/** Of every namespace. */
export const ANYWHERE = '*'

/**
 * Keys of an index by which a policy is found by the labels of pods that it lets through and of their namespace, as `keysOfLabels` has
 * them. Peers that are all pods of their namespaces are left out: they tell no side from the other.
 */
export function peerKeys(connections: Connections, policy: KubeObject): readonly string[] {
  const peers = connections.rulesOf(policy).flatMap(rule => rule.peers)
  return peers
    .filter(({ pods }) => !isEmpty(pods))
    .flatMap(peer => namesOf(policy, peer).flatMap(one => selectorKeys(one, peer.pods)))
}

/** The namespaces of a peer; none where they are not known by name. */
function namesOf({ metadata }: KubeObject, { namespaces }: Peer): readonly string[] {
  if (namespaces === null) return [metadata.namespace ?? '']
  if (!isOfNames(namespaces)) return []
  const { matchLabels, matchExpressions } = namespaces
  const listed = matchExpressions.find(({ operator }) => operator === 'In')
  return matchLabels[NAME_LABEL] === undefined ? (listed?.values ?? [ANYWHERE]) : [matchLabels[NAME_LABEL]]
}
