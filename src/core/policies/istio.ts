/**
 * Policies of Istio. Which of several counts, and where, is in istiod's source: `pilot/pkg/model/policyattachment.go`
 * (`ShouldAttachPolicy`), `sidecar.go`, `telemetry.go`, `proxy_config.go`.
 */
import { kinds } from '../../api/object.ts'
import { at, type Json, textsOf } from '../json.ts'
import type { PodSelector } from './pod-selector.ts'
import type { PolicyKind } from './policy-kind.ts'

/** Where a kind has its labels: equalities alone. */
const SELECTOR = ['selector', 'matchLabels'] as const
const WORKLOAD_LABELS = ['workloadSelector', 'labels'] as const
const WORKLOAD_MATCH_LABELS = ['workloadSelector', 'matchLabels'] as const

function labelled(path: readonly [string, string]): Pick<PolicyKind, 'labelsAt' | 'selectorOf' | 'withSelector'> {
  const [field, labels] = path
  return {
    labelsAt: `spec.${field}.${labels}`,
    // Empty, it is for the whole namespace, as without one.
    selectorOf({ spec }) {
      const matchLabels = textsOf(at(spec, field, labels))
      return Object.keys(matchLabels).length === 0 ? null : { matchLabels, matchExpressions: [] }
    },
    withSelector: (spec: Json, { matchLabels }: PodSelector) => ({ ...spec, [field]: { [labels]: matchLabels } }),
  }
}

const common = { role: 'sluice-istio-policies', since: 'Istio 1.22 or newer' } as const
/** Of these every one counts, those of the root namespace too, and `targetRefs` may take the place of the selector. */
const attached = { ...common, ...labelled(SELECTOR), counts: 'every', rootSelectsAll: true, attachable: true } as const
/** Of these the oldest in the namespace of the pods decides. */
const single = { ...common, counts: 'oldest', rootSelectsAll: false, attachable: false } as const

export const istioPolicies: readonly PolicyKind[] = [
  { ...attached, kind: kinds.AuthorizationPolicy, decides: 'who may call the pods, and how' },
  { ...attached, kind: kinds.RequestAuthentication, decides: 'whose tokens the pods accept' },
  { ...single, ...labelled(SELECTOR), kind: kinds.PeerAuthentication, decides: 'whether callers must use mutual TLS' },
  {
    ...single,
    ...labelled(WORKLOAD_LABELS),
    kind: kinds.Sidecar,
    decides: 'what the proxies of the pods listen to and reach',
  },
  // Those of the root namespace that have a selector are for no pod of another.
  {
    ...single,
    ...labelled(SELECTOR),
    attachable: true,
    kind: kinds.Telemetry,
    decides: 'what the proxies of the pods report',
  },
  {
    ...attached,
    ...labelled(WORKLOAD_LABELS),
    kind: kinds.EnvoyFilter,
    decides: 'what is changed in the proxies’ configuration',
  },
  { ...attached, kind: kinds.WasmPlugin, decides: 'which extensions the proxies run' },
  { ...single, ...labelled(SELECTOR), kind: kinds.ProxyConfig, decides: 'how the proxies of the pods are started' },
  {
    ...common,
    ...labelled(WORKLOAD_LABELS),
    counts: 'every',
    rootSelectsAll: false,
    attachable: false,
    kind: kinds.ServiceEntry,
    decides: 'which host the pods answer for',
  },
  {
    ...common,
    ...labelled(WORKLOAD_MATCH_LABELS),
    counts: 'every',
    rootSelectsAll: false,
    attachable: false,
    kind: kinds.DestinationRule,
    decides: 'how the pods call others',
  },
]
