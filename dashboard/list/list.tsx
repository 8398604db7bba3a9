/** All canaries that the caller may see. */
import { useComputed, useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { Loading, Notice } from '../shared/notice.tsx'
import { AskForNamespace } from '../sign-in.tsx'
import { connection, more, rows } from '../state/following.ts'
import type { WhoAmI } from '../../src/server/dashboard/protocol.ts'
import { Filters } from './filters.tsx'
import { type Filter, NO_FILTER, ordered, type Sort } from './order.ts'
import { Row } from './row.tsx'

/** Outside of the component: who comes back from one canary finds the list as it was. */
const chosen = { filter: NO_FILTER, sort: 'attention' as Sort }

const columns: readonly { readonly key: string; readonly title: string; readonly sort: Sort | null }[] = [
  { key: 'state', title: 'State', sort: 'attention' },
  { key: 'name', title: 'Canary', sort: 'name' },
  { key: 'weight', title: 'Weight', sort: 'weight' },
  { key: 'step', title: 'Step', sort: null },
  { key: 'release', title: 'Release', sort: null },
  { key: 'message', title: 'Message', sort: null },
  { key: 'started', title: 'Run since', sort: 'started' },
]

export function List({ who }: { readonly who: WhoAmI }): JSX.Element {
  const filter = useSignal<Filter>(chosen.filter)
  const sort = useSignal<Sort>(chosen.sort)
  const shown = useComputed(() => {
    chosen.filter = filter.value
    chosen.sort = sort.value
    return ordered([...(rows.value?.values() ?? [])], filter.value, sort.value)
  })
  const { namespaces } = who
  if (namespaces.kind === 'unknown') {
    return (
      <Notice tone="person" title="No namespace to show">
        <AskForNamespace sentence={namespaces.sentence} />
      </Notice>
    )
  }
  const { value: link } = connection
  if (link.state === 'ended') return <Ended />
  if (rows.value === null) return <Loading what="Reading canaries" />
  if (rows.value.size === 0) return <Empty who={who} />
  return (
    <>
      <h1 class="unseen">Canaries</h1>
      <Filters rows={[...rows.value.values()]} filter={filter} sort={sort} />
      <table role="table" class="canaries" aria-label="Canaries">
        <thead role="rowgroup">
          <tr role="row">
            {columns.map(column => (
              <th
                key={column.key}
                role="columnheader"
                scope="col"
                class={column.key}
                aria-sort={
                  column.sort === sort.value ? (isDescending(column.sort) ? 'descending' : 'ascending') : undefined
                }
              >
                {column.sort === null ? (
                  column.title
                ) : (
                  <SortButton title={column.title} sort={column.sort} chosen={sort} />
                )}
              </th>
            ))}
          </tr>
        </thead>
        <tbody role="rowgroup">
          {shown.value.map(row => (
            <Row key={`${row.namespace}/${row.name}`} row={row} />
          ))}
        </tbody>
      </table>
      <p class="below" role="status">
        {shown.value.length === rows.value.size ? '' : `${shown.value.length} of ${rows.value.size} canaries shown. `}
        {more.value > 0 ? `${more.value} more are not listed: name namespaces with ?ns=NAME. ` : ''}
        {namespaces.kind === 'some' && namespaces.more > 0
          ? `${namespaces.more} more namespaces were not asked for: name them with ?ns=NAME.`
          : ''}
      </p>
    </>
  )
}

const isDescending = (sort: Sort): boolean => sort === 'weight' || sort === 'started'

interface SortButtonProps {
  readonly title: string
  readonly sort: Sort
  readonly chosen: { value: Sort }
}

const SortButton = ({ title, sort, chosen: current }: SortButtonProps): JSX.Element => (
  <button
    type="button"
    class="sort"
    onClick={() => {
      current.value = sort
    }}
  >
    {title}
    {current.value === sort && <span aria-hidden="true"> {isDescending(sort) ? '▾' : '▴'}</span>}
  </button>
)

function Empty({ who: { namespaces } }: { readonly who: WhoAmI }): JSX.Element {
  const where = namespaces.kind === 'some' ? ` in ${namespaces.names.join(', ')}` : ''
  return (
    <Notice tone="good" title={`No canaries${where}`}>
      <p>
        A Canary names a Deployment and how a new revision of it is released. It appears here as soon as it is applied.
      </p>
    </Notice>
  )
}

/** The server does not list canaries for this caller. */
function Ended(): JSX.Element | null {
  const { value: link } = connection
  if (link.state !== 'ended') return null
  const { code, sentence } = link.trouble
  if (code === 'forbidden') {
    return (
      <Notice tone="stalled" title="You may not list these canaries">
        <AskForNamespace sentence={sentence} />
      </Notice>
    )
  }
  const title =
    code === 'not-installed' ? 'Sluice is not installed in this cluster' : 'The server does not list canaries'
  return (
    <Notice tone="stalled" title={title}>
      <p>{sentence}.</p>
    </Notice>
  )
}
