/** Policies of Kubernetes itself, whose selectors may have expressions. */
import { kinds } from '../../api/object.ts'
import { at, isRecord } from '../json.ts'
import { networkPolicyConnections } from './peers.ts'
import { isEmpty, readSelector, writeSelector } from './pod-selector.ts'
import type { PolicyKind } from './policy-kind.ts'

const common = { role: 'sluice-policies', rootSelectsAll: false, attachable: false } as const

export const kubernetesPolicies: readonly PolicyKind[] = [
  {
    ...common,
    kind: kinds.NetworkPolicy,
    since: 'Kubernetes 1.7 or newer',
    decides: 'which connections reach the pods, and leave them',
    counts: 'every',
    labelsAt: 'spec.podSelector.matchLabels',
    selectorOf({ spec }) {
      const selector = readSelector(at(spec, 'podSelector'))
      return isEmpty(selector) ? null : selector
    },
    withSelector: (spec, selector) => ({ ...spec, podSelector: writeSelector(selector) }),
    connections: networkPolicyConnections,
  },
  {
    ...common,
    kind: kinds.PodDisruptionBudget,
    since: 'Kubernetes 1.21 or newer',
    decides: 'how many of the pods may be evicted at a time',
    // A pod with two budgets is not evicted at all (https://kubernetes.io/docs/tasks/run-application/configure-pdb/).
    counts: 'one',
    labelsAt: 'spec.selector.matchLabels',
    // Absent it selects none, empty all.
    selectorOf({ spec }) {
      const selector = at(spec, 'selector')
      return isRecord(selector) && !isEmpty(readSelector(selector)) ? readSelector(selector) : null
    },
    withSelector: (spec, selector) => ({ ...spec, selector: writeSelector(selector) }),
  },
]
