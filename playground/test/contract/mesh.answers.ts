/** Playing a case in our mesh, and comparing what was seen with what the case says. */
import type { KubeObject } from '../../../src/api/object.ts'
import { Gateway } from '../../kinds.ts'
import { exactly } from '../../workloads/latency.ts'
import type { Flow } from '../../mesh/mesh.ts'
import { cluster, deployment } from '../cluster.ts'
import { BAD, type Played, type Place, SLOW, versions } from './mesh.scene.ts'

/** How many there were of each: as shares of the requests, or counted. */
export interface Seen {
  readonly requests: number
  readonly answers: ReadonlyMap<string, number>
  readonly flags: ReadonlyMap<string, number>
  readonly received: ReadonlyMap<string, number>
}

export const ourPlace = (id: string): Place => ({ namespace: 'shop', id, gateway: 'edge/gateway' })

/** A cluster with the versions running. Gives what plays cases in it, one after the other, all shares of one request. */
export async function ourMesh(): Promise<(played: Played) => Promise<Seen>> {
  const { clock, images, mesh, user } = cluster()
  user.namespace('edge')
  user.create(gateway)
  for (const [version, labels] of Object.entries(versions)) {
    const image = `registry.example.com/web:${version}`
    images.set(image, { errorRate: version === 'bad' ? BAD : 0, latency: exactly(version === 'slow' ? SLOW : 5) })
    user.create(deployment(version, image, 1, { template: template(image, { app: version, ...labels }) }))
  }
  await clock.advance(5000)
  return async ({ objects, request: { via, ...request } }) => {
    for (const object of objects) user.create(structuredClone(object))
    const client = { namespace: 'edge', labels: { app: 'client' }, perSecond: 1 }
    const stop = mesh.load({ ...request, ...client, ...(via === 'gateway' ? { gateway: 'edge/gateway' } : {}) })
    await clock.advance(1000)
    const [stretch] = mesh.stretches(clock.now() - 1)
    stop()
    return seenIn(stretch?.flows ?? [], stretch?.mirrored ?? [])
  }
}

function seenIn(flows: readonly Flow[], mirrored: readonly Flow[]): Seen {
  const seen = { requests: 1, answers: new Map(), flags: new Map(), received: new Map() } satisfies Seen
  for (const { revision, backend, code, flag, perSecond } of flows) {
    add(seen.answers, outcome(code, revision === '' ? '' : (backend?.labels['version'] ?? '')), perSecond)
    if (flag !== '') add(seen.flags, `${code} ${flag}`, perSecond)
  }
  for (const { tries, perSecond } of [...flows, ...mirrored]) {
    for (const { backend } of tries) add(seen.received, backend.labels['version'] ?? '', perSecond)
  }
  return seen
}

/** Who answered, in the words of the cases. */
export const outcome = (code: number, version: string): string =>
  version === '' ? String(code) : code === 200 ? version : `${code} ${version}`

export function add(counts: Map<string, number>, key: string, count: number): void {
  counts.set(key, (counts.get(key) ?? 0) + count)
}

/**
 * Where what was seen is not what the case says: a line for each.
 *
 * @param fits whether a count fits a share of the requests.
 */
export function differencesOf(played: Played, seen: Seen, fits: (count: number, share: number) => boolean): string[] {
  const { answers, flags = {} } = played
  const answered = Object.entries(answers).filter(([who]) => !/^\d+$/.test(who))
  const usual: Record<string, number> = {}
  for (const [who, share] of answered) {
    const version = who.replace(/^\d+ /, '')
    usual[version] = (usual[version] ?? 0) + share
  }
  const wanted = { answers, flags, received: played.received ?? usual }
  return (['answers', 'flags', 'received'] as const).flatMap(what => {
    const keys = new Set([...Object.keys(wanted[what]), ...seen[what].keys()])
    return [...keys].flatMap(key => {
      const [share, count] = [wanted[what][key] ?? 0, seen[what].get(key) ?? 0]
      return fits(count, share)
        ? []
        : [`${what}: ${key}: ${count} of ${seen.requests} requests, should be a share of ${share}`]
    })
  })
}

const gateway: KubeObject = {
  apiVersion: `${Gateway.group}/${Gateway.version}`,
  kind: Gateway.kind,
  metadata: { name: 'gateway', namespace: 'edge' },
  spec: {
    selector: { app: 'gateway' },
    servers: [{ port: { number: 8080, name: 'http', protocol: 'HTTP' }, hosts: ['*.example.com'] }],
  },
}

const template = (image: string, labels: Record<string, string>): object => ({
  metadata: { labels },
  spec: { containers: [{ name: 'web', image, ports: [{ name: 'http', containerPort: 8080 }] }] },
})
