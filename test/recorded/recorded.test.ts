/** What each version left in clusters: today's definitions accept it, and today's controller continues from it and starts no run. */
import { expect } from 'chai'
import { type KubeObject, kinds } from '../../src/api/object.ts'
import { parseCanary } from '../../src/api/parse-canary.ts'
import { type CanaryStatus, CanaryStatusSchema } from '../../src/api/status.ts'
import { isRecord } from '../../src/core/json.ts'
import { installed } from '../../playground/test/installed.ts'
import { VirtualClock } from '../../playground/clock.ts'
import { World } from '../scenarios/world.ts'
import { recorded, recordedVersions, versionsToRecord } from './files.ts'
import { moments } from './moments.ts'

const ours = [kinds.Canary, kinds.MetricTemplate, kinds.AlertProvider] as const

/** Paths of all values; an entry of a list counts by its place. */
function paths(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) return value.flatMap((one, i) => paths(one, `${path}[${i}]`))
  if (!isRecord(value)) return [path]
  return Object.entries(value).flatMap(([name, one]) => paths(one, path === '' ? name : `${path}.${name}`))
}

suite('Recorded objects', () => {
  test('are there for every released version, and for the one of package.json (npm run record:objects)', () => {
    expect(recordedVersions()).to.have.members(versionsToRecord())
  })

  for (const version of recordedVersions()) {
    for (const { name, later } of moments) {
      test(`of ${version}, ${name}: today's definitions accept them, and drop no field`, () => {
        const { snapshot } = recorded(version, name)
        const api = installed(new VirtualClock())
        const user = api.as('kubectl')
        user.namespace('shop')
        const objects = snapshot.objects.flatMap(one => one.objects).filter(isOurs)
        expect(objects.map(({ kind }) => kind)).to.include.members(['Canary', 'MetricTemplate', 'AlertProvider'])
        for (const object of objects) {
          const kind = ours.find(one => one.kind === object.kind) ?? kinds.Canary
          const { uid: _, resourceVersion: __, managedFields: ___, ...metadata } = object.metadata
          user.create({ ...object, metadata })
          if (object['status'] !== undefined)
            user.mergeStatus(kind, 'shop', metadata.name, { status: object['status'] })
          const stored = user.get(kind, 'shop', metadata.name)
          expect(stored?.['spec'], 'spec').to.deep.equal(object['spec'])
          expect(stored?.['status'], 'status').to.deep.equal(object['status'])
        }
      })

      test(`of ${version}, ${name}: they are read whole`, () => {
        const canary = recorded(version, name)
          .snapshot.objects.flatMap(one => one.objects)
          .find(({ kind }) => kind === 'Canary') as KubeObject
        const parsed = parseCanary(canary)
        expect('problems' in parsed ? parsed.problems : []).to.deep.equal([])
        const read = CanaryStatusSchema.parse(canary['status'])
        expect(paths(read)).to.have.members(paths(canary['status']))
      })

      test(`of ${version}, ${name}: ${later === 'rests' ? 'no run starts' : 'the run goes on with the same id'}`, async () => {
        const world = new World()
        world.become(recorded(version, name))
        const before = world.status
        world.start()
        await world.clock.advance(1000)
        expect(lastRun(world.status), 'run').to.equal(lastRun(before))
        if (later === 'rests') {
          await world.clock.advance(120_000)
          expect(world.status).to.deep.include({ phase: before.phase, reason: before.reason })
          expect(world.status.run?.id).to.equal(before.run?.id)
          expect(world.status.history ?? []).to.deep.equal(before.history ?? [])
        } else {
          world.annotate('resume', 'later')
          await world.clock.runUntil(() => world.status.reason === 'WaitingForApproval' || isOver(world), 600_000)
          world.annotate('approve', 'later')
          await world.until('Succeeded')
          const runs = (world.status.history ?? []).map(({ id }) => id)
          expect(runs).to.deep.equal([lastRun(before)])
        }
        expect(
          world.mesh.count(flow => flow.code >= 500 || flow.flag !== ''),
          'failed requests',
        ).to.equal(0)
        await world.close()
      })
    }
  }
})

const isOurs = ({ kind }: KubeObject): boolean => ours.some(one => one.kind === kind)
const isOver = (world: World): boolean => ['Succeeded', 'Failed'].includes(world.status.phase ?? '')
/** The id of the run that is under way, or of the one that ended last. */
const lastRun = ({ run, history }: CanaryStatus): string | undefined => run?.id ?? history?.[0]?.id
