/** Each gate: its value against its limit now, and over the run. */
import type { JSX } from 'preact'
import { limitsInWords, valueInWords } from '../../src/core/view/text.ts'
import type { GateView, View } from '../../src/core/view/view.ts'
import type { CanaryDetail, Chart as ChartData, Charts } from '../../src/server/dashboard/protocol.ts'
import { Chart } from '../charts/chart.tsx'
import { toneOfVerdict, ToneIcon } from '../shared/icons.tsx'
import { Clock } from '../shared/time.tsx'
import { verdictWords } from '../shared/words.ts'
import { chartedRun, findings } from '../state/following.ts'
import { chartOfFindings, extended, type Findings } from '../state/series.ts'
import { useLoaded } from './loaded.ts'

/** Between two reads of the history: the stream fills what comes meanwhile. */
const WHILE_RUNNING = 15_000
const AT_REST = 120_000

export function Gates({ canary }: { readonly canary: CanaryDetail }): JSX.Element | null {
  const { view, namespace, name } = canary
  const run = chartedRun.value
  const query = run === null ? '' : `?run=${encodeURIComponent(run)}`
  const path = `/api/canaries/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/charts${query}`
  const answer = useLoaded<Charts>(path, true, view.run === null ? AT_REST : WHILE_RUNNING).value
  const charts = answer !== null && 'value' in answer ? answer.value : null
  const drawn = chartsOf(view, charts, run === null ? findings.value : new Map())
  const isOfGate = ({ name: of }: ChartData): boolean => view.gates.some(gate => gate.name === of)
  const { from, to } = timeRange(charts, drawn)
  if (view.gates.length === 0 && drawn.length === 0) return null
  return (
    <section class="panel gates" aria-labelledby="gates">
      <h2 id="gates">Gates</h2>
      {run !== null && (
        <p class="muted">The charts show the run of {charts?.revision.replace(/^h1:/, '').slice(0, 10) ?? run}.</p>
      )}
      {charts?.noHistory !== undefined && (
        <p class="muted">No history: {charts.noHistory}. The charts show the checks since this page was opened.</p>
      )}
      {answer !== null && 'trouble' in answer && (
        <p class="muted">
          No history: {answer.trouble.sentence}. The charts show the checks since this page was opened.
        </p>
      )}
      <div class="grid-of-gates">
        {view.gates.map(gate => (
          <Gate key={`${gate.kind} ${gate.name}`} gate={gate}>
            {drawn
              .filter(chart => chart.name === gate.name)
              .map(chart => (
                <Drawn key={chart.name} chart={chart} from={from} to={to} />
              ))}
          </Gate>
        ))}
        {drawn
          .filter(chart => !isOfGate(chart))
          .map(chart => (
            <div key={chart.name} class="gate">
              <h3>{chart.name === 'requests' ? 'requests of both sides' : chart.name}</h3>
              <Drawn chart={chart} from={from} to={to} />
            </div>
          ))}
      </div>
    </section>
  )
}

/** Of the server where it has any; else of the checks that came. */
function chartsOf(view: View, charts: Charts | null, found: Findings): ChartData[] {
  const hasHistory = charts !== null && charts.noHistory === undefined
  const known = hasHistory ? charts.charts : []
  const others = view.gates.filter(({ kind, name }) => kind === 'metric' && !known.some(chart => chart.name === name))
  return [
    ...known.map(chart => extended(chart, found.get(chart.name) ?? [])),
    ...others.map(gate => chartOfFindings(gate, found.get(gate.name) ?? [])),
  ]
}

function timeRange(charts: Charts | null, drawn: readonly ChartData[]): { readonly from: number; readonly to: number } {
  const times = drawn.flatMap(({ lines }) => lines.flatMap(({ points }) => points.map(([at]) => at)))
  const hasHistory = charts !== null && charts.noHistory === undefined
  const from = Math.min(...times, ...(hasHistory ? [charts.from] : []))
  const to = Math.max(...times, ...(hasHistory ? [charts.to] : []))
  return Number.isFinite(from) ? { from, to: Math.max(to, from + 10_000) } : { from: 0, to: 1 }
}

interface DrawnProps {
  readonly chart: ChartData
  readonly from: number
  readonly to: number
}

const Drawn = ({ chart, from, to }: DrawnProps): JSX.Element => (
  <>
    {chart.sentence !== undefined && <p class="muted">{chart.sentence}.</p>}
    {chart.lines.length > 0 && <Chart chart={chart} from={from} to={to} />}
  </>
)

interface GateProps {
  readonly gate: GateView
  readonly children: preact.ComponentChildren
}

const Gate = ({ gate, children }: GateProps): JSX.Element => (
  <div class={`gate verdict-${gate.verdict ?? 'none'}`}>
    <h3>
      <ToneIcon tone={toneOfVerdict(gate.verdict)} />
      {gate.name}
      <span class="verdict">{gate.verdict === null ? 'not checked yet' : verdictWords[gate.verdict]}</span>
    </h3>
    <p class="figures">
      {gate.kind === 'metric' && <b>{gate.value === null ? 'no value' : valueInWords(gate.value, gate.unit)}</b>}
      {limitsInWords(gate) !== '' && <span>limit {limitsInWords(gate)}</span>}
      {gate.requests !== null && (
        <span>
          {gate.requests} {gate.requests === 1 ? 'request' : 'requests'}
        </span>
      )}
      {gate.dryRun && <span>never decides (dryRun)</span>}
      {gate.at !== null && <Clock time={gate.at} />}
    </p>
    {gate.message !== '' && gate.verdict !== 'pass' && <p class="sentence">{gate.message}</p>}
    {children}
  </div>
)
