/** The rules of the state machine, one row each at least: in this observation this rule decides, and so. */
import { expect } from 'chai'
import { chainOf, phases } from '../../../src/core/machine/phases.ts'
import type { Chain, Rule } from '../../../src/core/model/decision.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { State } from '../../../src/core/model/state.ts'
import { now, type Row, type Rows } from './given.ts'
import { advancingRows } from './rows/advancing.rows.ts'
import { checkRows } from './rows/checks.rows.ts'
import { everyPhase } from './rows/every-phase.rows.ts'
import { hooksBeforeTraffic } from './rows/hooks-before-traffic.rows.ts'
import { hooksInRun } from './rows/hooks-in-run.rows.ts'
import { initializingRows } from './rows/initializing.rows.ts'
import { promotingRows } from './rows/promoting.rows.ts'
import { restingRows } from './rows/resting.rows.ts'
import { strategyRows } from './rows/strategies.rows.ts'
import { starting } from './rows/starting.rows.ts'
import { terminatingRows } from './rows/terminating.rows.ts'

const tables: Readonly<Record<string, Rows>> = {
  'every phase': everyPhase,
  Initializing: initializingRows,
  'at rest': restingRows,
  'a run before its traffic': starting,
  'a run with traffic': { ...advancingRows, ...checkRows },
  'more than a share of all requests': strategyRows,
  'a promotion': promotingRows,
  'webhooks before traffic': hooksBeforeTraffic,
  'webhooks in a run': hooksInRun,
  'a deletion': terminatingRows,
}

const placeOf = (state: State): string =>
  [state.phase, 'stage' in state ? state.stage : null, 'traffic' in state ? state.traffic.canary : null]
    .filter(part => part !== null)
    .join(' ')

/** The first rule of the page that answers here, and its answer as a row writes it. */
function decided(given: Observation): { rule: Rule; move: Row['move'] } {
  let o = given
  for (const rule of chainOf(given.state)) {
    const said = rule(o, now)
    if (said === undefined) continue
    if ('passed' in said) {
      o = { ...o, ...said.passed }
      continue
    }
    if ('ask' in said) return { rule, move: `asks ${said.ask.length} questions` }
    if ('read' in said) return { rule, move: `reads ${said.read.length} sources` }
    const { state, reason, message, wakeAt, announcements, report } = said
    // Where nothing else comes on show, what is announced is all that a user gets to read.
    const [news = { reason, message }] = report === 'unchanged' ? announcements : []
    return { rule, move: [placeOf(state), news.reason, news.message, wakeAt === null ? null : wakeAt - now] }
  }
  throw new Error('no rule decides')
}

for (const [subject, rows] of Object.entries(tables)) {
  suite(`rules: ${subject}`, () => {
    for (const [name, { rule, given, move }] of Object.entries(rows)) {
      test(name, () => {
        const by = decided(given)
        expect([by.rule.name, by.move]).to.deep.equal([rule.name, move])
      })
    }
  })
}

suite('rules: the page', () => {
  test('each has a row', () => {
    const chains = Object.values(phases).flatMap(page =>
      Array.isArray(page) ? [page as Chain] : Object.values(page),
    ) as Chain[]
    const onThePage = new Set(chains.flatMap(chain => chain.map(rule => rule.name)))
    const inARow = new Set(Object.values(tables).flatMap(rows => Object.values(rows).map(({ rule }) => rule.name)))
    expect([...onThePage].filter(name => !inARow.has(name))).to.deep.equal([])
    expect([...inARow].filter(name => !onThePage.has(name))).to.deep.equal([])
  })
})
