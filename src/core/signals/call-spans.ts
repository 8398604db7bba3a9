/** Spans of what a run asks and writes. They are leaves: one that is lost leaves the tree whole. */
import type { Check, Finding } from '../model/check.ts'
import type { HookCall } from '../model/hook.ts'
import type { Span, TraceContext } from '../model/trace.ts'
import type { Write } from '../model/write.ts'
import type { Sha256 } from '../ports.ts'
import { clipped } from '../text.ts'
import type { Instant } from '../time.ts'

/** Bytes of a query in an attribute. */
const LONGEST_QUERY = 2048

/** From when until when something took place. */
export interface During {
  readonly from: Instant
  readonly to: Instant
}

type Said = Pick<Span, 'name' | 'attributes' | 'error'>

/** Makes a span; `what` tells it from the others that began with it. */
export type Leaf = (what: string, said: Said) => Span

export const leafOf =
  ({ traceId, parentId }: TraceContext, { from, to }: During, sha256: Sha256): Leaf =>
  (what, said) => ({
    traceId,
    spanId: sha256(`${traceId}/${what}/${from}`).slice(0, 16),
    parentId,
    kind: 'client',
    startedAt: from,
    endedAt: Math.max(from, to),
    links: [],
    ...said,
  })

/** One question, and its answer. */
export function querySpan(leaf: Leaf, { id, query, subject }: Check, finding: Finding): Span {
  return leaf(`query/${id}`, {
    name: `query ${subject.measure} ${subject.side}`,
    attributes: {
      'db.system.name': 'prometheus',
      'db.query.text': clipped(query, LONGEST_QUERY),
      'sluice.query.measure': subject.measure,
      'sluice.query.side': subject.side,
      'sluice.query.outcome': finding.kind,
      ...(finding.kind === 'value' && Number.isFinite(finding.value) ? { 'sluice.query.value': finding.value } : {}),
    },
    error: 'error' in finding ? finding.error : null,
  })
}

/** One call of a webhook, with its attempts. */
export function hookSpan(leaf: Leaf, { id, hook, payload }: HookCall, finding: Finding): Span {
  const status = finding.kind === 'answer' ? finding.status : null
  return leaf(`webhook/${id}`, {
    name: `webhook ${hook.name}`,
    attributes: {
      'sluice.webhook.name': hook.name,
      'sluice.webhook.type': hook.type,
      'sluice.webhook.call': id,
      'sluice.weight': payload.weight,
      ...(status === null ? {} : { 'http.response.status_code': status }),
      ...(finding.kind === 'answer' ? { 'sluice.message': finding.said } : {}),
    },
    error: errorOfHook(finding),
  })
}

function errorOfHook(finding: Finding): string | null {
  if ('error' in finding) return finding.error
  if (finding.kind !== 'answer') return null
  return finding.status !== null && finding.status < 300 ? null : finding.said
}

/** One write to the API server. @param error what was refused, as a sentence; null: it was made. */
export function writeSpan(leaf: Leaf, { verb, ref }: Write, error: string | null): Span {
  const object = `${ref.kind.kind} ${ref.name}`
  return leaf(`write/${verb}/${object}`, {
    name: `${verb} ${ref.kind.kind}`,
    attributes: {
      'sluice.write.verb': verb,
      'sluice.write.object': object,
      'k8s.namespace.name': ref.namespace,
    },
    error,
  })
}
