import { expect } from 'chai'
import { problemOf } from '../../../src/core/problems/index.ts'
import { canary, deployment, observation, template, workload } from '../given-objects.ts'
import { target } from './given.ts'
import { harmlessInAmbient, ofAmbient } from './ambient.rows.ts'
import { ofGatewayApi } from './gateway-api.rows.ts'
import { harmless } from './harmless.rows.ts'
import { harmlessInIngress, ofNginx } from './nginx.rows.ts'
import { harmlessAtGateways, ofMeshAtGateways, ofOlderRoutes } from './routes-at-gateways.rows.ts'
import { ofRoutes } from './routes.rows.ts'
import { ofMetrics } from './templates.rows.ts'
import { ofUsersRoutes } from './users-routes.rows.ts'
import { workloads } from './workloads.rows.ts'

suite('what stands in the way of a release', () => {
  for (const [name, { given, reason, message }] of Object.entries({
    ...workloads,
    ...ofRoutes,
    ...ofGatewayApi,
    ...ofUsersRoutes,
    ...ofMeshAtGateways,
    ...ofOlderRoutes,
    ...ofAmbient,
    ...ofNginx,
    ...ofMetrics,
  })) {
    test(`${name}: ${reason}`, () => {
      expect(problemOf(observation(given), 'start')).to.deep.equal({ reason, message })
    })
  }
})

suite('what stands in nobody’s way', () => {
  for (const [name, given] of Object.entries({
    ...harmless,
    ...harmlessAtGateways,
    ...harmlessInAmbient,
    ...harmlessInIngress,
  })) {
    test(name, () => {
      expect(problemOf(observation(given), 'start')).to.equal(null)
    })
  }

  test('a candidate without the named port is told before it gets traffic, and stops nothing at rest', () => {
    const renamed = template(
      'web:2',
      { app: 'web' },
      { containers: [{ ports: [{ name: 'web', containerPort: 8080 }] }] },
    )
    const o = observation({
      canary: canary({}, { targetPort: 'http' }),
      primary: workload(deployment('web-primary')),
      target: workload(deployment('web', { template: renamed })),
    })
    expect(problemOf(o, 'rest')).to.equal(null)
    expect(problemOf(o, 'candidate')?.message).to.equal(
      'spec.service.targetPort is http, but no container of Deployment shop/web has a port of that name; there are web (8080). Write one of them, or name the port http.',
    )
  })

  test('what only matters at the start does not hold a run', () => {
    expect(problemOf(observation(target({ replicas: 0 })), 'run')).to.equal(null)
  })
})
