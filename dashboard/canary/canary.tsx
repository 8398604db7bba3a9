/** One canary: how it is doing, what it waits for, what can be done; then everything behind that. */
import type { JSX } from 'preact'
import type { CanaryDetail, Rights } from '../../src/server/dashboard/protocol.ts'
import { Loading, Notice } from '../shared/notice.tsx'
import { connection, detail, log, rights } from '../state/following.ts'
import { CheckLog } from './check-log.tsx'
import { Commands } from './commands.tsx'
import { Conditions } from './conditions.tsx'
import { Details } from './details.tsx'
import { Gates } from './gates.tsx'
import { Heading } from './heading.tsx'
import { History } from './history.tsx'
import { Sides } from './sides.tsx'
import { Steps } from './steps.tsx'

interface CanaryProps {
  readonly namespace: string
  readonly name: string
}

export function Canary({ namespace, name }: CanaryProps): JSX.Element {
  return (
    <>
      <nav class="path" aria-label="Path">
        <a href="#/">Canaries</a> <span aria-hidden="true">/</span> <span>{namespace}</span>
      </nav>
      <Content namespace={namespace} name={name} />
    </>
  )
}

function Content({ namespace, name }: CanaryProps): JSX.Element {
  const { value: link } = connection
  const { value: canary } = detail
  if (link.state === 'ended') {
    const title =
      link.trouble.code === 'forbidden' ? `You may not see Canary ${name}` : `Canary ${name} cannot be shown`
    return (
      <Notice tone="stalled" title={title}>
        <p>{link.trouble.sentence}.</p>
      </Notice>
    )
  }
  if (canary === undefined) return <Loading what={`Reading Canary ${name}`} />
  if (canary === null) {
    return (
      <Notice tone="unknown" title={`There is no Canary ${name} in namespace ${namespace}`}>
        <p>It appears here as soon as it is applied.</p>
      </Notice>
    )
  }
  return <Shown canary={canary} rights={rights.value} />
}

function Shown({
  canary,
  rights: may,
}: {
  readonly canary: CanaryDetail
  readonly rights: Rights | null
}): JSX.Element {
  const { view } = canary
  return (
    <article class="canary">
      <Heading view={view} />
      <Commands canary={canary} rights={may} />
      <Conditions view={view} />
      <Steps view={view} />
      <Sides view={view} />
      <Gates canary={canary} />
      <CheckLog entries={log.value} />
      <History view={view} />
      <Details canary={canary} />
    </article>
  )
}
