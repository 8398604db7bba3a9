/** Observations for the tables of the rules: the canary `web`, which runs web:1 and releases web:2, at a moment of each phase. */
import { kinds } from '../../../src/api/object.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import type { LastRule, Rule } from '../../../src/core/model/decision.ts'
import type { Memory } from '../../../src/core/model/memory.ts'
import { CANARY_LABEL, FINALIZER, REVISION_ANNOTATION } from '../../../src/core/model/names.ts'
import type { Observation, Workload } from '../../../src/core/model/observation.ts'
import { firstStep } from '../../../src/core/machine/rules/start-run.ts'
import type { State, StateOf } from '../../../src/core/model/state.ts'
import { carriedBy, weighted } from '../../../src/core/model/traffic.ts'
import { canary, deployment, object, observation, record, replicaSet, template, workload } from '../given-objects.ts'

export const now = Date.UTC(2026, 0, 2)
export const second = 1000
export const minute = 60_000

export const promoted = record(template('web:1'))
export const candidate = record(template('web:2'))
const settled = { promoted: promoted.revision, rejected: null }

/** A row: which rule decides, and what. A rule that asks has the number of its questions, one that reads what it reads for. */
export interface Row {
  // Each rule takes what its place on the page promises; a table holds rules of all places.
  readonly rule: (o: never, now: number) => ReturnType<Rule | LastRule>
  readonly given: Observation
  /** Phase, stage and weight; reason; sentence; milliseconds until the next pass, null for a change of the world alone. */
  readonly move: readonly [to: string, reason: string, message: string, wakeIn: number | null] | string
}
export type Rows = Readonly<Record<string, Row>>

const available = { observedGeneration: 1, replicas: 2, readyReplicas: 2 }

/** Deployment web at an image, its rollout paused by Sluice unless said otherwise. */
export function target(
  image: string,
  ready = 2,
  more: { paused?: boolean; replicas?: number; by?: string } = {},
): Workload {
  const { paused = true, replicas = 2, by = 'sluice' } = more
  const annotations = paused && by === 'sluice' ? { 'sluice.dev/locked': 'true' } : {}
  const spec = { template: template(image), paused, replicas }
  const of = deployment('web', spec, { annotations, generation: 1 }, { ...available, replicas, readyReplicas: ready })
  return workload(of, replicas === 0 ? [] : [replicaSet(of, ready)])
}

/** Deployment web-primary at a revision, ours. */
export function primary(revision = promoted.revision, ready = 2): Workload {
  const image = revision === promoted.revision ? 'web:1' : 'web:2'
  const metadata = { labels: { [CANARY_LABEL]: 'web' }, annotations: { [REVISION_ANNOTATION]: revision } }
  const of = deployment('web-primary', { template: template(image) }, metadata, { ...available, readyReplicas: ready })
  return workload(of, [replicaSet(of, ready)])
}

const spec = { progressDeadlineSeconds: 120, analysis: { interval: '10s' } }

/** A canary with its finalizer; a command or another annotation is written on it. */
export const web = (more: Readonly<Record<string, unknown>> = {}, annotations: Readonly<Record<string, string>> = {}) =>
  canary({ ...spec, ...more }, {}, { finalizers: [FINALIZER], annotations })

export const deleted = (): Observation['canary'] =>
  canary(spec, {}, { finalizers: [FINALIZER], deletionTimestamp: '2026-01-02T00:00:00Z' })

export const remembers = (more: Partial<Memory> = {}): Memory => ({ ...observation().memory, handled: {}, ...more })

/** In a state: the primary serves web:1, the target holds web:2 with two ready pods, and the routes carry what is requested. */
export function at(state: State, more: Partial<Observation> = {}): Observation {
  const weight = 'traffic' in state ? state.traffic.canary : 0
  return observation({
    canary: web(),
    state,
    recorded: [candidate, promoted],
    target: target('web:2'),
    primary: primary(),
    traffic: carriedBy([weight, weight]),
    sight: 'live',
    memory: remembers(),
    ...more,
  })
}

export const initializing = (more: Partial<StateOf<'Initializing'>> = {}): StateOf<'Initializing'> => ({
  phase: 'Initializing',
  stage: 'cloning',
  revision: promoted.revision,
  carriedAt: null,
  waiting: { for: 'primary', since: now },
  ...more,
})

export const resting = (phase: 'Initialized' | 'Succeeded' = 'Succeeded'): State => ({ phase, ...settled })

export const failed = (more: Partial<StateOf<'Failed'>> = {}): StateOf<'Failed'> => ({
  phase: 'Failed',
  promoted: promoted.revision,
  rejected: candidate.revision,
  carriedAt: null,
  drained: true,
  ...more,
})

/** A run that began a minute ago. */
export const run = (
  stage: StateOf<'Progressing'>['stage'],
  more: Partial<StateOf<'Progressing'>> = {},
): StateOf<'Progressing'> => ({
  ...firstStep(settled, candidate.revision, stage, now - minute),
  waiting: null,
  ...more,
})

/** At a weight that has been carried for 15 seconds and whose last check, when the step was due, has passed. */
export const advancing = (weight: number, more: Partial<StateOf<'Progressing'>> = {}): StateOf<'Progressing'> =>
  run('advancing', {
    traffic: weighted(weight),
    highest: weight,
    carriedAt: now - 15 * second,
    routedAt: now - minute,
    lastCheckTime: now - second,
    lastCheckPassed: true,
    ...more,
  })

export const promoting = (
  stage: StateOf<'Promoting'>['stage'],
  more: Partial<StateOf<'Promoting'>> = {},
): StateOf<'Promoting'> => {
  const { id, startedAt } = run('advancing')
  const because = stage === 'diverting' || stage === 'undoing' ? 'aborted by kim: broken' : ''
  const common = { id, startedAt, candidate: candidate.revision, highest: 100, traffic: weighted(100) }
  return { phase: 'Promoting', ...settled, ...common, carriedAt: null, waiting: null, stage, because, ...more }
}

export const finalising = (more: Partial<StateOf<'Finalising'>> = {}): StateOf<'Finalising'> => ({
  phase: 'Finalising',
  promoted: candidate.revision,
  rejected: null,
  carriedAt: null,
  outcome: 'Succeeded',
  because: '',
  waiting: null,
  ...more,
})

export const terminating = (
  stage: StateOf<'Terminating'>['stage'],
  more: Partial<StateOf<'Terminating'>> = {},
): StateOf<'Terminating'> => ({
  phase: 'Terminating',
  promoted: promoted.revision,
  stage,
  carriedAt: null,
  waiting: null,
  ...more,
})

/** Another canary of the same target, older than `web`: a conflict that stops every release. */
export const rival = object(kinds.Canary, 'older', { spec: web().spec }, { creationTimestamp: '2025-01-01T00:00:00Z' })

/** With an answer to everything that the rule asks. */
export function answered(o: Observation, rule: Row['rule'], answer: (check: Check) => Finding): Observation {
  const said = rule(o as never, now)
  if (said === undefined || !('ask' in said)) return o
  const findings = { ...o.findings, ...Object.fromEntries(said.ask.map(check => [check.id, answer(check)])) }
  return answered({ ...o, findings }, rule, answer)
}
