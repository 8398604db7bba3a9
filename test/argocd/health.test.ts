/** What Argo CD says of a Canary in each state, as a table. */
import { expect } from 'chai'
import type { KubeObject } from '../../src/api/object.ts'
import { unreadable } from '../../src/core/machine/invalid-canary.ts'
import {
  advancing,
  failed,
  finalising,
  initializing,
  now,
  promoted,
  promoting,
  resting,
  run,
  terminating,
} from '../core/machine/given.ts'
import { inState, written } from '../core/view/given.ts'
import { healthOf } from './scripts.ts'

const approving = { spec: { analysis: { interval: '10s', steps: [{ weight: 10, approve: true }, { weight: 100 }] } } }
const waiting = (what: 'resume' | 'owner' | 'webhook' | 'pods') =>
  ({
    phase: 'Waiting',
    promoted: promoted.revision,
    rejected: null,
    candidate: 'h1:c',
    waiting: { for: what, since: now },
  }) as const

const withStatus = (given: KubeObject, more: Readonly<Record<string, unknown>>): KubeObject => ({
  ...given,
  status: { ...(given['status'] as object), ...more },
})
const withMetadata = (given: KubeObject, more: Readonly<Record<string, unknown>>): KubeObject => ({
  ...given,
  metadata: { ...given.metadata, ...more },
})
const atCommit = (given: KubeObject, commit: string, seen?: string): KubeObject =>
  withStatus(
    withMetadata(given, { annotations: { 'sluice.dev/commit': commit } }),
    seen === undefined ? {} : { commit: seen },
  )
const atRest = inState(resting(), 'Succeeded', 'Promoted')
const rolledBack = inState(failed(), 'ThresholdReached', 'Rolled back 790dc1af77 (web:2)')
const invalid = (given: KubeObject): KubeObject => ({ ...given, status: unreadable(given, ['spec.x: no'], now).status })

const NOT_SEEN = 'The controller has not seen the latest change of this Canary'
const production = 'production serves web:1'

const rows: Readonly<Record<string, readonly [given: KubeObject, status: string, message: string | RegExp]>> = {
  'no status': [written(), 'Progressing', NOT_SEEN],
  'the default that the CRD writes': [{ ...written(), status: { observedGeneration: -1 } }, 'Progressing', NOT_SEEN],
  'an earlier generation': [withMetadata(atRest, { generation: 2 }), 'Progressing', NOT_SEEN],
  'an earlier generation of what was rolled back': [
    withMetadata(rolledBack, { generation: 2 }),
    'Progressing',
    NOT_SEEN,
  ],
  Initializing: [inState(initializing(), 'Initializing', 'Waiting for pods'), 'Progressing', 'Waiting for pods'],
  // Later resources of the same sync bring it.
  'Initializing, and the target is missing': [
    inState(initializing(), 'TargetMissing', 'Deployment web does not exist'),
    'Progressing',
    'Deployment web does not exist',
  ],
  'Initializing, and what time does not end': [
    inState(initializing(), 'Conflict', 'Canary older has the same target'),
    'Degraded',
    'production serves web:1: Canary older has the same target',
  ],
  Initialized: [inState(resting('Initialized'), 'Initialized', 'Ready: web-primary serves'), 'Healthy', /^Ready/],
  Succeeded: [atRest, 'Healthy', 'Promoted'],
  'at rest, and the primary has no ready pod': [
    inState(resting(), 'PrimaryNotReady', '0 of 2 pods available'),
    'Progressing',
    '0 of 2 pods available',
  ],
  'at rest, and a user edited what makes no sense': [
    invalid(atRest),
    'Degraded',
    /^production serves web:1: .*spec\.x: no/,
  ],
  'never initialized, because the spec makes no sense': [invalid(written()), 'Degraded', /^Canary .*spec\.x: no/],
  'Waiting for a webhook': [inState(waiting('webhook'), 'WaitingForWebhook', 'No yes'), 'Progressing', 'No yes'],
  'Waiting, paused': [inState(waiting('resume'), 'WaitingToStart', 'paused by kim'), 'Suspended', 'paused by kim'],
  'Waiting for the owner of a paused Deployment': [
    inState(waiting('owner'), 'WaitingToStart', 'Deployment web is paused'),
    'Suspended',
    'Deployment web is paused',
  ],
  'Progressing, pods start': [inState(run('startingPods'), 'WaitingForPods', '0 of 2'), 'Progressing', '0 of 2'],
  'Progressing, under analysis': [inState(advancing(10), 'Analysing', 'Weight 10'), 'Progressing', 'Weight 10'],
  'Progressing, without data': [inState(advancing(10), 'MetricsUnavailable', 'no data'), 'Progressing', 'no data'],
  'Progressing, the analysis is suspended': [
    inState(run('advancing', { hold: { by: 'suspension', since: now } }), 'AnalysisSuspended', 'no data for 15m'),
    'Progressing',
    'no data for 15m',
  ],
  'Progressing, an approval is pending': [
    inState(advancing(10), 'WaitingForApproval', 'Weight 10 passed', approving),
    'Suspended',
    'Weight 10 passed',
  ],
  'Progressing, the approval was given a moment ago': [
    inState(advancing(10, { approved: 10 }), 'WaitingForApproval', 'Weight 10 passed', approving),
    'Progressing',
    'Weight 10 passed',
  ],
  'Progressing, approved to the end a moment ago': [
    inState(advancing(10, { approved: 'full' }), 'WaitingForApproval', 'Weight 10 passed', approving),
    'Progressing',
    'Weight 10 passed',
  ],
  'Progressing, paused by command': [
    inState(advancing(12.5), 'Paused', 'Holding at weight 12.5', { memory: { paused: 'kim: lunch' } }),
    'Suspended',
    'Holding at weight 12.5',
  ],
  'Progressing, paused by the spec': [
    inState(advancing(10), 'Paused', 'Holding', { spec: { paused: true } }),
    'Suspended',
    'Holding',
  ],
  "Progressing, paused by Flagger's field": [
    inState(advancing(10), 'Paused', 'Holding', { spec: { suspend: true } }),
    'Suspended',
    'Holding',
  ],
  'Progressing, the weight was set by hand': [
    inState(advancing(5, { hold: { by: 'override', from: 10 } }), 'WeightOverridden', 'Holding at weight 5'),
    'Suspended',
    'Holding at weight 5',
  ],
  'Progressing, Stalled': [
    inState(advancing(10), 'RouteNotAccepted', 'Gateway public has not accepted'),
    'Degraded',
    `${production}, and web:2 at weight 10: Gateway public has not accepted`,
  ],
  'Progressing, Stalled before the first weight': [
    inState(run('startingPods'), 'WriteRefused', 'forbidden'),
    'Degraded',
    `${production}: forbidden`,
  ],
  'WaitingPromotion, an approval is pending': [
    inState({ ...advancing(100), phase: 'WaitingPromotion' }, 'WaitingForApproval', 'Weight 100 passed'),
    'Suspended',
    'Weight 100 passed',
  ],
  'WaitingPromotion, a webhook is waited for': [
    inState({ ...advancing(100), phase: 'WaitingPromotion' }, 'WaitingForWebhook', 'No yes'),
    'Progressing',
    'No yes',
  ],
  Promoting: [inState(promoting('copying'), 'Promoting', 'Copying'), 'Progressing', 'Copying'],
  'Promoting, which a pause does not hold up': [
    inState(promoting('copying'), 'Promoting', 'Copying', { memory: { paused: 'kim' } }),
    'Progressing',
    'Copying',
  ],
  Finalising: [inState(finalising(), 'Finalising', 'Draining'), 'Progressing', 'Draining'],
  Failed: [rolledBack, 'Degraded', `${production}: Rolled back 790dc1af77 (web:2)`],
  'Failed, of which no image is known': [
    withStatus(rolledBack, { images: undefined }),
    'Degraded',
    `production serves ${promoted.revision}: Rolled back 790dc1af77 (web:2)`,
  ],
  Terminating: [
    inState(terminating('restoring'), 'HandingBack', 'The target takes over'),
    'Progressing',
    /takes over$/,
  ],
  'Terminating, Stalled': [inState(terminating('restoring'), 'WriteRefused', 'forbidden'), 'Progressing', 'forbidden'],
  'a commit that the controller has not seen': [
    atCommit(atRest, 'github/shop/web@2'),
    'Progressing',
    'The controller has not seen the target at github/shop/web@2',
  ],
  'a commit that follows one that was seen': [atCommit(atRest, 'b', 'a'), 'Progressing', /target at b$/],
  'a commit that may mend what was rolled back': [atCommit(rolledBack, 'b', 'a'), 'Progressing', /target at b$/],
  'a commit while an earlier one waits for its approval': [
    atCommit(inState(advancing(10), 'WaitingForApproval', 'Weight 10 passed', approving), 'b', 'a'),
    'Progressing',
    /target at b$/,
  ],
  'a commit while something is in the way': [
    atCommit(inState(resting(), 'TargetMissing', 'Deployment web does not exist'), 'b', 'a'),
    'Degraded',
    `${production}: Deployment web does not exist`,
  ],
  'the commit that was seen': [atCommit(atRest, 'a', 'a'), 'Healthy', 'Promoted'],
  'a phase of a later version': [
    withStatus(atRest, { phase: 'Sleeping', message: '' }),
    'Progressing',
    'Phase Sleeping',
  ],
  'a status of an earlier version': [
    { ...written(), status: { phase: 'Succeeded', observedGeneration: 1 } },
    'Healthy',
    '',
  ],
  'a status that nothing of ours wrote': [
    { ...written(), status: { phase: 7, conditions: ['x'], run: 'y', images: [], observedGeneration: '1' } },
    'Progressing',
    'Phase ',
  ],
}

suite('Health in Argo CD', () => {
  for (const [name, [given, status, message]] of Object.entries(rows)) {
    test(`${name}: ${status}`, () => {
      const found = healthOf(given)
      expect(found.status).to.equal(status)
      if (typeof message === 'string') expect(found.message).to.equal(message)
      else expect(found.message).to.match(message)
    })
  }

  for (const status of [null, [], 'x', 3, { observedGeneration: {} }, { observedGeneration: 1, images: 3, run: [] }]) {
    test(`of a status ${JSON.stringify(status)} is Progressing, and no error`, () => {
      expect(healthOf({ ...written(), status }).status).to.equal('Progressing')
    })
  }
})
