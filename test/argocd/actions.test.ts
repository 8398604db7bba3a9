/** The menu that Argo CD shows of a Canary, and what a click writes. */
import { expect } from 'chai'
import { isDeepStrictEqual } from 'node:util'
import type { KubeObject } from '../../src/api/object.ts'
import { annotationOf, type Command, parseCommand } from '../../src/core/model/command.ts'
import type { CommandName } from '../../src/core/model/command-line.ts'
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
  terminating,
} from '../core/machine/given.ts'
import { inState, written } from '../core/view/given.ts'
import { click, DEFINED, enabled, listed } from './scripts.ts'

const memory = { handled: {}, previous: 'h1:previous' }
const noPrevious = { memory: { handled: {} } }
const paused = { memory: { handled: {}, paused: 'kim: lunch' } }
const waiting = {
  phase: 'Waiting',
  promoted: promoted.revision,
  rejected: null,
  candidate: candidate.revision,
  waiting: { for: 'webhook', since: now },
} as const

const rows: Readonly<Record<string, readonly [given: KubeObject, ...actions: string[]]>> = {
  'no status': [written()],
  // What stands on it then is recorded and not run.
  'a status before the first pass is over': [
    inState(initializing(), 'Initializing', '', { memory: { handled: null } }),
  ],
  Initializing: [inState(initializing(), 'Initializing', '', noPrevious), 'pause'],
  'Initialized, nothing was promoted before': [inState(resting('Initialized'), 'Initialized', '', noPrevious), 'pause'],
  'Succeeded, there is an earlier revision': [inState(resting(), 'Succeeded', '', { memory }), 'pause', 'rollback'],
  'at rest, paused': [inState(resting(), 'Paused', '', paused), 'resume'],
  Waiting: [inState(waiting, 'WaitingForWebhook', '', { memory }), 'pause', 'abort', 'rollback'],
  'pods start': [inState(run('startingPods'), 'WaitingForPods', '', { memory }), 'approve-full', 'pause', 'abort'],
  'a step': [inState(advancing(10), 'Analysing', '', { memory }), 'approve-full', 'pause', 'abort'],
  'a step that waits for its approval': [
    inState(advancing(10), 'WaitingForApproval', '', { memory }),
    'approve',
    'approve-full',
    'pause',
    'abort',
  ],
  'its approval was given a moment ago': [
    inState(advancing(10, { approved: 10 }), 'WaitingForApproval', '', { memory }),
    'approve-full',
    'pause',
    'abort',
  ],
  'approved to the end': [inState(advancing(10, { approved: 'full' }), 'Approved', '', { memory }), 'pause', 'abort'],
  'a paused step': [inState(advancing(10), 'Paused', '', paused), 'approve-full', 'resume', 'abort'],
  'a weight that was set by hand': [
    inState(advancing(5, { hold: { by: 'override', from: 10 } }), 'WeightOverridden', '', { memory }),
    'approve-full',
    'pause',
    'resume',
    'abort',
  ],
  'a promotion that has not begun to copy': [
    inState(promoting('shifting'), 'Promoting', '', { memory }),
    'pause',
    'abort',
  ],
  'a promotion': [inState(promoting('copying'), 'Promoting', '', { memory }), 'abort'],
  'a promotion that is undone': [inState(promoting('undoing'), 'Undoing', '', { memory })],
  Finalising: [inState(finalising(), 'Finalising', '', { memory }), 'pause'],
  Failed: [inState(failed(), 'ThresholdReached', '', noPrevious), 'pause', 'retry'],
  Terminating: [inState(terminating('returning'), 'HandingBack', '', { memory })],
}

const clicked = (action: string, given: KubeObject, seconds?: number): [CommandName, Command][] => {
  const { annotations = {} } = click(action, given, seconds).metadata
  const before = given.metadata.annotations ?? {}
  return Object.entries(annotations).flatMap(([key, value]) => {
    const name = key.replace('sluice.dev/', '') as CommandName
    return before[key] === value ? [] : [[name, parseCommand(name, value)] as [CommandName, Command]]
  })
}

suite('Actions in Argo CD', () => {
  for (const [name, [given, ...actions]] of Object.entries(rows)) {
    test(`${name}: ${actions.join(', ') || 'none'}`, () => expect(enabled(given)).to.have.members(actions))
  }

  test('those that are listed are those that can be run', () => {
    expect(Object.keys(listed(written()))).to.have.members(DEFINED)
    expect(Object.keys(listed({ ...written(), status: 'x' }))).to.have.members(DEFINED)
  })

  const step = inState(advancing(10), 'WaitingForApproval', '', { memory })
  const rolledBack = inState(failed(), 'ThresholdReached', '', { memory })
  for (const [action, given, name, full, revision] of [
    ['approve', step, 'approve', false, candidate.revision],
    ['approve-full', step, 'approve', true, candidate.revision],
    ['pause', step, 'pause', false, null],
    ['resume', step, 'resume', false, null],
    ['abort', step, 'abort', false, null],
    ['retry', rolledBack, 'retry', false, candidate.revision],
    ['rollback', rolledBack, 'rollback', false, 'h1:previous'],
  ] as const) {
    test(`${action} writes the command ${name} that names ${revision === null ? 'no revision' : 'the revision'}`, () => {
      const told = clicked(action, given).map(([command, { who, full: is, revision: of, why }]) => [
        command,
        who,
        is,
        of,
        why,
      ])
      expect(told).to.deep.equal([[name, 'argo-cd', full, revision, '']])
    })
  }

  test('a click changes the annotation alone, and leaves those of others', () => {
    const given: KubeObject = {
      ...step,
      metadata: { ...step.metadata, annotations: { 'shop.example.com/owner': 'kim' } },
    }
    const after = click('pause', given)
    expect(after.metadata.annotations).to.have.keys('shop.example.com/owner', annotationOf('pause'))
    expect(isDeepStrictEqual(after['spec'], given['spec'])).to.equal(true)
    expect(after['status']).to.have.property('phase', 'Progressing')
  })

  test('an object may be as deep as managedFields are', () => {
    const deep = JSON.parse(`${'{"f:a":'.repeat(40)}1${'}'.repeat(40)}`) as unknown
    const given = { ...step, metadata: { ...step.metadata, managedFields: [{ fieldsV1: deep }] } }
    expect(click('pause', given).metadata).to.deep.include({ managedFields: [{ fieldsV1: deep }] })
  })

  test('two clicks are two commands, in the same second too', () => {
    const at = (resourceVersion: string): KubeObject => ({ ...step, metadata: { ...step.metadata, resourceVersion } })
    const ids = [clicked('pause', at('7'), 100), clicked('pause', at('8'), 100), clicked('pause', at('8'), 101)]
    expect(new Set(ids.map(([found]) => found?.[1].id))).to.have.property('size', 3)
  })
})
