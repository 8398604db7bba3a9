/** Asks before a command is sent: what it does, and why it is given. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { ActionView } from '../../src/core/view/view.ts'
import type { CanaryDetail, CommandRequest, CommandSent } from '../../src/server/dashboard/protocol.ts'
import { call } from '../connection/call.ts'
import { Command } from '../shared/copy.tsx'
import { actionWords, isStopping } from '../shared/words.ts'
import { connection, trouble } from '../state/following.ts'
import { isRefusedToken, signOut } from '../state/session.ts'

interface ConfirmationProps {
  readonly canary: CanaryDetail
  readonly action: ActionView
  /** Told once. `id` of the command that was sent; null when none was. */
  readonly closed: (id: string | null) => void
}

const LONGEST_WHY = 200

export function Confirmation({ canary, action, closed }: ConfirmationProps): JSX.Element {
  const dialog = useRef<HTMLDialogElement>(null)
  const why = useRef<HTMLInputElement>(null)
  const problem = useSignal('')
  const isSending = useSignal(false)
  // As it was when it was asked for: what is confirmed must not change while it is read.
  const asked = useRef({ canary, action }).current
  useEffect(() => {
    const opener = document.activeElement
    dialog.current?.showModal()
    why.current?.focus()
    return () => {
      if (opener instanceof HTMLElement && opener.isConnected) opener.focus()
      else document.getElementById('main')?.focus()
    }
  }, [])
  const title = `${actionWords(asked.action)}: ${asked.canary.namespace}/${asked.canary.name}`
  const isChanged = canary.view.run?.id !== asked.canary.view.run?.id || !isStillPossible(canary, asked.action)

  const submit = async (event: Event): Promise<void> => {
    event.preventDefault()
    if (isSending.value) return
    isSending.value = true
    const answer = await call<CommandSent>('POST', pathOf(asked.canary), requestFor(asked, why.current?.value ?? ''))
    isSending.value = false
    if ('value' in answer) return closed(answer.value.id)
    if (isRefusedToken(answer.trouble)) return signOut(answer.trouble)
    problem.value = `Not sent: ${answer.trouble.sentence}`
  }

  return (
    <dialog ref={dialog} aria-labelledby="confirm-title" aria-describedby="confirm-effect" onClose={() => closed(null)}>
      <form onSubmit={event => void submit(event)} class="stacked">
        <h2 id="confirm-title">{title}</h2>
        <div id="confirm-effect">
          <p class="effect">{asked.action.effect}.</p>
          {asked.action.unless !== null && <p class="muted">It may be refused: {asked.action.unless}.</p>}
        </div>
        {isChanged && <p class="problem">The canary has changed since this was opened: the command may be refused.</p>}
        {(trouble.value !== null || connection.value.state === 'lost') && (
          <p class="problem">What is shown may be old: the connection is in trouble.</p>
        )}
        <label for="why">Reason (recorded with your name)</label>
        <input id="why" ref={why} type="text" maxLength={LONGEST_WHY} autocomplete="off" />
        <p class="problem" role="alert">
          {problem.value}
        </p>
        <div class="buttons">
          <button
            type="submit"
            class={isStopping(asked.action.command) ? 'stopping' : 'primary'}
            disabled={isSending.value}
          >
            {actionWords(asked.action)}
          </button>
          <button type="button" onClick={() => dialog.current?.close()}>
            Cancel
          </button>
        </div>
        <details>
          <summary>The same in a terminal</summary>
          <Command text={asked.action.sluice} name="the command of sluice" />
          <Command text={asked.action.kubectl} name="the command of kubectl" />
        </details>
      </form>
    </dialog>
  )
}

const isStillPossible = ({ view }: CanaryDetail, { command, terms }: ActionView): boolean =>
  view.actions.some(one => one.command === command && one.terms === terms)

const pathOf = ({ namespace, name }: CanaryDetail): string =>
  `/api/canaries/${encodeURIComponent(namespace)}/${encodeURIComponent(name)}/commands`

/** The revision that the command in the terminal would name too. */
function requestFor({ action }: Pick<ConfirmationProps, 'canary' | 'action'>, typed: string): CommandRequest {
  const why = typed.replaceAll(/\p{Cc}+/gu, ' ').trim()
  const revision = /\brevision=([0-9a-f]+)/.exec(action.kubectl)?.[1]
  return {
    command: action.command,
    ...(why === '' ? {} : { why }),
    ...(revision === undefined ? {} : { revision }),
    ...(action.terms === 'full' ? { full: true } : {}),
  }
}
