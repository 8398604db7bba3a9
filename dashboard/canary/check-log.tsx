/** What the checks and the controller said since the page was opened. */
import type { JSX } from 'preact'
import { memo } from '../shared/memo.ts'
import { toneOfVerdict, ToneIcon } from '../shared/icons.tsx'
import { Clock } from '../shared/time.tsx'
import { verdictWords } from '../shared/words.ts'
import type { LogEntry } from '../state/check-log.ts'

export const CheckLog = memo(function CheckLog({
  entries,
}: {
  readonly entries: readonly LogEntry[]
}): JSX.Element | null {
  if (entries.length === 0) return null
  return (
    <section class="panel log" aria-labelledby="log">
      <h2 id="log">Checks as they come</h2>
      <ol tabIndex={0} aria-labelledby="log" class="entries">
        {entries.map(entry => (
          <li key={entry.key}>
            <Clock time={new Date(entry.at).toISOString()} />
            {entry.gate === '' ? <span class="verdict">release</span> : <Verdict entry={entry} />}
            <span class="sentence">
              {!entry.sentence.includes(entry.gate) && `${entry.gate}: `}
              {entry.sentence}
            </span>
          </li>
        ))}
      </ol>
    </section>
  )
})

const Verdict = ({ entry: { verdict } }: { readonly entry: LogEntry }): JSX.Element => (
  <span class="verdict">
    <ToneIcon tone={toneOfVerdict(verdict)} /> {verdict === null ? '' : verdictWords[verdict]}
  </span>
)
