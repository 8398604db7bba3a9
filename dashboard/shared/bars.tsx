/** Bars above the content: what is shown may be old. They never replace what is known. */
import type { ComponentChildren, JSX } from 'preact'
import { clockTime, lengthInWords } from '../../src/core/view/text.ts'
import { now, serverTime } from '../state/clock.ts'
import { connection, lastNews, trouble } from '../state/following.ts'
import { ToneIcon } from './icons.tsx'
import { timeZone } from './words.ts'

/** Trouble of the connection and of the API server, if there is any. */
export function TroubleBars(): JSX.Element {
  const { value: link } = connection
  return (
    <div class="bars" role="status">
      {link.state === 'lost' && (
        <Bar>
          {link.trouble.sentence}. <Retry at={link.retryAt} /> <AsOf />
        </Bar>
      )}
      {trouble.value !== null && (
        <Bar>
          {trouble.value.sentence}. Releases go on without this page. <AsOf />
        </Bar>
      )}
    </div>
  )
}

export const Bar = ({ children }: { readonly children: ComponentChildren }): JSX.Element => (
  <p class="bar">
    <ToneIcon tone="stalled" />
    <span>{children}</span>
  </p>
)

function AsOf(): JSX.Element | null {
  const at = lastNews.value
  if (at === null) return null
  return <>What is shown is of {clockTime(new Date(at).toISOString(), timeZone)}.</>
}

/** `at` is by the clock of the browser. Not spoken: it changes every second. */
function Retry({ at }: { readonly at: number }): JSX.Element {
  const left = at - (Date.now() + (now.value - serverTime()))
  return <span aria-hidden="true">{left < 1000 ? 'Trying again.' : `Trying again in ${lengthInWords(left)}.`}</span>
}
