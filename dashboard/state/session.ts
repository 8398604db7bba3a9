/** Who looks: the token of this tab, asked for or exchanged for the link of `sluice dashboard`. A reload asks again. */
import { signal } from '@preact/signals'
import type { About, Session, WhoAmI } from '../../src/server/dashboard/protocol.ts'
import { call, type Trouble, useToken } from '../connection/call.ts'
import { linkIn, namespacesIn, queryFor } from '../route.ts'

export type SessionState =
  | { readonly state: 'starting' }
  /** The server of the page does not say what it is. */
  | { readonly state: 'away'; readonly trouble: Trouble }
  /** A token is asked for; on a laptop, a link. `trouble`: why, where it is not the first time. */
  | { readonly state: 'asking'; readonly about: About; readonly trouble: Trouble | null }
  /** `trouble`: who looks could not be asked, and is asked again. */
  | { readonly state: 'entering'; readonly about: About; readonly trouble: Trouble | null }
  | { readonly state: 'open'; readonly about: About; readonly who: WhoAmI }

export const session = signal<SessionState>({ state: 'starting' })

const RETRY = 2000

/** Takes the link out of the address, and begins. */
export async function start(): Promise<void> {
  const link = linkIn(location.hash)
  if (link !== null) history.replaceState(null, '', location.pathname + location.search)
  const about = await call<About>('GET', '/api/about')
  if ('trouble' in about) {
    session.value = { state: 'away', trouble: about.trouble }
    setTimeout(() => void restart(link), RETRY)
    return
  }
  await begin(about.value, link)
}

async function restart(link: string | null): Promise<void> {
  if (link !== null) history.replaceState(null, '', `#link=${encodeURIComponent(link)}`)
  await start()
}

async function begin(about: About, link: string | null): Promise<void> {
  if (about.mode === 'laptop') {
    if (link === null) return ask(about, null)
    const opened = await call<Session>('POST', '/api/session', { link })
    if ('trouble' in opened) return ask(about, opened.trouble)
    return enter(about, opened.value.token)
  }
  if (about.signedIn) return enter(about, null)
  return ask(about, null)
}

function ask(about: About, trouble: Trouble | null): void {
  useToken(null)
  session.value = { state: 'asking', about, trouble }
}

/** Enters with a token that a person gave. */
export async function signIn(about: About, token: string): Promise<void> {
  await enter(about, token)
}

/** Forgets the token and asks for another one. @param trouble why; null: the person wants to. */
export function signOut(trouble: Trouble | null): void {
  const { value } = session
  if ('about' in value) ask(value.about, trouble)
}

/** @param token null: a proxy adds it. */
async function enter(about: About, token: string | null): Promise<void> {
  useToken(token)
  session.value = { state: 'entering', about, trouble: null }
  await identify(about)
}

async function identify(about: About): Promise<void> {
  const who = await call<WhoAmI>('GET', `/api/whoami${queryFor(namespacesIn(location.search))}`)
  if ('value' in who) {
    session.value = { state: 'open', about, who: who.value }
    return
  }
  const { trouble } = who
  if (isRefusedToken(trouble)) return ask(about, trouble)
  // A broken API server says nothing about the token.
  session.value = { state: 'entering', about, trouble }
  setTimeout(() => {
    if (session.value.state === 'entering') void identify(about)
  }, RETRY)
}

/** Shows these namespaces; the address names them from now on. */
export async function chooseNamespaces(names: readonly string[]): Promise<void> {
  const { value } = session
  if (!('about' in value)) return
  history.replaceState(null, '', location.pathname + queryFor(names) + location.hash)
  session.value = { state: 'entering', about: value.about, trouble: null }
  await identify(value.about)
}

export const isRefusedToken = ({ code }: Trouble): boolean => code === 'no-token' || code === 'token-refused'
