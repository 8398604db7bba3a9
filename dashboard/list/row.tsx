/** One canary in the list. Drawn again only when its row is another object. */
import type { JSX } from 'preact'
import { memo } from '../shared/memo.ts'
import { shortImage } from '../../src/core/view/text.ts'
import type { CanaryRow } from '../../src/server/dashboard/protocol.ts'
import { fragmentOf } from '../route.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { Since } from '../shared/time.tsx'
import { toneWords } from '../shared/words.ts'
import { WeightBar } from '../shared/weight-bar.tsx'

export const Row = memo(function Row({ row }: { readonly row: CanaryRow }): JSX.Element {
  const { namespace, name, view } = row
  const { traffic } = view
  return (
    <tr role="row">
      <td role="cell" class="state">
        <ToneIcon tone={view.tone} />
        <span class={`tone-${view.tone}`}>{toneWords[view.tone]}</span>
      </td>
      <th role="rowheader" scope="row" class="name">
        <a href={fragmentOf(namespace, name)}>{name}</a>
        <span class="namespace">{namespace}</span>
      </th>
      <td role="cell" class="weight">
        {view.run !== null || traffic.requested > 0 ? <WeightBar traffic={traffic} /> : <span class="none">–</span>}
      </td>
      <td role="cell" class="step">
        {view.step}
      </td>
      <td role="cell" class="release">
        <Release row={row} />
      </td>
      <td role="cell" class="message">
        {view.message}
      </td>
      <td role="cell" class="started">
        {view.run !== null && <Since time={view.run.startedAt} />}
      </td>
    </tr>
  )
})

/** What serves, and in a run what is to follow it. */
function Release({ row }: { readonly row: CanaryRow }): JSX.Element {
  const { primary, canary } = row.view.sides
  const [from, to] = [primary, canary].map(({ images: [image], revision }) =>
    image === undefined ? (revision ?? '') : shortImage(image),
  )
  if (row.view.run === null || to === '' || to === from) return <code>{from}</code>
  return (
    <>
      <code>{from}</code> <span aria-label="to">→</span> <code>{to}</code>
    </>
  )
}
