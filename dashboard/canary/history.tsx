/** The last runs, and which of them the charts show. */
import type { JSX } from 'preact'
import { lengthInWords } from '../../src/core/view/text.ts'
import type { View } from '../../src/core/view/view.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { dayAndTime, outcomeTones } from '../shared/words.ts'
import { chartedRun } from '../state/following.ts'

const outcomeWords = { Succeeded: 'Promoted', Failed: 'Rolled back', Withdrawn: 'Withdrawn', Superseded: 'Superseded' }

export function History({ view: { history } }: { readonly view: View }): JSX.Element | null {
  if (history.length === 0) return null
  return (
    <section class="panel" aria-labelledby="history">
      <h2 id="history">History</h2>
      <div class="scroll" tabIndex={0} role="group" aria-labelledby="history">
        <table class="plain">
          <thead>
            <tr>
              <th scope="col">Outcome</th>
              <th scope="col">Revision</th>
              <th scope="col">Started</th>
              <th scope="col">Took</th>
              <th scope="col">Highest</th>
              <th scope="col">What decided</th>
              <th scope="col">
                <span class="unseen">Charts</span>
              </th>
            </tr>
          </thead>
          <tbody>
            {history.map(run => (
              <tr key={run.id}>
                <td class="together">
                  <ToneIcon tone={outcomeTones[run.outcome]} /> {outcomeWords[run.outcome]}
                </td>
                <td>
                  <code>{run.revision}</code>
                </td>
                <td class="together">{dayAndTime(Date.parse(run.startedAt))}</td>
                <td>{lengthInWords(run.durationSeconds * 1000)}</td>
                <td class="together">{run.highest} %</td>
                <td class="wide">{run.message}</td>
                <td>
                  <button
                    type="button"
                    class="quiet"
                    aria-pressed={chartedRun.value === run.id}
                    aria-label={`Charts of the run of ${run.revision}`}
                    onClick={() => {
                      chartedRun.value = chartedRun.value === run.id ? null : run.id
                    }}
                  >
                    Charts
                  </button>
                </td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </section>
  )
}
