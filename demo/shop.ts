/** The shop that the demo releases: what its user applies, changes and sees, and who calls it. */
import { kinds, type KubeObject } from '../src/api/object.ts'
import type { CanaryStatus } from '../src/api/status.ts'
import { at, recordsOf } from '../src/core/json.ts'
import type { Instant } from '../src/core/time.ts'
import { mergePatch, textOf } from '../playground/json.ts'
import { callCanaries } from '../playground/mesh/callers.ts'
import type { Flow, Mesh } from '../playground/mesh/mesh.ts'
import { Hand } from '../playground/server/hand.ts'
import type { ApiServer } from '../playground/server/server.ts'
import { shop } from './files.ts'
import { objectsOf } from './objects.ts'
import type { Release } from './releases.ts'
import type { Answers } from './view.ts'

const NAMESPACE = 'shop'
const NAME = 'web'
/** Requests a second to each Canary. */
const LOAD = 50
/** Requests a second of the callers that a strategy is about. */
const MORE_LOAD = 20
/** Fields of the analysis that say how a release goes. */
const OF_STRATEGIES = ['iterations', 'match', 'mirror', 'stepWeights', 'sessionAffinity', 'webhooks'] as const
/** How far back "who answers the callers" looks, in milliseconds. */
const LATELY = 3000

/** Requests of callers, and how many of them got an error. */
export interface Requests {
  readonly sent: number
  readonly failed: number
}

export class Shop {
  readonly #server: ApiServer
  readonly #mesh: Mesh
  readonly #user: Hand
  /** The receiver of all webhooks; each has a path of its own. */
  readonly #hooksUrl: string

  /** Applies the shop, and sends callers to it once it serves. */
  constructor(server: ApiServer, mesh: Mesh, hooksUrl: string) {
    this.#server = server
    this.#mesh = mesh
    this.#user = new Hand(server, 'kubectl')
    this.#hooksUrl = hooksUrl
    for (const object of objectsOf(shop())) this.#user.apply(object)
    callCanaries(server, mesh, LOAD)
  }

  get status(): CanaryStatus {
    return this.#user.get(kinds.Canary, NAMESPACE, NAME)?.['status'] ?? {}
  }

  /** Calls `changed` after every change of the Canary. Returns what ends it. */
  follow(changed: () => void): () => void {
    return this.#server.store.subscribe(change => {
      if (change.kind.kind === kinds.Canary.kind) setImmediate(changed)
    })
  }

  /**
   * What a release needs of the Canary and of its callers.
   *
   * @returns what sends the callers away again.
   */
  prepare({ strategy = {}, webhooks = {}, callers }: Release): () => void {
    const user = this.#user
    const canary = user.get(kinds.Canary, NAMESPACE, NAME)
    if (canary === null) throw new Error(`Canary ${NAME} was deleted: there is nothing to release.`)
    const hooks = Object.entries(webhooks).map(([name, type]) => ({ name, type, url: `${this.#hooksUrl}/${name}` }))
    const before = Object.fromEntries(OF_STRATEGIES.map(field => [field, null]))
    const analysis = { ...before, ...strategy, ...(hooks.length === 0 ? {} : { webhooks: hooks }) }
    user.replace(mergePatch(canary, { spec: { analysis } }) as KubeObject)
    if (callers === undefined) return () => {}
    if (callers !== 'with the cookie') return this.#call(callers.headers)
    let leave: (() => void) | null = null
    const stop = this.follow(() => {
      const { sessionAffinityCookie: cookie } = this.status
      if (cookie !== undefined) leave ??= this.#call({ cookie })
    })
    return () => {
      stop()
      leave?.()
    }
  }

  #call(headers: Readonly<Record<string, string>>): () => void {
    return this.#mesh.load({ host: NAME, namespace: NAMESPACE, perSecond: MORE_LOAD, headers })
  }

  /** `kubectl set image deployment/web web=<image>` */
  setImage(image: string): void {
    const user = this.#user
    const deployment = user.get(kinds.Deployment, NAMESPACE, NAME)
    if (deployment === null) throw new Error(`Deployment ${NAME} was deleted: there is nothing to release.`)
    const containers = recordsOf(at(deployment, 'spec', 'template', 'spec', 'containers'))
    const spec = { containers: containers.map(container => ({ ...container, image })) }
    user.replace(mergePatch(deployment, { spec: { template: { spec } } }) as KubeObject)
  }

  /** The image that the primary runs; empty while there is no primary. */
  get promoted(): string {
    return this.#imageOf(`${NAME}-primary`)
  }

  /** Who answered the callers of `web` lately, by image. */
  answers(): Answers[] {
    const byImage = new Map<string, { requests: number; errors: number }>()
    for (const { from, to, flows } of this.#mesh.stretches(this.#server.clock.now() - LATELY)) {
      for (const flow of flows.filter(isToShop)) {
        const image = (flow.flag === '' && this.#imageOf(flow.workload)) || 'no pod'
        const sum = byImage.get(image) ?? { requests: 0, errors: 0 }
        const requests = (flow.perSecond * (to - from)) / 1000
        byImage.set(image, { requests: sum.requests + requests, errors: sum.errors + (isError(flow) ? requests : 0) })
      }
    }
    return [...byImage].map(([image, { requests, errors }]) => {
      return { image, requests: Math.round(requests), errors: Math.round(errors) }
    })
  }

  /** Requests of callers of `web` from `since` until now. */
  requests(since: Instant): Requests {
    return {
      sent: Math.round(this.#mesh.count(isToShop, since)),
      failed: Math.round(this.#mesh.count(flow => isToShop(flow) && isError(flow), since)),
    }
  }

  #imageOf(workload: string): string {
    const deployment = this.#user.get(kinds.Deployment, NAMESPACE, workload)
    return textOf(recordsOf(at(deployment, 'spec', 'template', 'spec', 'containers'))[0]?.['image'])
  }
}

const isToShop = ({ load }: Flow): boolean => load.host === NAME && load.namespace === NAMESPACE
const isError = ({ code }: Flow): boolean => code >= 500
