/** A screen, or a part of one, that has a sentence instead of content. */
import type { ComponentChildren, JSX } from 'preact'
import type { Tone } from '../../src/core/view/view.ts'
import { ToneIcon } from './icons.tsx'

interface NoticeProps {
  readonly tone: Tone
  readonly title: string
  readonly children?: ComponentChildren
}

/** Until there is something to show. */
export const Loading = ({ what }: { readonly what: string }): JSX.Element => <h1 class="loading">{what}…</h1>

export const Notice = ({ tone, title, children }: NoticeProps): JSX.Element => (
  <section class="notice">
    <h1>
      <ToneIcon tone={tone} /> {title}
    </h1>
    {children}
  </section>
)
