/** How many cases the laws are tried on, and how a failure is told. */
import fc from 'fast-check'
import type { History } from './arbitraries.ts'
import { beginning } from './beginnings.ts'
import { Life } from './histories.ts'
import { Broken, type Law } from './laws.ts'
import type { Onlooker } from './histories.ts'

/** All histories of all laws: `LAW_RUNS`, or what a test run can afford. Laws that are tried together share them. */
const TOTAL = Number(process.env['LAW_RUNS'] ?? 170)
/** What the shares of the laws add up to. */
const SHARES = 34

/** A test run tries the same cases every time; `npm run laws` (LAW_RUNS is said) tries others each time. */
const otherEachTime = process.env['LAW_RUNS'] !== undefined
const seed = Number(process.env['LAW_SEED'] ?? (otherEachTime ? Math.floor(Math.random() * 2 ** 31) : 20261128))
const path = process.env['LAW_PATH']

/**
 * Parameters of one law with so many shares of the cases; `LAW_SEED` and `LAW_PATH` repeat a failure.
 *
 * @param each how many cases one run of the property is.
 */
export function casesOf<T>(share: number, each = 1): fc.Parameters<T> {
  return {
    numRuns: Math.ceil((TOTAL * share) / SHARES / each),
    seed,
    ...(path === undefined ? {} : { path }),
    includeErrorInReport: true,
    endOnFailure: process.env['LAW_SHRINK'] === 'no',
  }
}

/**
 * Laws that are tried on the same cases, a test each: to live through a history takes far longer than to watch it. When one of
 * them fails there, each is tried alone and says for itself.
 *
 * @param property that of some of the laws.
 */
export function together<L>(
  share: number,
  laws: Readonly<Record<string, L>>,
  property: (laws: readonly L[]) => fc.IProperty<[History]>,
): void {
  const all = Object.values(laws)
  let allHold = all.length > 1 && path === undefined ? null : false
  for (const [sentence, law] of Object.entries(laws)) {
    test(sentence, () => {
      allHold ??= !fc.check(property(all), { ...casesOf<[History]>(share), endOnFailure: true }).failed
      if (!allHold) fc.assert(property([law]), casesOf<[History]>(share))
    })
  }
}

/** Laws that hold at every moment of these histories. */
export function always(histories: fc.Arbitrary<History>, share: number, laws: Readonly<Record<string, Law>>): void {
  together(share, laws, watching => fc.property(histories, drawn => live(drawn, watching)))
}

/** What the controller decided, for whoever reads a counterexample. */
function storyteller(told: string[]): Onlooker {
  return {
    decided({ world, decision }) {
      if ('ask' in decision) return
      const { state, reason, message, writes } = decision
      const where = [
        state.phase,
        'stage' in state ? state.stage : '',
        'traffic' in state ? state.traffic.canary : '',
      ].join(' ')
      const wrote = writes.map(write => `${write.verb} ${write.ref.kind.kind} ${write.ref.name}`).join(', ')
      told.push(`${world.now % 86_400_000} ${where} ${reason}: ${message}${wrote === '' ? '' : ` [${wrote}]`}`)
    },
  }
}

/** Lives through a history while laws watch, and ends it as `ending` says. */
export function live(history: History, laws: readonly Law[], ending: (life: Life) => void = () => {}): void {
  const told: string[] = []
  try {
    lived(history, laws, ending, null)
  } catch {
    // A history is the same each time, so the story is told only to who has to read it.
    lived(history, laws, ending, told)
  }
}

function lived(history: History, laws: readonly Law[], ending: (life: Life) => void, told: string[] | null): void {
  const life = new Life(history.setup, beginning(history), life_ => [
    ...(told === null ? [] : [storyteller(told)]),
    ...laws.map(law => law(life_)),
  ])
  try {
    for (const act of history.acts) {
      told?.push(`— ${JSON.stringify(act)}`)
      life.meet(act)
    }
    ending(life)
  } catch (error) {
    const said = error instanceof Broken ? error.message : ((error as Error).stack ?? '')
    throw new Error(`${said}\n${told?.slice(-40).join('\n') ?? ''}`, { cause: error })
  }
}
