/**
 * The rights of the manifests are exactly those that are used: nothing was refused in the whole run, and no verb was
 * given in vain. It reads the API server's audit log, so it comes last.
 */
import { expect } from 'chai'
import type { ApiCall } from '../lab/audit.ts'
import { rights } from '../fixtures/controller.ts'
import { type Lab, lab } from '../lab/lab.ts'
import { sleep } from '../lab/wait.ts'

interface Rule {
  readonly apiGroups?: string[]
  readonly resources?: string[]
  readonly verbs: string[]
}

/** Every right of the controller, as `verb resource.group`; roles that nobody is bound to are for people. */
function given(): string[] {
  const objects = rights()
  const bound = objects.map(object => (object['roleRef'] as { name: string } | undefined)?.name)
  const roles = objects.filter(({ metadata }) => bound.includes(metadata.name))
  return roles.flatMap(object =>
    ((object['rules'] ?? []) as Rule[]).flatMap(({ apiGroups = [], resources = [], verbs }) =>
      apiGroups.flatMap(group =>
        resources.flatMap(resource => {
          const [plural, subresource] = resource.split('/')
          const name = `${plural}${group === '' ? '' : `.${group}`}${subresource === undefined ? '' : `/${subresource}`}`
          return verbs.map(verb => `${verb} ${name}`)
        }),
      ),
    ),
  )
}

/** The lab has no ingress-nginx, so no release by provider nginx runs in it, and nothing shows here that its rights are used. */
const UNTRIED = 'ingresses.networking.k8s.io'

suite('The rights of the manifests', () => {
  let world: Lab
  let calls: ApiCall[]
  suiteSetup(async () => {
    world = await lab()
    await sleep(1200) // the log is written in batches
    calls = await world.audit('sluice')
  })

  test('are enough: RBAC refused no call', () => {
    const { outages } = world.controlPlane
    const refused = calls.filter(
      ({ decision, at }) => decision === 'forbid' && !outages.some(({ from, to }) => at >= from && at <= to),
    )
    expect(refused.map(({ verb, resource, url }) => `${verb} ${resource} ${url}`)).to.deep.equal([])
  })

  test('hold no wildcard', () => {
    expect(given().filter(right => right.includes('*'))).to.deep.equal([])
  })

  test('are all used', function (this: Mocha.Context) {
    // Only all files together use everything.
    if (process.env['SLUICE_E2E_WHOLE'] !== '1') this.skip()
    const used = new Set(
      calls.flatMap(({ verb, resource, code }) =>
        // A server-side apply that makes an object is a patch that needs the right to create as well.
        verb === 'patch' && code === 201 ? [`patch ${resource}`, `create ${resource}`] : [`${verb} ${resource}`],
      ),
    )
    const writes = ['create', 'update', 'patch', 'delete']
    const unused = given().filter(right => {
      const [verb = '', resource = ''] = right.split(' ')
      // What is written is read afresh when a write meets a conflict, which a run may not see.
      const forConflicts = verb === 'get' && writes.some(write => used.has(`${write} ${resource}`))
      return !used.has(right) && !forConflicts && resource !== UNTRIED
    })
    expect(unused).to.deep.equal([])
  })
})
