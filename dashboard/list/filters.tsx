/** Above the list: how many canaries are in which tone, and what narrows the list. */
import type { Signal } from '@preact/signals'
import type { JSX } from 'preact'
import type { Tone } from '../../src/core/view/view.ts'
import type { CanaryRow } from '../../src/server/dashboard/protocol.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { toneWords } from '../shared/words.ts'
import { ATTENTION, countTones, type Filter, type Sort, SORTS } from './order.ts'

interface FiltersProps {
  readonly rows: readonly CanaryRow[]
  readonly filter: Signal<Filter>
  readonly sort: Signal<Sort>
}

export const sortWords: Readonly<Record<Sort, string>> = {
  attention: 'Attention needed',
  name: 'Name',
  namespace: 'Namespace',
  weight: 'Weight',
  started: 'Latest run',
}

export function Filters({ rows, filter, sort }: FiltersProps): JSX.Element {
  const counts = countTones(rows)
  const namespaces = [...new Set(rows.map(row => row.namespace))].toSorted()
  const choose = (tone: Tone | null) => (): void => {
    filter.value = { ...filter.value, tone }
  }
  return (
    <search class="filters">
      <fieldset class="tones">
        <legend class="unseen">State</legend>
        <button type="button" aria-pressed={filter.value.tone === null} onClick={choose(null)}>
          All <b>{rows.length}</b>
        </button>
        {ATTENTION.filter(tone => counts.has(tone) || filter.value.tone === tone).map(tone => (
          <button key={tone} type="button" aria-pressed={filter.value.tone === tone} onClick={choose(tone)}>
            <ToneIcon tone={tone} /> {toneWords[tone]} <b>{counts.get(tone) ?? 0}</b>
          </button>
        ))}
      </fieldset>
      <label class="grow">
        <span class="unseen">Filter by name, image or message</span>
        <input
          type="search"
          placeholder="Filter by name, image or message"
          value={filter.value.text}
          spellcheck={false}
          onInput={event => {
            filter.value = { ...filter.value, text: event.currentTarget.value }
          }}
        />
      </label>
      {namespaces.length > 1 && (
        <label>
          <span class="unseen">Namespace</span>
          <select
            value={filter.value.namespace}
            onChange={event => {
              filter.value = { ...filter.value, namespace: event.currentTarget.value }
            }}
          >
            <option value="">All namespaces</option>
            {namespaces.map(name => (
              <option key={name} value={name}>
                {name}
              </option>
            ))}
          </select>
        </label>
      )}
      <label class="sort-choice">
        <span>Sort</span>
        <select
          value={sort.value}
          onChange={event => {
            sort.value = event.currentTarget.value as Sort
          }}
        >
          {SORTS.map(one => (
            <option key={one} value={one}>
              {sortWords[one]}
            </option>
          ))}
        </select>
      </label>
    </search>
  )
}
