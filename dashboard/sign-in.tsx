/** Asking for a token, or for the link of `sluice dashboard`. What is typed is kept in memory alone. */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useRef } from 'preact/hooks'
import type { About } from '../src/server/dashboard/protocol.ts'
import type { Trouble } from './connection/call.ts'
import { Command } from './shared/copy.tsx'
import { Notice } from './shared/notice.tsx'
import { chooseNamespaces, signIn } from './state/session.ts'

interface SignInProps {
  readonly about: About
  readonly trouble: Trouble | null
}

export const SignIn = (props: SignInProps): JSX.Element =>
  props.about.mode === 'laptop' ? <AskForLink {...props} /> : <AskForToken {...props} />

function AskForLink({ trouble }: SignInProps): JSX.Element {
  const title = trouble === null ? 'Open the link of the terminal' : 'This link is no longer good'
  return (
    <Notice tone="person" title={title}>
      {trouble !== null && <p>{trouble.sentence}.</p>}
      <p>
        Each link works once, and a reload of the page needs another one. Open the newest link that
        <code>sluice dashboard</code> printed in the terminal.
      </p>
    </Notice>
  )
}

function AskForToken({ about, trouble }: SignInProps): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const problem = useSignal('')
  useEffect(() => input.current?.focus(), [])
  const submit = (event: Event): void => {
    event.preventDefault()
    const token = (input.current?.value ?? '').trim().replace(/^Bearer\s+/i, '')
    if (token === '' || /\s/.test(token)) {
      problem.value = token === '' ? 'Paste a token first' : 'A token has no spaces: paste one token alone'
      input.current?.focus()
      return
    }
    void signIn(about, token)
  }
  const said = problem.value || (trouble === null ? '' : trouble.sentence)
  return (
    <Notice tone="person" title="Sign in with a token of the cluster">
      <p>
        This page has no rights of its own: it reads and commands with your token. The token stays in the memory of this
        tab, and a reload asks for it again.
      </p>
      <form class="stacked" onSubmit={submit} autocomplete="off">
        <label for="token">Token</label>
        <input
          id="token"
          ref={input}
          class="secret"
          type="text"
          autocomplete="off"
          autocapitalize="off"
          spellcheck={false}
          aria-invalid={said !== ''}
          aria-describedby="token-problem"
        />
        <p id="token-problem" class="problem" role="alert">
          {said}
        </p>
        <button type="submit" class="primary">
          Sign in
        </button>
      </form>
      {about.tokenCommand !== undefined && (
        <>
          <p>This prints a token:</p>
          <Command text={about.tokenCommand} name="the command that prints a token" />
        </>
      )}
    </Notice>
  )
}

/** A field for namespaces: the viewer may not list them. */
export function AskForNamespace({ sentence }: { readonly sentence: string }): JSX.Element {
  const input = useRef<HTMLInputElement>(null)
  const submit = (event: Event): void => {
    event.preventDefault()
    const names = (input.current?.value ?? '').split(/[\s,]+/).filter(name => name !== '')
    if (names.length > 0) void chooseNamespaces(names)
  }
  return (
    <>
      <p>{sentence}.</p>
      <form class="stacked" onSubmit={submit}>
        <label for="namespace">Namespace</label>
        <input id="namespace" ref={input} type="text" autocomplete="off" autocapitalize="off" spellcheck={false} />
        <button type="submit" class="primary">
          Show its canaries
        </button>
      </form>
    </>
  )
}
