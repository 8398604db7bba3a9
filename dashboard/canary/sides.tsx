/** What both sides run, how much of the traffic each gets, and why pods are not ready. */
import type { JSX } from 'preact'
import { podsInWords, trafficInWords } from '../../src/core/view/text.ts'
import type { SideView, View } from '../../src/core/view/view.ts'
import { ToneIcon } from '../shared/icons.tsx'
import { WeightBar } from '../shared/weight-bar.tsx'

export function Sides({ view }: { readonly view: View }): JSX.Element {
  const { traffic, sides } = view
  const { requested, carried, among } = traffic
  const rest = (share: number): number => Math.round((100 - share) * 10) / 10
  const ofPrimary = among === 'all requests' ? `${rest(carried ?? requested)} %` : 'all other requests'
  return (
    <section class="panel sides" aria-labelledby="traffic">
      <h2 id="traffic">Traffic and pods</h2>
      <dl class="shares">
        <div>
          <dt>Requested for the canary</dt>
          <dd>{trafficInWords(traffic)}</dd>
        </div>
        <div>
          <dt>Carried by the routes</dt>
          <dd>{carried === null ? 'not read' : `${carried} %`}</dd>
        </div>
      </dl>
      <WeightBar traffic={traffic} />
      <div class="both">
        <Side title="Primary" share={ofPrimary} side={sides.primary} />
        <Side title="Canary" share={`${carried ?? requested} %`} side={sides.canary} />
      </div>
    </section>
  )
}

interface SideProps {
  readonly title: string
  readonly share: string
  readonly side: SideView
}

function Side({ title, share, side: { workload, revision, images, pods } }: SideProps): JSX.Element {
  return (
    <div class="side">
      <h3>
        {title} <span class="share">{share}</span>
      </h3>
      <p>
        {workload.kind} <b>{workload.name}</b>
      </p>
      <p>
        <code>{revision ?? 'revision not known'}</code>
      </p>
      {images.map(image => (
        <p key={image}>
          <code class="image">{image}</code>
        </p>
      ))}
      {pods === null ? (
        <p class="muted">pods not read</p>
      ) : (
        <>
          <p class={pods.ready < pods.desired ? 'lacking' : undefined}>
            {pods.ready < pods.desired && <ToneIcon tone="waiting" />} {podsInWords({ ...pods, troubles: [] })}
          </p>
          <ul class="troubles">
            {pods.troubles.map(({ reason, count, image, message, restarts }) => (
              <li key={`${reason} ${image}`}>
                <ToneIcon tone="failed" />
                <span>
                  <b>
                    {count} × {reason}
                  </b>
                  {image !== '' && <code class="image"> {image}</code>}
                  {restarts > 0 && `, ${restarts} ${restarts === 1 ? 'restart' : 'restarts'}`}
                  {message !== '' && <span class="muted"> {message}</span>}
                </span>
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}
