/** What a person can do now. Each command is confirmed with its effect; what would be refused says why. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import type { ActionView, RefusalView } from '../../src/core/view/view.ts'
import type { CanaryDetail, Rights } from '../../src/server/dashboard/protocol.ts'
import { actionWords, commandWord, isStopping } from '../shared/words.ts'
import { Confirmation } from './confirmation.tsx'

interface CommandsProps {
  readonly canary: CanaryDetail
  /** null: not told yet. */
  readonly rights: Rights | null
}

/** A command on its way. */
interface Sent {
  readonly id: string
  readonly what: string
}

/** What became of it: the controller writes it to the status. */
function answerTo({ id, what }: Sent, { commands }: CanaryDetail): string {
  const answer = commands.find(one => one.id === id)
  if (answer === undefined) return `${what} is sent; the controller answers in a moment`
  return `${what} ${answer.outcome === 'done' ? 'was done' : 'was refused'}${answer.reason === '' ? '' : `: ${answer.reason}`}`
}

export function Commands({ canary, rights }: CommandsProps): JSX.Element {
  const asked = useSignal<ActionView | null>(null)
  const sent = useSignal<Sent | null>(null)
  const { view } = canary
  const isFor = (action: ActionView): boolean => rights?.commands.includes(action.command) === true
  const mayNot = rights !== null && rights.commands.length === 0
  return (
    <section class="commands" aria-label="Commands">
      {!mayNot && (
        <div class="buttons">
          {inOrder(view.actions).map(action => (
            <button
              key={`${action.command} ${action.terms}`}
              type="button"
              class={classOf(action, view.tone === 'person')}
              disabled={!isFor(action)}
              title={action.effect}
              onClick={() => {
                asked.value = action
                sent.value = null
              }}
            >
              {actionWords(action)}
            </button>
          ))}
        </div>
      )}
      {mayNot && <p class="muted">No commands: {rights.whyNone ?? 'you have no right to give any'}.</p>}
      <p class="sent" role="status">
        {sent.value !== null && answerTo(sent.value, canary)}
      </p>
      {!mayNot && <NotNow refusals={view.refusals} />}
      {asked.value !== null && (
        <Confirmation
          canary={canary}
          action={asked.value}
          closed={id => {
            const { value: action } = asked
            sent.value = id === null || action === null ? null : { id, what: actionWords(action) }
            asked.value = null
          }}
        />
      )}
    </section>
  )
}

/** The full promotion leaves checks out, so it comes after the other commands, beside those that stop. */
function inOrder(actions: readonly ActionView[]): ActionView[] {
  const rank = ({ command, terms }: ActionView): number => (isStopping(command) ? 2 : terms === 'full' ? 1 : 0)
  return actions.toSorted((a, b) => rank(a) - rank(b))
}

function classOf(action: ActionView, isAwaited: boolean): string {
  if (isStopping(action.command)) return 'stopping'
  const continues = action.command === 'resume' || (action.command === 'approve' && action.terms === '')
  return isAwaited && continues ? 'primary' : ''
}

const NotNow = ({ refusals }: { readonly refusals: readonly RefusalView[] }): JSX.Element | null =>
  refusals.length === 0 ? null : (
    <details class="not-now">
      <summary>Not possible now: {refusals.map(({ command }) => commandWord(command)).join(', ')}</summary>
      <ul>
        {refusals.map(({ command, because }) => (
          <li key={command}>
            <b>{commandWord(command)}</b>: {because}
          </li>
        ))}
      </ul>
    </details>
  )
