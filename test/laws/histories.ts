/** Histories, lived through: the tiny world, one controller in it, and everybody who meddles. */
import { type Kind, kinds } from '../../src/api/object.ts'
import type { CanaryStatus } from '../../src/api/status.ts'
import { at, recordOf, recordsOf } from '../../src/core/json.ts'
import type { Act, Ill, Setup } from './arbitraries.ts'
import { autoscale } from './tiny-autoscalers.ts'
import { weightsOf } from '../../src/core/shares.ts'
import { contentOf, leadPast, makeTarget, planOf } from './setups.ts'
import { type Faults, NO_FAULTS } from './tiny-calls.ts'
import { Chronicle } from './tiny-mesh.ts'
import { usersPolicy, writePolicy } from './tiny-policies.ts'
import { TinyProcess, type Witness } from './tiny-process.ts'
import { CANARY, FINE, NAMESPACE, PRIMARY, refTo, TARGET, TinyWorld, type Weather } from './tiny-world.ts'

/** Sweeps that one instant has at most: more would be two controllers that never agree. */
const RESTLESS = 60

/** A witness who is also told after every single change of the world. */
export interface Onlooker extends Witness {
  changed?(life: Life): void
}

export class Life {
  readonly world: TinyWorld
  readonly controller: TinyProcess
  readonly chronicle = new Chronicle()
  readonly setup: Setup
  readonly #witnesses: readonly Onlooker[]
  #commands = 0

  /** @param witnessing makes who watches; they may ask the life itself. */
  constructor(setup: Setup, world: TinyWorld, witnessing: (life: Life) => readonly Onlooker[] = () => []) {
    this.setup = setup
    this.world = world
    this.#witnesses = witnessing(this)
    this.controller = new TinyProcess(world, this.#witnesses, () => this.#note())
    this.#note()
  }

  /** The status as it stands at the API server. */
  get wire(): CanaryStatus {
    return recordOf(this.world.get(CANARY)?.['status'])
  }

  #note(): void {
    this.chronicle.note(this.world)
    for (const one of this.#witnesses) one.changed?.(this)
  }

  pass(faults: Faults = NO_FAULTS): void {
    this.controller.pass(faults)
    this.#note()
  }

  /**
   * Every pass and sweep that is due, and time where nothing is, for so many seconds.
   *
   * @param ahead how the first passes go ill; each takes one away.
   */
  goOn(seconds: number, ahead: Ill[] = []): void {
    const end = this.world.now + seconds * 1000
    while (this.world.now <= end) {
      this.#settle(ahead)
      const { wakeAt } = this.controller
      if (wakeAt === null || wakeAt > end) break
      this.#moveTo(wakeAt)
    }
    this.#moveTo(end)
  }

  /** Until nothing is due at this instant. */
  #settle(ahead: Ill[]): void {
    for (let i = 0; i < RESTLESS; i += 1) {
      if (this.controller.isDue) {
        const ill = ahead.shift()
        this.pass(ill === undefined ? NO_FAULTS : faultsOf(ill))
        continue
      }
      const moved = [this.world.tick('web'), this.world.tick('web-primary'), this.world.lead()].includes(true)
      this.#note()
      if (!moved) return
    }
    throw new Error(`nothing comes to rest: ${JSON.stringify(this.world.get(CANARY)?.['status'])}`)
  }

  #moveTo(instant: number): void {
    this.world.now = Math.max(this.world.now, instant)
    this.#note()
  }

  /** Something happens. */
  meet(act: Act): void {
    this.#meet(act)
    this.#note()
  }

  #meet(act: Act): void {
    const { world } = this
    switch (act.act) {
      case 'go on':
        return this.goOn(act.seconds, [...act.ills])
      case 'pass':
        return this.pass(faultsOf(act.ill))
      case 'sweep':
        return void (act.of === 'endpoints' ? world.lead() : world.tick(act.of))
      case 'wait':
        return this.#moveTo(world.now + act.seconds * 1000)
      case 'kill':
        return this.controller.kill()
      case 'push':
        return push(world, act.image)
      case 'configure':
        return world.edit(refTo(kinds.ConfigMap, 'web'), config => ({ ...config, contentHash: contentOf(act.content) }))
      case 'command':
        this.#commands += 1
        return annotate(world, act.name, `${this.#commands} ${act.full ? 'full' : 'because'}`)
      case 'pause the spec':
        return world.edit(CANARY, canary => ({ ...canary, spec: { ...recordOf(canary['spec']), paused: act.paused } }))
      case 'edit the ladder':
        return world.edit(CANARY, canary => {
          const spec = recordOf(canary['spec'])
          const plan = planOf(this.setup, act.ladder)
          return { ...canary, spec: { ...spec, analysis: { ...recordOf(spec['analysis']), ...plan } } }
        })
      case 'annotate':
        return world.edit(CANARY, canary => ({
          ...canary,
          metadata: { ...canary.metadata, labels: { touched: String(world.changes) } },
        }))
      case 'crash':
        return this.#weather({ down: new Set([...world.weather.down, act.side]) })
      case 'recover':
        return this.#weather({ down: new Set() })
      case 'scale':
        return world.edit(refTo(kinds.Deployment, act.side), deployment => ({
          ...deployment,
          spec: { ...recordOf(deployment['spec']), replicas: act.replicas },
        }))
      case 'autoscale':
        return autoscale(world, act.side, act.needed)
      case 'hand on the weight':
        return this.setup.split === 'selector'
          ? handOnTheSelector(world, act.weight)
          : handOnTheWeight(world, act.weight)
      case 'lose':
        return this.#lose(act.what)
      case 'mood':
        return this.#weather({ mood: act.mood })
      case 'gates':
        return this.#weather({ gates: act.gates })
      case 'see':
        return this.#weather({ unseen: act.kind === 'half' ? 'VirtualServices cannot be watched' : null })
      case 'fall silent':
        return this.controller.fallSilent()
      case 'hear again':
        return this.controller.hearAgain()
      case 'lead past':
        return leadPast(world, NAMESPACE)
      case 'lead past no more':
        return world.remove(refTo(kinds.VirtualService, `past-${NAMESPACE}`))
      case 'write a policy':
        return writePolicy(world, this.setup, act.kind, act.version)
      case 'delete a policy':
        return world.remove(usersPolicy(act.kind))
      case 'delete':
        return world.edit(CANARY, canary => {
          const { finalizers = [] } = canary.metadata
          if (finalizers.length === 0) return canary
          return { ...canary, metadata: { ...canary.metadata, deletionTimestamp: new Date(world.now).toISOString() } }
        })
    }
  }

  /** The world outside of the objects changes; crashed pods are not ready at once. */
  #weather(change: Partial<Weather>): void {
    const { world } = this
    world.weather = { ...world.weather, ...change }
    world.weigh()
  }

  #lose(what: Extract<Act, { act: 'lose' }>['what']): void {
    const { world } = this
    switch (what) {
      case 'target':
        return world.remove(TARGET)
      case 'primary':
        return world.remove(PRIMARY)
      case 'routes':
        if (this.setup.split === 'ingress') return world.remove(refTo(kinds.Ingress, 'web-canary'))
        if (this.setup.split === 'http route') return world.remove(refTo(kinds.HTTPRoute, 'web'))
        return this.setup.split === 'own' || this.setup.split === 'subsets'
          ? world.remove(refTo(kinds.VirtualService, 'web'))
          : undefined
      case 'canary service':
        return world.remove(refTo(kinds.Service, 'web-canary'))
      case 'records':
        for (const record of world.all(kinds.ControllerRevision))
          world.remove(refTo(kinds.ControllerRevision, record.metadata.name))
        return
      case 'status':
        return world.edit(CANARY, canary => ({ ...canary, status: undefined }))
    }
  }

  /** All is well from here on: pods start, writes succeed, metrics are good, and people say yes. */
  calm(): void {
    const { world } = this
    this.controller.hearAgain()
    this.#weather({ ...FINE, broken: new Set() })
    if (world.get(TARGET) === undefined) makeTarget(world, this.setup)
    this.#note()
  }
}

export function faultsOf({ pushed, ...ill }: Ill): Faults {
  return { ...ill, meanwhile: pushed === null ? null : world => push(world, pushed) }
}

/** A new template on the target, as `kubectl set image` leaves it. */
function push(world: TinyWorld, image: string): void {
  world.edit(TARGET, target => {
    const spec = recordOf(target['spec'])
    return { ...target, spec: { ...spec, template: withImage(spec['template'], image) } }
  })
  // Git says which commit that was, as CI writes it.
  annotate(world, 'commit', `github/shop/web@${String(world.changes).padStart(40, '0')}`)
}

function withImage(template: unknown, image: string): unknown {
  const spec = recordOf(at(template, 'spec'))
  const containers = recordsOf(spec['containers']).map(container => ({ ...container, image }))
  return { ...recordOf(template), spec: { ...spec, containers } }
}

export function annotate(world: TinyWorld, command: string, value: string): void {
  world.edit(CANARY, canary => {
    const annotations = { ...canary.metadata.annotations, [`sluice.dev/${command}`]: value }
    return { ...canary, metadata: { ...canary.metadata, annotations } }
  })
}

/** A client points the Service at one side. */
function handOnTheSelector(world: TinyWorld, weight: number): void {
  const side = world.get(refTo(kinds.Service, weight > 0 ? 'web-canary' : 'web-primary'))
  if (side === undefined) return
  world.edit(refTo(kinds.Service, 'web'), service => ({
    ...service,
    spec: { ...recordOf(service['spec']), selector: at(side['spec'], 'selector') },
  }))
}

/** A client edits the weights of every route of the namespace that has both sides. */
function handOnTheWeight(world: TinyWorld, weight: number): void {
  const weights = weightsOf(weight)
  const handOn = (kind: Kind, routes: 'http' | 'rules', destinations: 'route' | 'backendRefs'): void => {
    for (const { metadata } of world.all(kind).filter(one => one.metadata.namespace === NAMESPACE)) {
      world.edit(refTo(kind, metadata.name), object => {
        const edited = recordsOf(at(object['spec'], routes)).map(route => {
          const [primary, canary] = recordsOf(route[destinations])
          if (primary === undefined || canary === undefined) return route
          return {
            ...route,
            [destinations]: [
              { ...primary, weight: weights.primary },
              { ...canary, weight: weights.canary },
            ],
          }
        })
        return { ...object, spec: { ...recordOf(object['spec']), [routes]: edited } }
      })
    }
  }
  handOn(kinds.VirtualService, 'http', 'route')
  handOn(kinds.HTTPRoute, 'rules', 'backendRefs')
  world.edit(refTo(kinds.Ingress, 'web-canary'), ingress => {
    const { primary, canary } = weights
    const total = { 'canary-weight': String(canary), 'canary-weight-total': String(primary + canary) }
    const given = Object.entries(total).map(([name, value]) => [`nginx.ingress.kubernetes.io/${name}`, value] as const)
    const annotations = { ...ingress.metadata.annotations, ...Object.fromEntries(given) }
    return { ...ingress, metadata: { ...ingress.metadata, annotations } }
  })
}
