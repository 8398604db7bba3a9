import { expect } from 'chai'
import { withRestarts } from '../../../src/core/render/restarts.ts'

type Spec = Readonly<Record<string, unknown>>

const AT = 'kubectl.kubernetes.io/restartedAt'
const annotated = (annotations: Spec | undefined): Spec => ({
  metadata: { labels: { app: 'web' }, ...(annotations === undefined ? {} : { annotations }) },
  spec: { containers: [{ name: 'web' }] },
})
const variables = (...env: readonly (readonly [string, string])[]): Spec => ({
  metadata: {},
  spec: {
    containers: [{ name: 'log' }, { name: 'web', env: env.map(([name, value]) => ({ name, value })) }],
    initContainers: [{ name: 'init', env: env.map(([name, value]) => ({ name, value })) }],
  },
})

/** As rendered, as it is live → as it is wanted. */
const table: Readonly<Record<string, readonly [Spec, Spec, Spec]>> = {
  'nothing was restarted': [annotated(undefined), annotated(undefined), annotated(undefined)],
  'a restart': [
    annotated(undefined),
    annotated({ [AT]: '2026-01-01T00:00:00Z' }),
    annotated({ [AT]: '2026-01-01T00:00:00Z' }),
  ],
  'a restart after the one that was released, in another time zone': [
    annotated({ [AT]: '2026-01-01T12:00:00Z', team: 'a' }),
    annotated({ [AT]: '2026-01-01T08:00:01-04:00', team: 'b', other: 'c' }),
    annotated({ [AT]: '2026-01-01T08:00:01-04:00', team: 'a' }),
  ],
  'an earlier time is no restart': [
    annotated({ [AT]: '2026-01-01T12:00:00Z' }),
    annotated({ [AT]: '2025-01-01T12:00:00Z' }),
    annotated({ [AT]: '2026-01-01T12:00:00Z' }),
  ],
  'what is no time is none': [
    annotated({ [AT]: '2026-01-01T12:00:00Z' }),
    annotated({ [AT]: 'now' }),
    annotated({ [AT]: '2026-01-01T12:00:00Z' }),
  ],
  'Reloader, by annotation': [
    annotated({ 'reloader.stakater.com/last-reloaded-from': '1' }),
    annotated({ 'reloader.stakater.com/last-reloaded-from': '2', 'reloader.stakater.com.evil/x': '1' }),
    annotated({ 'reloader.stakater.com/last-reloaded-from': '2' }),
  ],
  Rancher: [
    annotated({ 'cattle.io/timestamp': '1' }),
    annotated({ 'cattle.io/timestamp': '2' }),
    annotated({ 'cattle.io/timestamp': '2' }),
  ],
  'Reloader, by a variable that was not there': [
    variables(['A', '1']),
    variables(['A', '2'], ['STAKATER_DB_SECRET', 'x'], ['B', '3']),
    variables(['A', '1'], ['STAKATER_DB_SECRET', 'x']),
  ],
  'Reloader, by a variable that was released': [
    variables(['STAKATER_DB_SECRET', 'x'], ['A', '1']),
    variables(['STAKATER_DB_SECRET', 'y'], ['A', '1']),
    variables(['STAKATER_DB_SECRET', 'y'], ['A', '1']),
  ],
  'a variable of Reloader that was taken out': [
    variables(['STAKATER_DB_SECRET', 'x']),
    variables(),
    variables(['STAKATER_DB_SECRET', 'x']),
  ],
}

suite('restarts that stay on the primary', () => {
  for (const [name, [rendered, live, wanted]] of Object.entries(table)) {
    test(name, () => {
      expect(withRestarts(rendered, live)).to.deep.equal(wanted)
    })
  }
})
