/** The steps of the plan, with their times. */
import type { JSX } from 'preact'
import { isAhead, lengthInWords, weightInWords } from '../../src/core/view/text.ts'
import type { StepState, StepView, Tone, View } from '../../src/core/view/view.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { Clock, NotBefore } from '../shared/time.tsx'
import { stepWords } from '../shared/words.ts'

const tones: Readonly<Record<StepState, Tone>> = {
  done: 'good',
  now: 'working',
  next: 'waiting',
  'to come': 'unknown',
  skipped: 'unknown',
  'not reached': 'unknown',
  failed: 'failed',
}

export function Steps({ view: { steps } }: { readonly view: View }): JSX.Element | null {
  if (steps.length === 0) return null
  return (
    <section class="panel steps" aria-labelledby="steps">
      <h2 id="steps">Steps</h2>
      <ol>
        {steps.map(step => (
          <li
            key={step.number}
            class={`step ${step.state.replace(' ', '-')}`}
            aria-current={step.state === 'now' ? 'step' : undefined}
          >
            <span class="weight">{weightInWords(step)}</span>
            <span class="state">
              <ToneIcon tone={tones[step.state]} /> {stepWords[step.state]}
            </span>
            <Times step={step} />
          </li>
        ))}
      </ol>
    </section>
  )
}

function Times({ step }: { readonly step: StepView }): JSX.Element {
  const { iterations, since, notBefore, approve, state, holdSeconds } = step
  return (
    <span class="times">
      {iterations.of > 1 && (
        <span>
          {iterations.passed} of {iterations.of} iterations
        </span>
      )}
      {since !== null && (
        <span>
          since <Clock time={since} />
        </span>
      )}
      {notBefore !== null && (
        <span>
          not before <NotBefore time={notBefore} />
        </span>
      )}
      {isAhead(state) && (
        <span>
          at least {lengthInWords(holdSeconds * 1000)}
          {iterations.of > 1 ? ' each' : ''}
        </span>
      )}
      {approve && isAhead(state) && <span>then approval</span>}
    </span>
  )
}
