/** Other Canaries that want the same, and objects that have our names. */
import type { KubeObject, Ref } from '../../api/object.ts'
import { at, recordsOf, textOf, textsOf } from '../json.ts'
import { selects, templateLabels } from '../render/labels.ts'
import type { Observation } from '../model/observation.ts'
import { isOurs, liveOf } from '../render/ownership.ts'
import { isHost } from '../routers/istio/hosts.ts'
import { ruleOf } from '../routers/istio/rules.ts'
import { called, type FindProblem, listedInWords, problem } from './problem.ts'

/** Of two Canaries for one target or Service the older is served; of two of one age the first by name. */
export const olderRival: FindProblem = o => {
  const age = (canary: KubeObject): string => `${canary.metadata.creationTimestamp ?? ''}/${canary.metadata.name}`
  const older = o.surroundings.rivals.find(
    rival => rival.metadata.name !== o.names.canary && age(rival) < age(o.canary),
  )
  if (older === undefined) return null
  const target = at(older.spec, 'targetRef', 'name')
  const shared =
    target === o.names.target.name ? `Deployment ${o.names.target.name}` : `Service ${o.names.apexService.name}`
  const sameAge = older.metadata.creationTimestamp === o.canary.metadata.creationTimestamp
  return problem(
    'Conflict',
    `${called(older)} releases ${shared} too and is ${sameAge ? 'first by name' : 'older'}, so it is served and this Canary is not. Delete this one, or recreate it with another target and service.name.`,
  )
}

/** What Flagger made: for a Canary of its own, or by its field manager, which also tells where the owner was taken off. */
function isOfFlagger({ metadata }: KubeObject): boolean {
  return (
    (metadata.ownerReferences ?? []).some(owner => owner.apiVersion.startsWith('flagger.app/')) ||
    (metadata.managedFields ?? []).some(({ manager }) => manager === 'flagger')
  )
}

/**
 * An object of our name that another client made is never overwritten. It may serve: the sentence says so before it advises anything.
 *
 * @param serves what leads to it, as a sentence; '' where nothing is known to.
 */
function foreign(
  o: Observation,
  live: KubeObject | undefined,
  serves: string,
  advice: string,
): ReturnType<FindProblem> {
  if (live === undefined || isOurs(o, live)) return null
  if (isOfFlagger(live)) {
    const warning = serves === '' ? '' : ` ${serves}, so it is not to be deleted yet.`
    return problem(
      'Conflict',
      `${called(live)} was made by Flagger, and this Canary needs that name.${warning} Hand the workload back to Deployment ${o.names.target.name} first, step by step as docs/migrating-from-flagger.md says.`,
    )
  }
  const said = serves === '' ? '' : ` ${serves}.`
  return problem(
    'Conflict',
    `${called(live)} exists and was not made by this Canary, which needs that name.${said} ${advice}`,
  )
}

export const foreignPrimary: FindProblem = o => {
  const live = liveOf(o, o.names.primary)
  const services = live === undefined ? [] : servicesOf(o, live)
  const { name } = o.names.target
  if (services.length === 0) {
    const advice =
      'Make sure that nothing needs it, then rename or delete it; Sluice creates the primary from the target.'
    return foreign(o, live, '', advice)
  }
  const them = services.length === 1 ? 'that Service' : 'those Services'
  const advice = `Let ${them} select ready pods of Deployment ${name}, then rename or delete it; Sluice creates the primary from the target.`
  return foreign(o, live, `It serves: ${listedInWords(services)} selects its pods`, advice)
}

/** Services, of those that concern this Canary, that lead to the pods of a Deployment. */
function servicesOf(o: Observation, deployment: KubeObject): string[] {
  if (at(deployment.spec, 'replicas') === 0) return []
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].flatMap(ref => liveOf(o, ref) ?? [])
  return [...own, ...o.surroundings.services]
    .filter(service => selects(textsOf(at(service.spec, 'selector')), templateLabels(deployment)))
    .map(called)
}

export const foreignSideServices: FindProblem = o => {
  if (o.canary.spec.service.destinationRule !== undefined) return null
  return foreignSide(o, o.names.primaryService) ?? foreignSide(o, o.names.canaryService)
}

function foreignSide(o: Observation, ref: Ref): ReturnType<FindProblem> {
  const live = liveOf(o, ref)
  const own = liveOf(o, o.names.virtualService)
  const routes = new Set([...(own === undefined ? [] : [own]), ...o.surroundings.virtualServices])
  const leading = [...routes].filter(one => leadsTo(one, ref)).map(called)
  if (leading.length === 0) {
    const advice =
      'Recreate the Canary with another service.name; or make sure that nothing calls it, then rename or delete it.'
    return foreign(o, live, '', advice)
  }
  const advice =
    'Recreate the Canary with another service.name; or let the routes lead elsewhere, then rename or delete it.'
  return foreign(o, live, `It serves: ${listedInWords(leading)} leads to it`, advice)
}

/** Whether a route of any protocol has this Service as a destination. */
function leadsTo(routes: KubeObject, service: Ref): boolean {
  const namespace = routes.metadata.namespace ?? ''
  return ['http', 'tls', 'tcp'].some(protocol =>
    recordsOf(at(routes.spec, protocol)).some(route =>
      recordsOf(route['route']).some(entry => isHost(textOf(at(entry, 'destination', 'host')), namespace, service)),
    ),
  )
}

export const foreignVirtualService: FindProblem = o => {
  const { apexService, primaryService, canaryService } = o.names
  const { name } = o.names.virtualService
  if (o.canary.spec.service.virtualServices !== undefined) return null
  const live = liveOf(o, o.names.virtualService)
  const serves = live !== undefined && [apexService, primaryService, canaryService].some(ref => leadsTo(live, ref))
  return serves
    ? foreign(
        o,
        live,
        `It leads to Service ${apexService.name}`,
        `Recreate the Canary with service.virtualServices: [{name: ${name}}].`,
      )
    : foreign(
        o,
        live,
        '',
        `Create it under another name, then delete this one; or recreate the Canary with another service.name.`,
      )
}

export const foreignRules: FindProblem = o => {
  const { primaryRule, primaryService, canaryRule, canaryService } = o.names
  if (o.canary.spec.service.destinationRule !== undefined) return null
  const advice = 'Create it under another name, then delete this one.'
  const ofSide = (rule: Ref, service: Ref): ReturnType<FindProblem> =>
    // Where Sluice has nothing to say it needs no rule.
    ruleOf(o, service) === null ? null : foreign(o, liveOf(o, rule), '', advice)
  return ofSide(primaryRule, primaryService) ?? ofSide(canaryRule, canaryService)
}
