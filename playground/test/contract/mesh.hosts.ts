/** Hosts: of Services, of the outside, of gateways, and who may see them. */
import { type Case, edge, mesh, Scene, versions } from './mesh.scene.ts'

/** VirtualServices for hosts that are no Services; the last of them is called. */
const outside = (name: string, to: (domain: string) => readonly [host: string, version: string][]): Case => ({
  name,
  play: place => {
    const scene = new Scene(place)
    const hosts = to(`${place.id}.example.org`)
    for (const [host, version] of hosts) {
      scene.virtualService([scene.route(version)], { hosts: [host] }, { part: version })
    }
    return { objects: scene.objects, request: { via: 'client', host: hosts.at(-1)?.[0] ?? '' }, answers: { v2: 1 } }
  },
})

export const hosts: readonly Case[] = [
  mesh(
    'a VirtualService that is for a gateway only',
    scene => scene.virtualService([scene.route('v2')], { gateways: [scene.gateway] }),
    {
      answers: { v1: 1 },
    },
  ),
  mesh(
    'of two VirtualServices for a host, the older one or the one that sorts first',
    scene =>
      scene
        .virtualService([{ ...scene.route('v2'), match: [{ uri: { exact: '/' } }] }], {}, { part: 'a' })
        .virtualService([scene.route('bad')], {}, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a VirtualService in the namespace of the callers',
    scene =>
      scene.virtualService(
        [{ route: [{ destination: { host: scene.full('v2') } }] }],
        { hosts: [scene.full('apex')] },
        { namespace: scene.clients },
      ),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a VirtualService that other namespaces do not see',
    scene => scene.virtualService([scene.route('v2')], { exportTo: ['.'] }),
    {
      answers: { v1: 1 },
    },
  ),
  mesh(
    'a DestinationRule in the namespace of the callers goes first',
    scene =>
      scene
        .service('both', { quality: 'good' })
        .destinationRule(scene.name('both'), { some: { version: 'v1' } })
        .destinationRule(scene.full('both'), { some: { version: 'v2' } }, scene.clients)
        .virtualService([{ route: [scene.to('both', 1, { subset: 'some' })] }]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'two DestinationRules for one host: the subsets of both',
    scene =>
      scene
        .service('both', { quality: 'good' })
        .destinationRule(scene.name('both'), { one: { version: 'v1' } })
        .destinationRule(scene.name('both'), { two: { version: 'v2' } }, undefined, 'more')
        .virtualService([
          { route: [scene.to('both', 50, { subset: 'one' }), scene.to('both', 50, { subset: 'two' })] },
        ]),
    { answers: { v1: 0.5, v2: 0.5 } },
  ),
  outside('a host outside of the cluster, for sidecars', domain => [[domain, 'v2']]),
  outside('a wildcard at a sidecar, before it an exact host', domain => [
    [`*.${domain}`, 'v1'],
    [`web.${domain}`, 'v2'],
  ]),
  edge(
    'weights at a gateway',
    'web',
    (scene, domain) =>
      scene.virtualService([{ route: [scene.to('v1', 90), scene.to('v2', 10)] }], {
        hosts: [`web.${domain}`],
        gateways: [scene.gateway],
      }),
    { answers: { v1: 0.9, v2: 0.1 } },
  ),
  edge(
    'a port of a Service with several',
    'web',
    (scene, domain) =>
      scene
        .service('two', versions.v2, [
          { name: 'http', port: 80, targetPort: 9999 },
          { name: 'http-more', port: 81, targetPort: 8080 },
        ])
        .virtualService([{ route: [scene.to('two', 1, { port: { number: 81 } })] }], {
          hosts: [`web.${domain}`],
          gateways: [scene.gateway],
        }),
    { answers: { v2: 1 } },
  ),
  edge('a host that the gateway does not know', 'nobody', () => {}, { answers: { 404: 1 }, flags: { '404 NR': 1 } }),
  edge(
    'a VirtualService that does not name the gateway',
    'web',
    (scene, domain) => scene.virtualService([scene.route('v2')], { hosts: [`web.${domain}`] }),
    { answers: { 404: 1 }, flags: { '404 NR': 1 } },
  ),
  edge(
    'a route for the gateway only',
    'web',
    (scene, domain) =>
      scene.virtualService([{ ...scene.route('v2'), match: [{ gateways: [scene.gateway] }] }, scene.route('v1')], {
        hosts: [`web.${domain}`],
        gateways: [scene.gateway, 'mesh'],
      }),
    { answers: { v2: 1 } },
  ),
  ...(['name.namespace', 'name.namespace.svc.cluster.local'] as const).map(notation =>
    edge(
      `a gateway written as ${notation}`,
      'web',
      (scene, domain) => {
        const [its = '', called = ''] = scene.gateway.split('/')
        const older = notation.replace('namespace', its).replace('name', called)
        scene.virtualService([{ ...scene.route('v2'), match: [{ gateways: [older] }] }, scene.route('v1')], {
          hosts: [`web.${domain}`],
          gateways: [older, 'mesh'],
        })
      },
      { answers: { v2: 1 } },
    ),
  ),
  edge(
    'a VirtualService that the namespace of the gateway does not see',
    'web',
    (scene, domain) =>
      scene.virtualService([scene.route('v2')], {
        hosts: [`web.${domain}`],
        gateways: [scene.gateway],
        exportTo: ['.'],
      }),
    { answers: { 404: 1 }, flags: { '404 NR': 1 } },
  ),
  mesh(
    'what a match in the mesh leaves out has no route',
    scene => scene.virtualService([{ ...scene.route('v2'), match: [{ uri: { prefix: '/api' } }] }]),
    { answers: { 404: 1 }, flags: { '404 NR': 1 } },
  ),
  mesh(
    'what a match leaves out, by a route for the mesh alone',
    scene =>
      scene.virtualService(
        [
          { ...scene.route('v2'), match: [{ uri: { prefix: '/api' } }] },
          { ...scene.route('v1'), match: [{ gateways: ['mesh'] }] },
        ],
        { gateways: [scene.gateway, 'mesh'] },
      ),
    { answers: { v1: 1 } },
  ),
  mesh(
    'a younger VirtualService for the name with its namespace takes nothing from the Service',
    scene =>
      scene
        .virtualService([scene.route('v2')], {}, { part: 'a' })
        .virtualService([scene.route('bad')], { hosts: [`${scene.name('apex')}.${scene.namespace}`] }, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  edge(
    'an exact host before a wildcard',
    'web',
    (scene, domain) =>
      scene
        .virtualService([scene.route('v1')], { hosts: [`*.${domain}`], gateways: [scene.gateway] }, { part: 'a' })
        .virtualService([scene.route('v2')], { hosts: [`web.${domain}`], gateways: [scene.gateway] }, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  edge(
    'a wildcard, the longer of two',
    'web.more',
    (scene, domain) =>
      scene
        .virtualService([scene.route('v1')], { hosts: [`*.${domain}`], gateways: [scene.gateway] }, { part: 'a' })
        .virtualService([scene.route('v2')], { hosts: [`*.more.${domain}`], gateways: [scene.gateway] }, { part: 'b' }),
    { answers: { v2: 1 } },
  ),
  edge(
    'two VirtualServices for a host at a gateway: the routes of both',
    'web',
    (scene, domain) => {
      const spec = { hosts: [`web.${domain}`], gateways: [scene.gateway] }
      return scene
        .virtualService([{ ...scene.route('v1'), match: [{ uri: { exact: '/elsewhere' } }] }], spec, { part: 'a' })
        .virtualService([scene.route('v2')], spec, { part: 'b' })
    },
    { answers: { v2: 1 } },
  ),
  edge(
    'an older route for everything does not come before one with a match',
    'web',
    (scene, domain) => {
      const spec = { hosts: [`web.${domain}`], gateways: [scene.gateway] }
      return scene
        .virtualService([scene.route('v1')], spec, { part: 'a' })
        .virtualService([{ ...scene.route('v2'), match: [{ uri: { exact: '/' } }] }], spec, { part: 'b' })
    },
    { answers: { v2: 1 } },
  ),
  edge(
    'an older route with a match that covers another one comes first',
    'web',
    (scene, domain) => {
      const spec = { hosts: [`web.${domain}`], gateways: [scene.gateway] }
      return scene
        .virtualService([{ ...scene.route('v2'), match: [{ method: { exact: 'GET' } }] }], spec, { part: 'a' })
        .virtualService([{ ...scene.route('v1'), match: [{ method: { exact: 'GET' }, uri: { exact: '/' } }] }], spec, {
          part: 'b',
        })
    },
    { answers: { v2: 1 } },
  ),
]
