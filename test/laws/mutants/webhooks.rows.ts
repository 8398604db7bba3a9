/** Mutants for the laws of webhooks. */
import { laws, type Mutant, PHASES, rules, RUNS } from './mutant.ts'

export const mutantsOfWebhooks: readonly Mutant[] = [
  ...laws(
    RUNS,
    'the share rises only once that is confirmed',
    {
      without: 'asking before a rise',
      file: PHASES,
      take: '    confirmTrafficIncrease,\n    advance,\n',
      put: '    advance,\n',
    },
    {
      without: 'using a yes up',
      file: 'src/core/hooks/ask.ts',
      take: '{ ...record, place: NOWHERE, last: null, unavailableSince: null } : record,',
      put: 'record : record,',
    },
  ),
  ...laws(RUNS, 'a release is promoted only once that is confirmed', {
    without: 'the wait for the yes',
    file: rules('confirm'),
    take: '  if (waited === null) return promote({ ...o, memory }, now)\n  const held',
    put: '  if (waited !== undefined) return promote({ ...o, memory }, now)\n  const held',
  }),
  ...laws(RUNS, 'a release starts only once that is confirmed', {
    without: 'a confirmation of the newer revision',
    file: rules('start-pods'),
    take: 'if (isToBeConfirmed(o)) return',
    put: 'if (isToBeConfirmed(o) && now < 0) return',
  }),
  ...laws(
    RUNS,
    'what a webhook has rejected goes no further',
    {
      without: 'obeying its yes',
      file: rules('rollback-hooks'),
      take: '  if (yes !== undefined) return { because',
      put: '  if (yes !== undefined && now < 0) return { because',
    },
    {
      without: 'undoing the promotion',
      file: rules('rollback-hooks'),
      take: '  return undo(o, `a rollback was ${said.because}`, now)',
      put: '  return now < 0 ? undo(o, `a rollback was ${said.because}`, now) : undefined',
    },
    {
      without: 'rejecting what waits to start',
      file: rules('rollback-hooks'),
      take: "  if (said === undefined || 'state' in said) return said\n  return rejectWaiting(",
      put: "  if (said === undefined || 'state' in said) return said\n  if (now > 0) return undefined\n  return rejectWaiting(",
    },
  ),
  ...laws(
    RUNS,
    'a run goes further only once its rollback webhooks were called',
    {
      without: 'the rule `rollBackWhenRequested`',
      file: PHASES,
      take: '  restartOnNewRevision,\n  rollBackWhenRequested,\n]',
      put: '  restartOnNewRevision,\n]',
    },
    {
      without: 'the rule `undoWhenRequested` while the primary takes the template',
      file: PHASES,
      take: 'copying: [...always, undoWhenRequested, followMatch',
      put: 'copying: [...always, followMatch',
    },
    {
      without: 'the rule `undoWhenRequested` while all traffic is shifted',
      file: PHASES,
      take: 'shifting: [...always, undoWhenRequested, ',
      put: 'shifting: [...always, ',
    },
    {
      without: 'the rule `undoWhenRequested` while the traffic returns',
      file: PHASES,
      take: 'returning: [...always, undoWhenRequested, ',
      put: 'returning: [...always, ',
    },
    {
      without: 'calling again after a no',
      file: 'src/core/hooks/ask.ts',
      take: "rollback: { pass: null, fail: 'checkInterval', unavailable: 'checkInterval' }",
      put: "rollback: { pass: null, fail: null, unavailable: 'checkInterval' }",
    },
  ),
  ...laws(RUNS, 'no webhook is called twice under one id', {
    without: 'the number of the call in its id',
    file: 'src/core/hooks/call.ts',
    take: 'runIdOf(o.state), name, place, answers])',
    put: 'runIdOf(o.state), name, place])',
  }),
  ...laws(RUNS, 'the end of a run is told once', {
    without: 'taking out what was acknowledged',
    file: 'src/core/machine/outbox.ts',
    take: 'return outbox.filter(one => one.key !== key)',
    put: "return outbox.filter(one => one.key !== key || one.sink === 'post-rollout')",
  }),
  ...laws(RUNS, 'a commit is told how its run is, and nothing after its end', {
    without: 'remembering that the end was told',
    file: 'src/core/machine/commit-statuses.ts',
    take: '    told = { ...before, state: ended.state, takenOver: false }\n',
    put: '',
  }),
]
