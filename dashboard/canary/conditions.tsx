/** What is wrong or was found: problems of the spec, warnings, kinds that may not be read. */
import type { JSX } from 'preact'
import type { View } from '../../src/core/view/view.ts'
import { ToneIcon } from '../shared/icons.tsx'

export function Conditions({ view: { problems, warnings, unread } }: { readonly view: View }): JSX.Element | null {
  if (problems.length + warnings.length + unread.length === 0) return null
  return (
    <section class="findings" aria-label="Findings">
      <ul>
        {problems.map(problem => (
          <li key={problem}>
            <ToneIcon tone="stalled" /> <span>Refused: {problem}</span>
          </li>
        ))}
        {warnings.map(warning => (
          <li key={warning}>
            <ToneIcon tone="waiting" /> <span>{warning}</span>
          </li>
        ))}
        {unread.length > 0 && (
          <li>
            <ToneIcon tone="unknown" />{' '}
            <span>You may not read {unread.join(', ')}: what depends on them is not told</span>
          </li>
        )}
      </ul>
    </section>
  )
}
