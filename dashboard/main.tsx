/** The page: which screen is shown, and what is followed for it. */
import { effect, signal } from '@preact/signals'
import { type JSX, render } from 'preact'
import './styles/page.css'
import './styles/list.css'
import './styles/canary.css'
import { Canary } from './canary/canary.tsx'
import { List } from './list/list.tsx'
import { linkIn, type Route, routeOf } from './route.ts'
import { Bar, TroubleBars } from './shared/bars.tsx'
import { Loading, Notice } from './shared/notice.tsx'
import { SignIn } from './sign-in.tsx'
import { announcement, hide, show } from './state/following.ts'
import { session, signOut, start } from './state/session.ts'

const route = signal<Route>({ kind: 'list' })
const readRoute = (): void => {
  route.value = routeOf(location.hash)
}

function Screen(): JSX.Element {
  const { value } = session
  switch (value.state) {
    case 'starting':
      return <Loading what="Asking the server" />
    case 'away':
      return (
        <Notice tone="stalled" title="The server of this page is away">
          <p>{value.trouble.sentence}. Releases go on without it; it is asked again every two seconds.</p>
        </Notice>
      )
    case 'asking':
      return <SignIn about={value.about} trouble={value.trouble} />
    case 'entering':
      return value.trouble === null ? (
        <Loading what="Asking the API server who you are" />
      ) : (
        <>
          <Loading what="Asking the API server who you are" />
          <div class="bars" role="status">
            <Bar>{value.trouble.sentence}. It is asked again every two seconds; your token is kept.</Bar>
          </div>
        </>
      )
    case 'open':
      return (
        <>
          <TroubleBars />
          {route.value.kind === 'list' ? (
            <List who={value.who} />
          ) : (
            <Canary key={`${route.value.namespace}/${route.value.name}`} {...route.value} />
          )}
        </>
      )
  }
}

function Page(): JSX.Element {
  return (
    <>
      <a class="skip" href="#main" onClick={skip}>
        Skip to the content
      </a>
      <Top />
      <main id="main" tabIndex={-1}>
        <Screen />
      </main>
      <div class="unseen" aria-live="polite">
        {announcement.value}
      </div>
    </>
  )
}

/** The fragment is the route, so the link moves the focus itself. */
function skip(event: Event): void {
  event.preventDefault()
  document.getElementById('main')?.focus()
}

function Top(): JSX.Element {
  const { value } = session
  const about = 'about' in value ? value.about : null
  return (
    <header class="top">
      <a class="brand" href="#/">
        Sluice
      </a>
      {about?.context !== undefined && <span class="context">{about.context}</span>}
      {about?.readOnly === true && <span class="read-only">read only</span>}
      {value.state === 'open' && <span class="who">{value.who.user}</span>}
      {value.state === 'open' && value.about.mode === 'cluster' && !value.about.signedIn && (
        <button type="button" class="quiet" onClick={() => signOut(null)}>
          Sign out
        </button>
      )}
    </header>
  )
}

effect(() => {
  if (session.value.state === 'open') show(route.value)
  else hide()
})

effect(() => {
  const { value } = route
  document.title = value.kind === 'list' ? 'Canaries · Sluice' : `${value.name} · ${value.namespace} · Sluice`
})

// The link is taken out of the address before the address is read as a route.
const started = start()
readRoute()
addEventListener('hashchange', () => {
  // A link that is pasted into the address of this tab begins as in a new tab, which takes it out of the address.
  if (linkIn(location.hash) !== null) location.reload()
  else readRoute()
})
const home = document.getElementById('app')
if (home !== null) render(<Page />, home)
void started
