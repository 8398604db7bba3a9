/** What people are told of a canary in each state, as a table. */
import { expect } from 'chai'
import type { KubeObject } from '../../../src/api/object.ts'
import { NOTHING_OBSERVED } from '../../../src/core/view/observed.ts'
import { stepInWords, waitedFor, weightInWords } from '../../../src/core/view/text.ts'
import type { View } from '../../../src/core/view/view.ts'
import {
  advancing,
  candidate,
  failed,
  finalising,
  initializing,
  now,
  promoted,
  promoting,
  resting,
  run,
  second,
  terminating,
} from '../machine/given.ts'
import { inState, viewOf, weighted, written } from './given.ts'

/** A view in lines, as a terminal would tell it. */
function lines(view: View): string[] {
  const { waiting, next } = view
  return [
    `${view.phase} ${view.tone} ${view.step}`.trim(),
    ...view.steps.map(step => `${step.state} ${weightInWords(step)} ${stepInWords(step)}`.trim()),
    ...(waiting === null ? [] : [`waits ${waitedFor(waiting, now)}: ${waiting.for}`]),
    ...(next === null
      ? []
      : [`next: ${next.what}${next.notBefore === null ? '' : ` not before ${next.notBefore.slice(11, 19)}`}`]),
    `may: ${view.actions.map(({ command, terms }) => [command, terms].join(' ').trim()).join(', ')}`,
  ]
}

/** As an earlier version wrote it: of a command its annotation alone. */
const earlier = (given: KubeObject): KubeObject => ({
  ...given,
  status: { ...(given['status'] as object), handledCommands: { pause: '1 kim: lunch' } },
})

const approving = { analysis: { interval: '10s', steps: [{ weight: 10, approve: true }, { weight: 100 }] } }

const rows: Readonly<Record<string, { readonly given: KubeObject; readonly told: readonly string[] }>> = {
  'a Canary that the controller has not seen': {
    given: written(),
    told: ['null unknown', 'to come 10 %', 'to come 25 %', 'to come 50 %', 'to come 100 %', 'may: '],
  },
  'a first primary that is being created': {
    given: inState(initializing(), 'Initializing', 'Waiting for Deployment web-primary'),
    told: [
      'Initializing working',
      'to come 10 %',
      'to come 25 %',
      'to come 50 %',
      'to come 100 %',
      'waits 0s of 2m: Waiting for Deployment web-primary',
      'next: Deployment web-primary serves all traffic',
      'may: pause',
    ],
  },
  'at rest': {
    given: inState(resting('Initialized'), 'Initialized', 'Ready'),
    told: ['Initialized good', 'to come 10 %', 'to come 25 %', 'to come 50 %', 'to come 100 %', 'may: pause'],
  },
  'pods of the candidate start': {
    given: inState(
      run('startingPods', { waiting: { for: 'pods', since: now - 12 * second } }),
      'WaitingForPods',
      'Waiting for Deployment web: 0 of 2 pods available',
    ),
    told: [
      'Progressing working 0/4',
      'next 10 %',
      'to come 25 %',
      'to come 50 %',
      'to come 100 %',
      'waits 12s of 2m: Waiting for Deployment web: 0 of 2 pods available',
      'next: weight 10',
      'may: approve full, pause, abort',
    ],
  },
  'a step under analysis': {
    given: inState(
      advancing(10, { carriedAt: now - 4 * second, lastCheckTime: now - second }),
      'Analysing',
      'Weight 10',
    ),
    told: [
      'Progressing working 1/4',
      'now 10 % since 23:59:56',
      'next 25 % not before 00:00:06',
      'to come 50 % not before 00:00:16',
      'to come 100 % not before 00:00:26',
      'next: weight 25 not before 00:00:06',
      'may: approve full, pause, abort',
    ],
  },
  'a step that needs an approval, before it has passed': {
    given: inState(advancing(10, { carriedAt: now - 4 * second }), 'Analysing', 'Weight 10', { spec: approving }),
    told: [
      'Progressing working 1/2',
      'now 10 % since 23:59:56, then approval',
      'next 100 % not before 00:00:06',
      'next: weight 100 not before 00:00:06',
      'may: approve, approve full, pause, abort',
    ],
  },
  'a step that waits for its approval': {
    given: inState(
      advancing(10, { pausedSince: now - 4 * second }),
      'WaitingForApproval',
      'Weight 10 passed; waiting',
      {
        spec: approving,
      },
    ),
    told: [
      'Progressing person 1/2',
      'now 10 % since 23:59:45, then approval',
      'next 100 %',
      'waits 4s: Weight 10 passed; waiting',
      'next: weight 100',
      'may: approve, approve full, pause, abort',
    ],
  },
  'blue/green, in its iterations': {
    given: inState(
      run('advancing', { iteration: 3, carriedAt: now - 4 * second, routedAt: now - 34 * second }),
      'Analysing',
      'fine',
      {
        spec: { analysis: { interval: '10s', iterations: 10 } },
      },
    ),
    told: [
      'Progressing working 1/2',
      'now 0 % 3 of 10 iterations, since 23:59:56',
      'next 100 % not before 00:01:06',
      'next: weight 100 not before 00:01:06',
      'may: approve full, pause, abort',
    ],
  },
  'a weight that was lowered by hand': {
    given: inState(
      advancing(7, { highest: 25, hold: { by: 'override', from: 25 }, pausedSince: now - 60 * second }),
      'WeightOverridden',
      'Holding at weight 7',
    ),
    told: [
      'Progressing person 0/4',
      'next 10 %',
      'to come 25 %',
      'to come 50 %',
      'to come 100 %',
      'waits 1m: Waiting for `resume`: the weight was lowered by hand',
      'next: weight 10',
      'may: approve full, resume, pause, abort',
    ],
  },
  'paused by a person': {
    given: inState(advancing(25, { pausedSince: now - 60 * second }), 'Paused', 'Holding', {
      memory: { paused: 'kim: look' },
    }),
    told: [
      'Progressing person 2/4',
      'done 10 %',
      'now 25 % since 23:59:45',
      'next 50 %',
      'to come 100 %',
      'waits 1m: Waiting for `resume`: paused by kim: look',
      'next: weight 50',
      'may: approve full, resume, pause, abort',
    ],
  },
  'no metrics for two minutes': {
    given: inState(
      advancing(25, { blindSince: now - 120 * second }),
      'MetricsUnavailable',
      'No answer from Prometheus',
    ),
    told: [
      'Progressing waiting 2/4',
      'done 10 %',
      'now 25 % since 23:59:45',
      'next 50 %',
      'to come 100 %',
      'waits 2m of 15m: No answer from Prometheus',
      'next: weight 50',
      'may: approve full, pause, abort',
    ],
  },
  'the template is copied to the primary': {
    given: inState(
      promoting('copying', { waiting: { for: 'primary', since: now - 5 * second } }),
      'Promoting',
      'Copying',
    ),
    told: [
      'Promoting working 4/4',
      'done 10 %',
      'done 25 %',
      'done 50 %',
      'done 100 %',
      'waits 5s of 2m: Copying',
      'next: traffic returns to Deployment web-primary',
      'may: abort',
    ],
  },
  'a promotion that was approved in full at weight 10': {
    given: inState(promoting('copying', { highest: 10, traffic: weighted(10) }), 'Promoting', 'Copying'),
    told: [
      'Promoting working 1/4',
      'done 10 %',
      'skipped 25 %',
      'skipped 50 %',
      'skipped 100 %',
      'next: traffic returns to Deployment web-primary',
      'may: abort',
    ],
  },
  'traffic returns to the primary': {
    given: inState(promoting('returning', { traffic: weighted(60) }), 'Returning', 'Returning'),
    told: [
      'Promoting working 4/4',
      'done 10 %',
      'done 25 %',
      'done 50 %',
      'done 100 %',
      'next: Deployment web-primary serves all traffic',
      'may: abort',
    ],
  },
  'the canary drains': {
    given: inState(finalising(), 'Finalising', 'Draining'),
    told: [
      'Finalising working',
      'done 10 %',
      'done 25 %',
      'done 50 %',
      'done 100 %',
      'next: Deployment web is scaled to 0',
      'may: pause',
    ],
  },
  'rolled back at weight 25': {
    given: inState(failed(), 'ThresholdReached', 'Rolled back', {
      memory: {
        history: [
          {
            id: 'a',
            revision: candidate.revision,
            startedAt: now - 90 * second,
            endedAt: now - 10 * second,
            outcome: 'Failed',
            highest: 25,
            reason: 'ThresholdReached',
            message: 'Rolled back',
          },
        ],
      },
    }),
    told: ['Failed failed', 'done 10 %', 'failed 25 %', 'not reached 50 %', 'not reached 100 %', 'may: pause, retry'],
  },
  'promoted, with an earlier revision to go back to': {
    given: inState(resting(), 'Succeeded', 'Promoted', { memory: { previous: promoted.revision } }),
    told: ['Succeeded good', 'to come 10 %', 'to come 25 %', 'to come 50 %', 'to come 100 %', 'may: pause, rollback'],
  },
  'being deleted': {
    given: inState(terminating('restoring'), 'HandingBack', 'Handing back'),
    told: [
      'Terminating working',
      'to come 10 %',
      'to come 25 %',
      'to come 50 %',
      'to come 100 %',
      'next: Deployment web serves, and what Sluice created is removed',
      'may: ',
    ],
  },
  'a spec that is refused': {
    given: {
      ...inState(resting(), 'Invalid', 'spec.analysis'),
      spec: { targetRef: { kind: 'Deployment', name: 'web' } },
    },
    told: ['Succeeded stalled', 'may: '],
  },
  'a status of an earlier version, which kept commands as they were written': {
    given: earlier(inState(resting(), 'Succeeded', 'Promoted', { memory: { previous: promoted.revision } })),
    told: ['Succeeded good', 'to come 10 %', 'to come 25 %', 'to come 50 %', 'to come 100 %', 'may: pause, rollback'],
  },
  'a status of another version': {
    given: { ...written(), status: { phase: 'Sleeping', message: 'zzz' } },
    told: ['Sleeping unknown', 'to come 10 %', 'to come 25 %', 'to come 50 %', 'to come 100 %', 'may: '],
  },
}

suite('the view of a canary', () => {
  test('moments that no date has are the last that has one', () => {
    const given = inState(advancing(10), 'Analysing', 'Weight 10', { spec: { analysis: { maxDuration: '1h' } } })
    const status = given['status'] as { readonly run: object }
    const endless = { ...status.run, startedAt: '+275760-09-13T00:00:00Z', pausedDuration: Number.MAX_SAFE_INTEGER }
    const view = viewOf({ ...given, status: { ...status, iterations: -Number.MAX_SAFE_INTEGER, run: endless } })
    expect(view.run?.deadline).to.equal('+275760-09-13T00:00:00.000Z')
  })

  test('without any right beside the Canary, what was not read is named, and the commands say what may refuse them', () => {
    const view = viewOf(inState(failed(), 'ThresholdReached', 'Rolled back'), NOTHING_OBSERVED)
    expect(view.unread).to.deep.equal(['Deployment', 'Pod', 'ControllerRevision'])
    expect(view.sides.canary.pods).to.equal(null)
    const retry = view.actions.find(({ command }) => command === 'retry')
    expect(retry?.unless).to.equal('Deployment web may hold another revision by now')
  })

  for (const [name, { given, told }] of Object.entries(rows)) {
    test(name, () => expect(lines(viewOf(given))).to.deep.equal(told))
  }
})
