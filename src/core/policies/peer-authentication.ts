/**
 * Which mutual TLS mode the servers of a workload have, by the rules of istiod (`pilot/pkg/security/authn/policy_applier.go`,
 * `ComposePeerAuthentication`; https://istio.io/latest/docs/reference/config/security/peer_authentication/): PERMISSIVE, over that
 * the policy of the mesh, of the namespace, of the workload, and of the port. Each says nothing where its mode is UNSET or absent.
 * Of several policies of one level the oldest decides alone; nothing of the others is merged.
 */
import type { KubeObject } from '../../api/object.ts'
import { at, entryOf, recordOf, textOf, textsOf } from '../json.ts'
import { byAge } from './order.ts'

export type TlsMode = 'DISABLE' | 'PERMISSIVE' | 'STRICT'

/** The workload whose servers are asked about. */
export interface Server {
  /** Namespace of the mesh's own configuration. */
  readonly rootNamespace: string
  readonly namespace: string
  /** Labels of its pods. */
  readonly labels: Readonly<Record<string, string>>
}

export interface EffectiveModes {
  /** Of every port that is not in `ports`. */
  readonly mode: TlsMode
  /** By container port; ports of a Service mean nothing to a PeerAuthentication. */
  readonly ports: ReadonlyMap<number, TlsMode>
  /** The policy that `mode` is from; null: the default of the mesh. That of `ports` is `workload`. */
  readonly decidedBy: KubeObject | null
  /** The one policy that counts of those that select the workload, whatever it says; null where none does. */
  readonly workload: KubeObject | null
}

const MODES: readonly TlsMode[] = ['DISABLE', 'PERMISSIVE', 'STRICT']

/** @param policies PeerAuthentications, of any namespace and in any order. */
export function effectiveModes(policies: readonly KubeObject[], server: Server): EffectiveModes {
  const { rootNamespace, namespace } = server
  const inRoot = policies.filter(policy => policy.metadata.namespace === rootNamespace)
  const here = namespace === rootNamespace ? [] : policies.filter(policy => policy.metadata.namespace === namespace)
  const workload = oldest(here.filter(policy => isWorkloadPolicy(policy) && selects(policy, server.labels)))
  const levels = [
    oldest(inRoot.filter(policy => !isWorkloadPolicy(policy))),
    oldest(here.filter(policy => !isWorkloadPolicy(policy))),
    workload,
  ]
  const decidedBy = levels.findLast(policy => modeIn(policy?.spec) !== null) ?? null
  const mode = modeIn(decidedBy?.spec) ?? 'PERMISSIVE'
  const ofPorts = Object.entries(recordOf(at(workload?.spec, 'portLevelMtls')))
  const ports = new Map(ofPorts.map(([port, mtls]) => [Number(port), knownMode(mtls) ?? mode]))
  return { mode, ports, decidedBy, workload }
}

/** Whether it is for some workloads of its namespace; an empty selector is as none. */
export const isWorkloadPolicy = (policy: KubeObject): boolean => Object.keys(selectorOf(policy)).length > 0

const selectorOf = ({ spec }: KubeObject): Readonly<Record<string, string>> =>
  textsOf(at(spec, 'selector', 'matchLabels'))

const selects = (policy: KubeObject, labels: Server['labels']): boolean =>
  Object.entries(selectorOf(policy)).every(([key, value]) => entryOf(labels, key) === value)

const modeIn = (spec: unknown): TlsMode | null => knownMode(at(spec, 'mtls'))

function knownMode(mtls: unknown): TlsMode | null {
  const said = textOf(at(mtls, 'mode'))
  return MODES.find(mode => mode === said) ?? null
}

const oldest = (policies: readonly KubeObject[]): KubeObject | null => policies.toSorted(byAge)[0] ?? null
