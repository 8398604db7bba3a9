/** What both meshes are asked: shares first, then what leads nowhere, and the cases of the other files. */
import { type Case, mesh, versions } from './mesh.scene.ts'
import { hosts } from './mesh.hosts.ts'
import { matches } from './mesh.matches.ts'
import { policies } from './mesh.policies.ts'

const balanced: readonly Case[] = [
  mesh(
    'a Service without a VirtualService: all its ready pods',
    scene => scene.objects.splice(0, 1) && scene.service('apex', { quality: 'good' }),
    {
      answers: { v1: 0.5, v2: 0.5 },
    },
  ),
  mesh('weights by host', scene => scene.virtualService([{ route: [scene.to('v1', 90), scene.to('v2', 10)] }]), {
    answers: { v1: 0.9, v2: 0.1 },
  }),
  mesh(
    'weights that are not percent',
    scene => scene.virtualService([{ route: [scene.to('v1', 1), scene.to('v2', 3)] }]),
    {
      answers: { v1: 0.25, v2: 0.75 },
    },
  ),
  mesh('a weight of 0', scene => scene.virtualService([{ route: [scene.to('v1', 0), scene.to('v2', 100)] }]), {
    answers: { v2: 1 },
  }),
  mesh('one destination without a weight', scene => scene.virtualService([scene.route('v2')]), { answers: { v2: 1 } }),
  mesh(
    'a destination without a weight among others',
    scene => scene.virtualService([{ route: [scene.to('v1', 100), scene.to('v2')] }]),
    { answers: { v1: 1 } },
  ),
  mesh(
    'weights by subset',
    scene =>
      scene
        .service('both', { quality: 'good' })
        .destinationRule(scene.name('both'), { one: { version: 'v1' }, two: { version: 'v2' } })
        .virtualService([
          { route: [scene.to('both', 75, { subset: 'one' }), scene.to('both', 25, { subset: 'two' })] },
        ]),
    { answers: { v1: 0.75, v2: 0.25 } },
  ),
  mesh(
    'a destination by its full name',
    scene => scene.virtualService([{ route: [{ destination: { host: scene.full('v2') } }] }]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'no port said, of a Service with several: that of the request',
    scene =>
      scene
        .service('two', versions.v2, [
          { name: 'http-more', port: 81, targetPort: 9999 },
          { name: 'http', port: 80, targetPort: 8080 },
        ])
        .virtualService([scene.route('two')]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a target port by name',
    scene =>
      scene
        .service('named', versions.v2, [{ name: 'http', port: 80, targetPort: 'http' }])
        .virtualService([scene.route('named')]),
    { answers: { v2: 1 } },
  ),
]

const missing: readonly Case[] = [
  mesh(
    'a Service without pods',
    scene => scene.service('none', { version: 'none' }).virtualService([scene.route('none')]),
    {
      answers: { 503: 1 },
      flags: { '503 UH': 1 },
    },
  ),
  mesh(
    'half to a Service without pods',
    scene =>
      scene
        .service('none', { version: 'none' })
        .virtualService([{ route: [scene.to('v1', 50), scene.to('none', 50)] }]),
    { answers: { v1: 0.5, 503: 0.5 }, flags: { '503 UH': 0.5 } },
  ),
  mesh(
    'a subset without pods',
    scene =>
      scene
        .destinationRule(scene.name('v1'), { two: { version: 'v2' } })
        .virtualService([{ route: [scene.to('v1', 1, { subset: 'two' })] }]),
    { answers: { 503: 1 }, flags: { '503 UH': 1 } },
  ),
  mesh(
    'a subset that no DestinationRule has',
    scene =>
      scene
        .destinationRule(scene.name('v1'), { one: { version: 'v1' } })
        .virtualService([{ route: [scene.to('v1', 1, { subset: 'two' })] }]),
    { answers: { 503: 1 }, flags: { '503 NC': 1 } },
  ),
  mesh('a destination that is no Service', scene => scene.virtualService([scene.route('nobody')]), {
    answers: { 503: 1 },
    flags: { '503 NC': 1 },
  }),
  mesh(
    'a destination by half a name',
    scene => scene.virtualService([{ route: [{ destination: { host: `${scene.name('v2')}.${scene.namespace}` } }] }]),
    { answers: { 503: 1 }, flags: { '503 NC': 1 } },
  ),
  mesh(
    'a port that the Service does not have',
    scene => scene.virtualService([{ route: [scene.to('v2', 1, { port: { number: 81 } })] }]),
    { answers: { 503: 1 }, flags: { '503 NC': 1 } },
  ),
  mesh(
    'no route fits',
    scene => scene.virtualService([{ ...scene.route('v2'), match: [{ uri: { exact: '/elsewhere' } }] }]),
    { answers: { 404: 1 }, flags: { '404 NR': 1 } },
  ),
  mesh('a host that nobody knows', () => {}, { answers: { 502: 1 } }, { host: 'nobody.nowhere.svc.cluster.local' }),
  mesh(
    'a target port that the pods do not name',
    scene =>
      scene
        .service('unnamed', versions.v2, [{ name: 'http', port: 80, targetPort: 'other' }])
        .virtualService([scene.route('unnamed')]),
    { answers: { 503: 1 }, flags: { '503 UH': 1 } },
  ),
]

export const cases: readonly Case[] = [...balanced, ...missing, ...matches, ...hosts, ...policies]

/** The case's id, by its place in the table. */
export const idOf = (index: number): string => `c${String(index).padStart(2, '0')}`
