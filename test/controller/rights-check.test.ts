/** The controller's check of its own rights: which it asks for by its flags, when, and what it says. */
import { expect } from 'chai'
import { VirtualClock } from '../../playground/clock.ts'
import { requiredRights, type RightsSettings } from '../../src/controller/required-rights.ts'
import { RightsCheck } from '../../src/controller/rights-check.ts'
import { ApiError } from '../../src/core/errors.ts'
import { at } from '../../src/core/json.ts'
import type { KubeApi } from '../../src/core/ports.ts'
import { rightText } from '../../src/runtime/access-review.ts'

const settings: RightsSettings = {
  namespaces: [],
  leaseNamespace: 'sluice-system',
  leaderElect: true,
  trackConfigs: true,
  podReasons: true,
}

/** An API server that allows what `allows` does. */
function server(allows: (attributes: unknown) => boolean): { api: Pick<KubeApi, 'write'>; asked: () => number } {
  let asked = 0
  const write: KubeApi['write'] = async review => {
    asked += 1
    if (review.verb !== 'create') throw new Error('reviews are created')
    return { ...review.object, status: { allowed: allows(at(review.object['spec'], 'resourceAttributes')) } }
  }
  return { api: { write }, asked: () => asked }
}

suite('the check of the rights', () => {
  const rows: Readonly<Record<string, readonly [Partial<RightsSettings>, right: string, namespaces: string[]]>> = {
    'the role of Canaries': [{}, 'patch canaries/status.sluice.dev', ['']],
    'in the namespaces that are watched': [{ namespaces: ['shop', 'cart'] }, 'create services', ['shop', 'cart']],
    'the Lease by its name, in its namespace': [{}, 'update leases.coordination.k8s.io "sluice"', ['sluice-system']],
    'no Lease without an election': [{ leaderElect: false }, 'update leases.coordination.k8s.io "sluice"', []],
    'no configuration that is not tracked': [{ trackConfigs: false }, 'create secrets', []],
    'no pods whose reasons are not said': [{ podReasons: false }, 'list pods', []],
    'a role that may be left out': [{}, 'patch httproutes.gateway.networking.k8s.io', ['']],
  }
  for (const [what, [changed, right, namespaces]] of Object.entries(rows)) {
    test(what, () => {
      const found = requiredRights({ ...settings, ...changed }).filter(one => rightText(one) === right)
      expect(found.map(one => one.namespace)).to.deep.equal(namespaces)
    })
  }

  test('names what is missing with its role, counts it, and repeats only after an hour or a failure', async () => {
    const clock = new VirtualClock()
    const missing = new Map<string, number>()
    let isUp = false
    const { api, asked } = server(attributes => {
      if (!isUp) throw new ApiError({ code: 503, reason: '', message: 'the server is starting' })
      const isSecret = at(attributes, 'resource') === 'secrets' && at(attributes, 'verb') === 'create'
      return !isSecret && at(attributes, 'subresource') !== 'status'
    })
    const counted = (role: string, count: number): void => void missing.set(role, count)
    const check = new RightsCheck({ api, settings, clock, counted })
    const stop = new AbortController().signal
    expect(check.report()).to.deep.equal({ checkedAt: null, checked: 0, missing: [], problem: null })
    await check.whenDue(stop)
    expect(check.report()).to.deep.include({ checkedAt: null, problem: 'the server is starting' })
    isUp = true
    await check.whenDue(stop)
    const { checked, problem, missing: named } = check.report()
    expect([checked, problem]).to.deep.equal([requiredRights(settings).length, null])
    expect(named).to.deep.equal([
      {
        right: 'create secrets',
        namespace: '',
        role: 'sluice-configs',
        manifest: 'manifests/config-rbac.yaml',
        isOptional: true,
      },
      {
        right: 'patch canaries/status.sluice.dev',
        namespace: '',
        role: 'sluice',
        manifest: 'manifests/rbac.yaml',
        isOptional: false,
      },
      {
        right: 'patch metrictemplates/status.sluice.dev',
        namespace: '',
        role: 'sluice',
        manifest: 'manifests/rbac.yaml',
        isOptional: false,
      },
      {
        right: 'patch alertproviders/status.sluice.dev',
        namespace: '',
        role: 'sluice',
        manifest: 'manifests/rbac.yaml',
        isOptional: false,
      },
    ])
    expect([missing.get('sluice'), missing.get('sluice-configs'), missing.get('sluice-nginx')]).to.deep.equal([3, 1, 0])
    const before = asked()
    await clock.advance(3_599_999)
    await check.whenDue(stop)
    expect(asked()).to.equal(before)
    await clock.advance(1)
    await check.whenDue(stop)
    expect(asked()).to.be.above(before)
  })
})
