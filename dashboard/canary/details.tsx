/** What is read only when it is opened: pods, the difference of the templates, objects, events, conditions. */
import { useSignal } from '@preact/signals'
import type { ComponentChildren, JSX } from 'preact'
import { lengthInWords } from '../../src/core/view/text.ts'
import type {
  CanaryDetail,
  CanaryEvents,
  ManagedObjects,
  Pod,
  Pods,
  TemplateDiff,
} from '../../src/server/dashboard/protocol.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { dayAndTime } from '../shared/words.ts'
import { serverTime } from '../state/clock.ts'
import { useLoaded } from './loaded.ts'

const AGAIN = 10_000

export function Details({ canary }: { readonly canary: CanaryDetail }): JSX.Element {
  const base = `/api/canaries/${encodeURIComponent(canary.namespace)}/${encodeURIComponent(canary.name)}`
  return (
    <section class="details" aria-label="Details">
      <Loaded<Pods> title="Pods" path={`${base}/pods`} draw={pods => <PodTables pods={pods} />} />
      <Loaded<TemplateDiff>
        title="Template: promoted against candidate"
        path={`${base}/diff`}
        draw={diff => <Diff diff={diff} />}
      />
      <Loaded<CanaryEvents> title="Events" path={`${base}/events`} draw={events => <Events events={events} />} />
      <Loaded<ManagedObjects>
        title="Objects"
        path={`${base}/objects`}
        draw={objects => <Objects objects={objects} />}
      />
      <details class="panel">
        <summary>Conditions</summary>
        <Table title="Conditions" columns={['Type', 'Status', 'Reason', 'Message']}>
          {canary.view.conditions.map(({ type, status, reason, message }) => (
            <tr key={type}>
              <td>{type}</td>
              <td>{status}</td>
              <td>{reason}</td>
              <td class="wide">{message}</td>
            </tr>
          ))}
        </Table>
      </details>
    </section>
  )
}

interface LoadedProps<T> {
  readonly title: string
  readonly path: string
  readonly draw: (value: T) => JSX.Element
}

function Loaded<T>({ title, path, draw }: LoadedProps<T>): JSX.Element {
  const isOpen = useSignal(false)
  const answer = useLoaded<T>(path, isOpen.value, AGAIN).value
  return (
    <details
      class="panel"
      onToggle={event => {
        isOpen.value = event.currentTarget.open
      }}
    >
      <summary>{title}</summary>
      {answer === null && <p class="muted">Reading…</p>}
      {answer !== null && 'trouble' in answer && <p class="problem">{answer.trouble.sentence}.</p>}
      {answer !== null && 'value' in answer && draw(answer.value)}
    </details>
  )
}

interface TableProps {
  readonly title: string
  readonly columns: readonly string[]
  readonly children: ComponentChildren
}

/** Wider than a telephone is scrolled by itself, so that the page is not. */
const Table = ({ title, columns, children }: TableProps): JSX.Element => (
  <div class="scroll" tabIndex={0} role="group" aria-label={title}>
    <table class="plain">
      <thead>
        <tr>
          {columns.map(column => (
            <th key={column} scope="col">
              {column}
            </th>
          ))}
        </tr>
      </thead>
      <tbody>{children}</tbody>
    </table>
  </div>
)

const PodTables = ({ pods }: { readonly pods: Pods }): JSX.Element => (
  <>
    {pods.sentence !== undefined && <p class="muted">{pods.sentence}.</p>}
    {pods.sentence === undefined && (
      <>
        <h3>Canary</h3>
        <PodTable side="Pods of the canary" pods={pods.canary} />
        <h3>Primary</h3>
        <PodTable side="Pods of the primary" pods={pods.primary} />
      </>
    )}
    {pods.more > 0 && <p class="muted">{pods.more} more pods are not shown.</p>}
  </>
)

const PodTable = ({ side, pods }: { readonly side: string; readonly pods: readonly Pod[] }): JSX.Element =>
  pods.length === 0 ? (
    <p class="muted">No pods.</p>
  ) : (
    <Table title={side} columns={['Name', 'State', 'Ready', 'Restarts', 'Age', 'Image']}>
      {pods.map(({ name, state, ready, restarts, createdAt, image, message }) => (
        <tr key={name}>
          <td>
            <code>{name}</code>
          </td>
          <td>
            <span class="together">
              <ToneIcon tone={ready ? 'good' : state === 'Running' || state === 'Pending' ? 'waiting' : 'failed'} />{' '}
              {state}
            </span>
            {message !== undefined && <div class="muted">{message}</div>}
          </td>
          <td>{ready ? 'yes' : 'no'}</td>
          <td>{restarts}</td>
          <td>{lengthInWords(serverTime() - createdAt)}</td>
          <td>
            <code class="image">{image}</code>
          </td>
        </tr>
      ))}
    </Table>
  )

const marks = { ' ': 'same', '-': 'removed', '+': 'added', '…': 'left-out' } as const

function Diff({ diff: { promoted, candidate, lines, sentence } }: { readonly diff: TemplateDiff }): JSX.Element {
  if (sentence !== undefined) return <p class="muted">{sentence}.</p>
  return (
    <>
      <p class="muted">
        − promoted <code>{short(promoted)}</code>, + candidate <code>{short(candidate)}</code>
      </p>
      <pre class="diff" tabIndex={0} role="group" aria-label="Difference of the templates">
        {lines.map(({ mark, text }, index) => (
          // Lines have no identity but their place.
          // oxlint-disable-next-line no-array-index-key
          <span key={index} class={marks[mark]}>{`${mark} ${text}\n`}</span>
        ))}
      </pre>
    </>
  )
}

const short = (revision: string): string => revision.replace(/^h1:/, '').slice(0, 10)

const Events = ({ events: { items, sentence } }: { readonly events: CanaryEvents }): JSX.Element => (
  <>
    {sentence !== undefined && <p class="muted">{sentence}.</p>}
    {sentence === undefined && items.length === 0 && <p class="muted">No events: Kubernetes keeps them for an hour.</p>}
    {items.length > 0 && (
      <Table title="Events" columns={['Time', 'Type', 'Reason', 'Message']}>
        {items.map(({ at, type, reason, message, count }) => (
          <tr key={`${at} ${reason} ${message}`}>
            <td class="together">{dayAndTime(at)}</td>
            <td class="together">
              <ToneIcon tone={type === 'Normal' ? 'good' : 'stalled'} /> {type}
            </td>
            <td>{reason}</td>
            <td class="wide">
              {message}
              {count > 1 && <span class="muted"> ({count} times)</span>}
            </td>
          </tr>
        ))}
      </Table>
    )}
  </>
)

const objectTones = { present: 'good', absent: 'waiting', unread: 'unknown' } as const

const Objects = ({ objects: { items, unread } }: { readonly objects: ManagedObjects }): JSX.Element => (
  <>
    <Table title="Objects" columns={['Kind', 'Name', 'What it is for', 'State']}>
      {items.map(({ apiVersion, kind, name, role, state }) => (
        <tr key={`${apiVersion} ${kind} ${name}`}>
          <td>
            {kind} <span class="muted">{apiVersion}</span>
          </td>
          <td>
            <code>{name}</code>
          </td>
          <td>{role}</td>
          <td class="together">
            <ToneIcon tone={objectTones[state]} /> {state === 'unread' ? 'may not be read' : state}
          </td>
        </tr>
      ))}
    </Table>
    {unread.map(sentence => (
      <p key={sentence} class="muted">
        {sentence}.
      </p>
    ))}
  </>
)
