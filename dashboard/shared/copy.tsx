/** A command to paste, with a button that copies it. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'

export function Command({ text, name }: { readonly text: string; readonly name: string }): JSX.Element {
  const said = useSignal('Copy')
  const copy = async (): Promise<void> => {
    try {
      await navigator.clipboard.writeText(text)
      said.value = 'Copied'
    } catch {
      // Without HTTPS, or without the right, browsers give no clipboard.
      said.value = 'Select it and copy'
    }
    setTimeout(() => {
      said.value = 'Copy'
    }, 2000)
  }
  return (
    <div class="command">
      <code tabIndex={0} role="group" aria-label={name}>
        {text}
      </code>
      <button type="button" class="quiet" onClick={() => void copy()} aria-label={`${said.value} ${name}`}>
        {said.value}
      </button>
    </div>
  )
}
