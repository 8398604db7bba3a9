import { expect } from 'chai'
import { kinds } from '../../../src/api/object.ts'
import { apexSelector, labelMode, primaryLabels, primarySelector } from '../../../src/core/render/labels.ts'
import type { Observation } from '../../../src/core/model/observation.ts'
import { canary, deployment, live, noSurroundings, object, observation, workload } from '../given-objects.ts'

const hpa = object(kinds.HorizontalPodAutoscaler, 'web', {
  spec: { scaleTargetRef: { kind: 'Deployment', name: 'web' } },
})
const unsettled = (more: Partial<Observation> = {}): Observation => {
  const o = observation(more)
  return { ...o, memory: { ...o.memory, labels: null } }
}
const withSelector = (matchLabels: object, more: object = {}) =>
  workload(deployment('web', { selector: { matchLabels, ...more } }))

/** The user's DestinationRule with the subsets v1 and v2. */
const rule = object(kinds.DestinationRule, 'web', {
  spec: {
    host: 'web',
    subsets: [
      { name: 'stable', labels: { version: 'v1' } },
      { name: 'next', labels: { version: 'v2' } },
    ],
  },
})
const bySubsets = (matchLabels: object): Observation =>
  observation({
    canary: canary({}, { destinationRule: { name: 'web', primarySubset: 'stable', canarySubset: 'next' } }),
    target: withSelector(matchLabels),
    live: live([kinds.DestinationRule, rule]),
  })

suite('how the primary is told from the target', () => {
  test('labels are kept, unless an autoscaler is on the target', () => {
    expect(labelMode(unsettled())).to.equal('keep')
    expect(labelMode(unsettled({ surroundings: { ...noSurroundings, autoscalers: [hpa] } }))).to.equal('switch')
  })

  test('the spec says it before anything was chosen, and what was chosen stays', () => {
    const asked = { canary: canary({ primary: { labels: 'switch' } }) }
    expect(labelMode(unsettled(asked))).to.equal('switch')
    expect(labelMode(observation(asked))).to.equal('keep')
    expect(labelMode(observation({ surroundings: { ...noSurroundings, autoscalers: [hpa] } }))).to.equal('keep')
  })

  test('a primary that serves says how it was made, whatever else was lost', () => {
    const made = (matchLabels: object) =>
      live([
        kinds.Deployment,
        deployment('web-primary', { selector: { matchLabels } }, { labels: { 'sluice.dev/canary': 'web' } }),
      ])
    const asked = { canary: canary({ primary: { labels: 'switch' } }) }
    expect(labelMode(unsettled({ ...asked, live: made({ app: 'web', 'sluice.dev/role': 'primary' }) }))).to.equal(
      'keep',
    )
    expect(labelMode(observation({ live: made({ app: 'web-primary' }) }))).to.equal('switch')
    expect(labelMode(observation({ live: made({ app: 'else' }) }))).to.equal('keep')
  })

  test('keep adds the role to labels and selector, and keeps expressions', () => {
    const expressions = [{ key: 'tier', operator: 'Exists' }]
    const o = observation({ target: withSelector({ app: 'web' }, { matchExpressions: expressions }) })
    expect(primaryLabels(o, { app: 'web', team: 'a' })).to.deep.equal({
      app: 'web',
      team: 'a',
      'sluice.dev/role': 'primary',
    })
    expect(primarySelector(o)).to.deep.equal({
      matchLabels: { app: 'web', 'sluice.dev/role': 'primary' },
      matchExpressions: expressions,
    })
    expect(apexSelector(o)).to.deep.equal({ app: 'web', 'sluice.dev/role': 'primary' })
  })

  test('switch changes the first label that the target selects by, and keeps the others', () => {
    const o = unsettled({
      canary: canary({ primary: { labels: 'switch' } }),
      target: withSelector({ name: 'web', tier: 'front' }),
    })
    expect(primarySelector(o)).to.deep.equal({ matchLabels: { name: 'web-primary', tier: 'front' } })
    expect(apexSelector(o)).to.deep.equal({ name: 'web-primary', tier: 'front' })
  })

  test('switch has no answer where no known label is selected by', () => {
    const o = unsettled({
      canary: canary({ primary: { labels: 'switch' } }),
      target: withSelector({ tier: 'front' }),
    })
    expect([primarySelector(o), apexSelector(o)]).to.deep.equal([null, null])
  })

  test('subsets: the primary gets the labels of its own, the apex selects both sides', () => {
    for (const selected of [{ app: 'web' }, { app: 'web', version: 'v2' }]) {
      const o = bySubsets(selected)
      expect(primaryLabels(o, { app: 'web', version: 'v2' })).to.deep.equal({
        app: 'web',
        version: 'v1',
        'sluice.dev/role': 'primary',
      })
      expect(apexSelector(o)).to.deep.equal({ app: 'web' })
    }
  })

  test('subsets by which alone the target is selected leave nothing for both', () => {
    expect(apexSelector(bySubsets({ version: 'v2' }))).to.equal(null)
  })

  test('a target that selects by expressions alone has no answer: the role would select the primaries of others', () => {
    expect(apexSelector(observation({ target: withSelector({}, { matchExpressions: [] }) }))).to.equal(null)
  })
})
