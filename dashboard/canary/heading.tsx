/** The answer at one glance: is it going well, what is waited for, what comes next. */
import type { JSX } from 'preact'
import { revisionInWords, waitedFor } from '../../src/core/view/text.ts'
import type { View } from '../../src/core/view/view.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { Clock, NotBefore, Since } from '../shared/time.tsx'
import { toneWords } from '../shared/words.ts'
import { now } from '../state/clock.ts'

export function Heading({ view }: { readonly view: View }): JSX.Element {
  const { name, tone, phase, run, step, message } = view
  return (
    <header class={`heading tone-${tone}`}>
      <div class="title">
        <h1>{name}</h1>
        <span class={`badge tone-${tone}`}>
          <ToneIcon tone={tone} /> {toneWords[tone]}
        </span>
        <Facts view={view} />
      </div>
      <p class="sentence">{message === '' ? (phase ?? 'The controller has not seen this Canary yet') : message}</p>
      <dl class="answers">
        <Waiting view={view} />
        <Next view={view} />
        <RollsBack view={view} />
        {run !== null && (
          <Answer term="Run">
            {revisionInWords(run.candidate, view.sides.canary.images)}, for <Since time={run.startedAt} />
            {step !== '' && <>, step {step.replace('/', ' of ')}</>}
          </Answer>
        )}
      </dl>
    </header>
  )
}

const Facts = ({
  view: { phase, strategy, provider, paused, isCurrent, sticky },
}: {
  readonly view: View
}): JSX.Element => (
  <ul class="facts" aria-label="Facts">
    {phase !== null && <li>{phase}</li>}
    {strategy !== 'none' ? <li>{strategy}</li> : <li>without analysis</li>}
    {provider !== null && <li>{provider}</li>}
    {sticky && <li>callers stay with their side</li>}
    {paused && <li>paused</li>}
    {!isCurrent && phase !== null && <li>status is of an earlier spec</li>}
  </ul>
)

interface AnswerProps {
  readonly term: string
  readonly children: preact.ComponentChildren
}

const Answer = ({ term, children }: AnswerProps): JSX.Element => (
  <div>
    <dt>{term}</dt>
    <dd>{children}</dd>
  </div>
)

function Waiting({ view: { waiting, message } }: { readonly view: View }): JSX.Element | null {
  if (waiting === null) return null
  const lasted = waitedFor(waiting, now.value)
  const isSaid = waiting.for === message
  if (isSaid && lasted === '') return null
  return (
    <Answer term="Waiting">
      {[...(isSaid ? [] : [waiting.for]), ...(lasted === '' ? [] : [`for ${lasted}`])].join(', ')}
      {waiting.until !== null && (
        <>
          , until <Clock time={waiting.until} />
        </>
      )}
    </Answer>
  )
}

function Next({ view: { next } }: { readonly view: View }): JSX.Element | null {
  if (next === null) return null
  return (
    <Answer term="Next">
      {next.what}
      {next.notBefore !== null && (
        <>
          , not before <NotBefore time={next.notBefore} />
        </>
      )}
    </Answer>
  )
}

function RollsBack({ view: { rollsBackIf, failures } }: { readonly view: View }): JSX.Element | null {
  if (rollsBackIf === null) return null
  const { failuresLeft, nearLimits } = rollsBackIf
  return (
    <Answer term="Rolls back">
      after {failuresLeft} more failed {failuresLeft === 1 ? 'check' : 'checks'}
      {failures.counted > 0 && ` (${failures.counted} of ${failures.threshold ?? '?'} counted)`}
      {nearLimits.length > 0 && `; near a limit: ${nearLimits.join('; ')}`}
    </Answer>
  )
}
