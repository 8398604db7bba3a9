/** What a row of the mutants is: a rule or line that carries a law, and what is left without it. */

export interface Mutant {
  /** What a test of this name says, or the part of it that no other test has. */
  readonly law: string
  /** The file with the test. */
  readonly of: string
  /** What is missing, in words. */
  readonly without: string
  readonly file: string
  /** Stands once in the file. */
  readonly take: string
  readonly put: string
}

export const MOMENTS = 'test/laws/world.laws.test.ts'
export const RUNS = 'test/laws/runs.laws.test.ts'
export const rules = (name: string): string => `src/core/machine/rules/${name}.ts`
export const PHASES = 'src/core/machine/phases.ts'
export const POSTURES = 'src/core/machine/postures.ts'

export type Row = Omit<Mutant, 'law' | 'of'>

export const laws = (of: string, law: string, ...rows: readonly Row[]): Mutant[] =>
  rows.map(row => ({ law, of, ...row }))

/** A rule taken out of the chains of the analysis. */
export const ruleOfAnalysis = (rule: string): Row => {
  const [take, put] = around[rule] ?? ['', '']
  return { without: `the rule \`${rule}\` of the analysis`, file: PHASES, take, put }
}

/** The lines around a rule tell its place in a chain of the analysis from the imports and other chains. */
const around: Readonly<Record<string, readonly [take: string, put: string]>> = {
  applyCommand: ['[terminate, applyCommand, holdWhileUnwatched', '[terminate, holdWhileUnwatched'],
  restartOnNewRevision: [
    '  cancelWhenTargetReverted,\n  restartOnNewRevision,\n  rollBack',
    '  cancelWhenTargetReverted,\n  rollBack',
  ],
  drainEarlierCandidate: [
    'draining: [...underAnalysis, rollBackWhenOverdue, drainEarlierCandidate]',
    'draining: [...underAnalysis, rollBackWhenOverdue, advance, promoteWhenConfirmed]',
  ],
  waitUntilTargetPaused: ['    startPodsAgain,\n    waitUntilTargetPaused,\n', '    startPodsAgain,\n'],
  waitUntilCarried: ['    waitUntilCarried,\n    probeUnavailableHooks,\n', '    probeUnavailableHooks,\n'],
}
