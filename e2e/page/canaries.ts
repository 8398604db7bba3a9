/** Canaries for the pictures: real statuses, as the controller writes them, told by the real `describe`. */
import type { KubeObject } from '../../src/api/object.ts'
import type { CheckRecord, Memory, RunRecord } from '../../src/core/model/memory.ts'
import { describe } from '../../src/core/view/describe.ts'
import { type Observed, observedOf } from '../../src/core/view/observed.ts'
import type { View } from '../../src/core/view/view.ts'
import { rowOf } from '../../src/server/dashboard/rows.ts'
import type { CanaryDetail, CanaryRow } from '../../src/server/dashboard/protocol.ts'
import { sha256 } from '../../test/core/given-objects.ts'
import {
  advancing,
  candidate,
  failed,
  finalising,
  initializing,
  minute,
  now,
  primary,
  promoted,
  promoting,
  resting,
  run,
  second,
  target,
  terminating,
} from '../../test/core/machine/given.ts'
import { everything, inState, written } from '../../test/core/view/given.ts'

export { now } from '../../test/core/machine/given.ts'

const check = (name: string, more: Partial<CheckRecord> = {}): CheckRecord => ({
  name,
  verdict: 'pass',
  value: 99.7,
  min: 99,
  max: null,
  requests: 1204,
  message: `${name} 99.7 % is at least 99 % (1204 requests)`,
  at: now - second,
  ...more,
})

const passing = [
  check('request-success-rate'),
  check('request-duration', {
    value: 212,
    min: null,
    max: 500,
    message: 'request-duration 212 ms is at most 500 ms (1204 requests)',
  }),
]

const failing = [
  check('request-success-rate', {
    verdict: 'fail',
    value: 87.7,
    message: 'request-success-rate 87.7 % is below 99 % (1204 requests)',
  }),
  check('request-duration', {
    value: 471,
    min: null,
    max: 500,
    message: 'request-duration 471 ms is at most 500 ms (1204 requests)',
  }),
]

const past = (id: string, more: Partial<RunRecord>): RunRecord => ({
  id,
  revision: promoted.revision,
  startedAt: now - 90 * minute,
  endedAt: now - 86 * minute,
  outcome: 'Succeeded',
  highest: 100,
  reason: 'Succeeded',
  message: 'Promoted 790dc1af77 (web:1)',
  ...more,
})

const rolledBack = past('run-2', {
  revision: candidate.revision,
  startedAt: now - 8 * minute,
  endedAt: now - 5 * minute,
  outcome: 'Failed',
  highest: 10,
  reason: 'ThresholdReached',
  message:
    'Rolled back 8b21a3ccf0 (web:2) at weight 10: request-success-rate 87.7 % is below 99 % (5 of 5 failed checks)',
})

const history = [rolledBack, past('run-1', {})]

/** A pod of the target that Kubernetes cannot start. */
const troubled = (name: string, reason: string, message: string): KubeObject => {
  const set = target('web:2').object.metadata.name
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name: `${set}-8b21-${name}`,
      namespace: 'shop',
      labels: { app: 'web', 'pod-template-hash': '8b21' },
      ownerReferences: [
        { apiVersion: 'apps/v1', kind: 'ReplicaSet', name: `${set}-8b21`, uid: 'rs', controller: true },
      ],
    },
    spec: { containers: [{ name: 'web', image: 'registry.example.com/shop/web:2' }] },
    status: {
      phase: 'Pending',
      containerStatuses: [
        {
          name: 'web',
          image: 'registry.example.com/shop/web:2',
          ready: false,
          restartCount: reason === 'CrashLoopBackOff' ? 4 : 0,
          state: { waiting: { reason, message } },
        },
      ],
    },
  }
}

const lacking: Observed = observedOf(
  {
    target: target('web:2', 0).object,
    primary: primary().object,
    pods: [
      troubled('aaaaa', 'ImagePullBackOff', 'Back-off pulling image "registry.example.com/shop/web:2"'),
      troubled('bbbbb', 'ImagePullBackOff', 'Back-off pulling image "registry.example.com/shop/web:2"'),
      troubled('ccccc', 'CrashLoopBackOff', 'back-off 40s restarting failed container'),
    ],
    records: [promoted.object, candidate.object],
  },
  sha256,
)

const withMemory = (memory: Partial<Memory>) => ({ memory: { history, ...memory } })
const approving = {
  analysis: { interval: '10s', steps: [{ weight: 10, approve: true }, { weight: 50 }, { weight: 100 }] },
}
const hooked = {
  analysis: {
    interval: '10s',
    webhooks: [{ name: 'release-gate', type: 'confirm-promotion', url: 'http://gate.shop/ok' }],
  },
}

/** What the viewer knows of the Canary `web` in each state. */
export const objects = {
  new: written(),
  initializing: inState(initializing(), 'Initializing', 'Waiting for Deployment web-primary: 0 of 2 pods available'),
  initialized: inState(
    resting('Initialized'),
    'Initialized',
    'Ready: web-primary serves 790dc1af77 (web:1); web is scaled to 0',
  ),
  waiting: inState(
    {
      phase: 'Waiting',
      candidate: candidate.revision,
      promoted: promoted.revision,
      rejected: null,
      waiting: { for: 'resume', since: now - 3 * minute },
    },
    'WaitingToStart',
    'Revision 8b21a3ccf0 (web:2) waits: paused by kim: no releases before the sale',
    withMemory({ paused: 'paused by kim: no releases before the sale' }),
  ),
  pods: inState(
    run('startingPods', { waiting: { for: 'pods', since: now - 48 * second } }),
    'WaitingForPods',
    'Waiting for Deployment web: 0 of 2 pods available (ImagePullBackOff, 48s of 2m)',
    withMemory({}),
  ),
  progressing: inState(
    advancing(10, { carriedAt: now - 4 * second }),
    'Analysing',
    'Weight 10: all checks passed; weight 25 follows',
    withMemory({ checks: passing }),
  ),
  failing: inState(
    advancing(25, { carriedAt: now - 4 * second, failedChecks: 4, lastCheckPassed: false }),
    'CheckFailed',
    'request-success-rate 87.7 % is below 99 % (4 of 5 failed checks)',
    withMemory({ checks: failing }),
  ),
  approval: inState(
    advancing(10, { pausedSince: now - 4 * minute }),
    'WaitingForApproval',
    'Weight 10 passed; waiting for approval: kubectl annotate canaries.sluice.dev/web sluice.dev/approve="$(date +%s)" --overwrite',
    { spec: approving, ...withMemory({ checks: passing }) },
  ),
  paused: inState(
    advancing(25, { pausedSince: now - 2 * minute }),
    'Paused',
    'paused by kim: error budget of checkout is spent',
    withMemory({ checks: passing, paused: 'paused by kim: error budget of checkout is spent' }),
  ),
  waitingPromotion: inState(
    { ...advancing(100, { pausedSince: now - minute }), phase: 'WaitingPromotion' },
    'WaitingForWebhook',
    'Weight 100 passed; webhook release-gate (confirm-promotion) answered 403: change freeze',
    { spec: hooked, ...withMemory({ checks: passing }) },
  ),
  promoting: inState(
    promoting('copying', { waiting: { for: 'primary', since: now - 9 * second } }),
    'Promoting',
    'Waiting for Deployment web-primary: 1 of 2 pods available',
    withMemory({ checks: passing }),
  ),
  finalising: inState(
    finalising(),
    'Finalising',
    'Waiting for in-flight requests of web',
    withMemory({ checks: passing }),
  ),
  succeeded: inState(
    resting('Succeeded'),
    'Succeeded',
    'Promoted 790dc1af77 (web:1)',
    withMemory({
      checks: passing,
      history: [past('run-3', { endedAt: now - minute, startedAt: now - 4 * minute }), ...history],
    }),
  ),
  failed: inState(
    failed(),
    'ThresholdReached',
    'Rolled back 8b21a3ccf0 (web:2) at weight 10: request-success-rate 87.7 % is below 99 % (5 of 5 failed checks)',
    withMemory({ checks: failing }),
  ),
  terminating: inState(
    terminating('restoring', { waiting: { for: 'target', since: now - 5 * second } }),
    'WaitingForPods',
    'Waiting for Deployment web: 1 of 2 pods available before callers return to it',
  ),
  stalled: inState(
    resting('Initialized'),
    'RouteNotAccepted',
    'Another VirtualService, web-old, is for the same mesh host web: list it under service.virtualServices',
    withMemory({
      warnings: [
        { reason: 'RouteNotAccepted', message: 'Service web-nodeport selects the pods of the target past the split' },
      ],
    }),
  ),
  blind: inState(
    advancing(25, { carriedAt: now - 4 * minute, blindSince: now - 3 * minute }),
    'MetricsUnavailable',
    'Prometheus cannot be reached: http://prometheus.istio-system:9090 refused the connection; the weight stays at 25',
    withMemory({
      checks: passing.map(one => ({
        ...one,
        verdict: 'hold' as const,
        value: null,
        requests: null,
        message: 'Prometheus cannot be reached: connect ECONNREFUSED',
      })),
    }),
  ),
  refused: {
    ...inState(resting(), 'Succeeded', 'Promoted 790dc1af77 (web:1)'),
    spec: { targetRef: { kind: 'Deployment', name: 'web' }, analysis: { interval: '10 seconds' } },
  } as KubeObject,
} satisfies Readonly<Record<string, KubeObject>>

export type CanaryState = keyof typeof objects

/** The view in a state. @param observed what may be read beside the Canary. */
export function viewIn(state: CanaryState, observed: Observed = state === 'pods' ? lacking : everything): View {
  return { ...describe(objects[state], observed, now), namespace: 'shop' }
}

export function detailOf(view: View): CanaryDetail {
  const { namespace, name, uid } = view
  return { namespace, name, uid, resourceVersion: '1', view, commands: [] }
}

/** Rows of many canaries, of all states in turn. */
export function manyRows(count: number): CanaryRow[] {
  const states = Object.keys(objects) as CanaryState[]
  const atRest = ['succeeded', 'initialized'] as const
  return Array.from({ length: count }, (_, index) => {
    // Most canaries are at rest.
    const state = index % 4 === 0 ? (states[(index / 4) % states.length] ?? 'new') : (atRest[index % 2] ?? 'succeeded')
    const view = viewIn(state)
    return rowOf({
      ...view,
      namespace: `team-${index % 12}`,
      name: `service-${String(index).padStart(3, '0')}`,
      uid: `uid-${index}`,
    })
  })
}

const HOSTILE = `<script>alert(1)</script><img src=x onerror=alert(2)> javascript:alert(3) \u202egnitrevid\u202c ${'W'.repeat(300)}`

/** A canary whose every free text tries to be markup, and to break the layout. */
export function hostileView(): View {
  const view = viewIn('failing')
  const side = { ...view.sides.canary, images: [`evil.example.com/${HOSTILE}`] }
  return {
    ...view,
    message: HOSTILE,
    gates: view.gates.map((gate, index) => ({ ...gate, name: `${HOSTILE} ${index}`, message: HOSTILE })),
    sides: { ...view.sides, canary: side },
    warnings: [HOSTILE],
    problems: [HOSTILE],
    history: view.history.map(one => ({ ...one, message: HOSTILE })),
    actions: view.actions.map(action => ({ ...action, effect: HOSTILE, unless: HOSTILE })),
    refusals: view.refusals.map(refusal => ({ ...refusal, because: HOSTILE })),
    waiting: { for: HOSTILE, since: null, until: null },
    conditions: view.conditions.map(one => ({ ...one, message: HOSTILE })),
  }
}
