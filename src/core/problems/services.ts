/** Services of the user's: the adopted apex, and others that select the target's pods. */
import type { KubeObject } from '../../api/object.ts'
import { topologyOf } from '../../api/providers.ts'
import { at, entryOf, type Json, numberOf, recordsOf, textOf, textsOf } from '../json.ts'
import { labelMode, primaryLabels, selects, templateLabels } from '../render/labels.ts'
import { CANARY_LABEL, ORIGINAL_ANNOTATION } from '../model/names.ts'
import type { Observation } from '../model/observation.ts'
import { isOurs, liveOf } from '../render/ownership.ts'
import { selectorBefore } from '../render/original.ts'
import { apexPorts, containerPorts, isMain, targetOf } from '../render/ports.ts'
import { called, calledHere, type FindProblem, listedInWords, problem } from './problem.ts'

/** A Service of the user's that is only a name elsewhere has no pods to select; one of ours is put right. */
export const externalService: FindProblem = o => {
  const live = liveOf(o, o.names.apexService)
  if (live === undefined || isOurs(o, live) || at(live.spec, 'type') !== 'ExternalName') return null
  return problem(
    'Conflict',
    `${called(live)} is of type ExternalName and leads to ${textOf(at(live.spec, 'externalName'))}, so it cannot lead to pods of the primary. Recreate the Canary with another service.name; or, once nothing needs what it leads to, make it a ClusterIP Service.`,
  )
}

/**
 * A Service leads to the target's pods and to no others before it is adopted: what it leads to beside them would get no
 * requests from it any more.
 */
export const serviceOfOtherPods: FindProblem = o => {
  const live = unadopted(o)
  if (live === null || o.target === null) return null
  const selector = textsOf(at(live.spec, 'selector'))
  const target = templateLabels(o.target.object)
  if (Object.keys(selector).length === 0) {
    return problem(
      'Conflict',
      `${called(live)} has no selector; its manually managed endpoints would stop receiving requests. Recreate the Canary with another service.name; Sluice creates that Service.`,
    )
  }
  const others = otherBackends(o)
  if (!selects(selector, target)) {
    const missed = written(Object.entries(selector).filter(([key, value]) => entryOf(target, key) !== value))
    const instead = others.length === 0 ? '' : ` It leads to ${others}, which would get no requests any more.`
    return problem(
      'Conflict',
      `${called(live)} selects pods by ${missed}, which the pods of ${called(o.target.object)} do not have.${instead} Let it select the pods of ${o.names.target.name} alone, or recreate the Canary with another service.name.`,
    )
  }
  if (others.length === 0) return null
  const { backends, otherPods } = o.surroundings
  const own = Object.entries(target).find(
    ([key, value]) => otherPods.length === 0 && backends.every(one => entryOf(templateLabels(one), key) !== value),
  )
  const narrower = own === undefined ? 'a label that only they have' : written([own])
  return problem(
    'Conflict',
    `${called(live)} also selects ${others}, which would get no requests any more. Scale ${o.names.target.name} so that it can carry all traffic, then let the Service select its pods alone, by ${narrower} in addition; or recreate the Canary with another service.name.`,
  )
}

/** Pods that an adopted Service would select by its own manifest: it selects the primary now, and nothing else. */
export const podsLeftOut: FindProblem = o => {
  const live = liveOf(o, o.names.apexService)
  if (live === undefined || isOurs(o, live) || !isAdopted(live) || topologyOf(o.canary.spec) === 'subsets') return null
  const others = inWords(running(o).filter(one => !isSelectedBy(live, one)))
  if (others === '') return null
  const selector = written(Object.entries(selectorBefore(live)))
  return problem(
    'Conflict',
    `The pods of ${others} have ${selector}, by which ${called(live)} was selecting before it was adopted; it leads to the primary alone, so they get no requests from it. Give them a Service of their own, or other labels`,
  )
}

/** A Service of both subsets goes on selecting by what these have in common. */
export const podsInSubset: FindProblem = o => {
  const { subsets } = o
  if (subsets === null) return null
  const sides = [subsets.primary, subsets.canary]
  const others = running(o).filter(one => sides.some(labels => selects(labels, templateLabels(one))))
  if (others.length === 0) return null
  return problem(
    'Conflict',
    `The pods of ${inWords(others)} have the labels of a subset of ${calledHere(o, 'Service', o.names.apexService.name)}, so they get requests of that side, whatever their revision. Give them other labels`,
  )
}

/** Pods that look like the primary's, such as those of a copy of it that was made by hand: callers reach them, too. */
export const podsBesidePrimary: FindProblem = o => {
  const live = liveOf(o, o.names.apexService)
  if (live === undefined || isOurs(o, live) || !isAdopted(live) || topologyOf(o.canary.spec) === 'subsets') return null
  // With a primary of another Canary it is that one's Service.
  const isOfAnother = ({ metadata }: KubeObject): boolean =>
    (metadata.labels?.[CANARY_LABEL] ?? o.names.canary) !== o.names.canary
  const others = inWords(running(o).filter(one => isSelectedBy(live, one) && !isOfAnother(one)))
  if (others === '') return null
  return problem(
    'Conflict',
    `${called(live)} also leads to the pods of ${others}, because they have the labels of the primary's: callers reach them, whatever was judged. Delete it, or recreate it with other labels than ${written(labelsApart(o))}`,
  )
}

const isSelectedBy = (service: KubeObject, workload: KubeObject): boolean =>
  selects(textsOf(at(service.spec, 'selector')), templateLabels(workload))

/** The labels that pods of the primary have and those of the target have not. */
const labelsApart = (o: Observation): (readonly [string, string])[] => {
  const target = templateLabels(o.target?.object)
  return Object.entries(primaryLabels(o, target) ?? {}).filter(([key, value]) => entryOf(target, key) !== value)
}

const isAdopted = (live: KubeObject): boolean => live.metadata.annotations?.[ORIGINAL_ANNOTATION] !== undefined

/** The user's Service that callers will use, until it is adopted. */
function unadopted(o: Observation): KubeObject | null {
  const live = liveOf(o, o.names.apexService)
  return live === undefined || isOurs(o, live) || isAdopted(live) ? null : live
}

/** Whether the apex may lead to pods that only its endpoints tell of: of those Sluice follows Deployments and ReplicaSets alone. */
export function mayHaveOtherPods(o: Observation): boolean {
  const live = unadopted(o)
  return live !== null && Object.keys(textsOf(at(live.spec, 'selector'))).length > 0
}

/** What the apex leads to beside the target's pods, in words. */
function otherBackends(o: Observation): string {
  const workloads = inWords(running(o))
  const pods = fewInWords(o.surroundings.otherPods.map(name => calledHere(o, 'Pod', name)))
  return [workloads === '' ? '' : `the pods of ${workloads}`, pods].filter(words => words !== '').join(', and ')
}

/** Workloads with pods that the apex selected beside the target's. */
const running = (o: Observation): readonly KubeObject[] => o.surroundings.backends.filter(one => wishedPods(one) > 0)

const inWords = (workloads: readonly KubeObject[]): string => fewInWords(workloads.map(called))

const fewInWords = (words: readonly string[]): string =>
  words.length === 0 ? '' : listedInWords(words.slice(0, MOST_NAMED)) + more(words.length - MOST_NAMED)

const MOST_NAMED = 3
const more = (count: number): string => (count > 0 ? ` (and ${count} more)` : '')

/** Of a ReplicaSet only the status is kept in the cache. */
const wishedPods = ({ kind, spec, status }: KubeObject): number =>
  kind === 'Deployment' ? numberOf(at(spec, 'replicas'), 1) : numberOf(at(status, 'replicas'), 0)

const written = (labels: readonly (readonly [string, string])[]): string =>
  listedInWords(labels.map(([key, value]) => `${key}: ${value}`))

/** A Service that finds the target's pods but would not find the primary's has no endpoints once the target is scaled down. */
export const serviceThatLosesItsPods: FindProblem = o => {
  const target = templateLabels(o.target?.object)
  const primary = primaryLabels(o, target)
  if (o.target === null || primary === null) return null
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].map(ref => ref.name)
  const loser = o.surroundings.services.find(service => {
    const selector = textsOf(at(service.spec, 'selector'))
    return !own.includes(service.metadata.name) && selects(selector, target) && !selects(selector, primary)
  })
  if (loser === undefined) return null
  const missed = Object.entries(textsOf(at(loser.spec, 'selector')))
    .filter(([key, value]) => entryOf(primary, key) !== value)
    .map(([key, value]) => `${key}: ${value}`)
  const both = 'select by labels that the pods of both have'
  const advice =
    labelMode(o) === 'switch'
      ? `Recreate the Canary with primary.labels: keep, or let the Service ${both}.`
      : `Let the Service ${both}.`
  return problem(
    'Conflict',
    `${called(loser)} selects the pods of ${called(o.target.object)} by ${listedInWords(missed)}, which the primary's pods do not have, so it would have no endpoints between runs. ${advice}`,
  )
}

/**
 * Its callers are not split: they reach both sides, whatever was judged. One that leads to other ports of the pods, such as that of their
 * metrics, has callers of another kind.
 */
export const otherServiceOfBothSides: FindProblem = o => {
  if (o.target === null) return null
  const target = templateLabels(o.target.object)
  const primary = primaryLabels(o, target)
  const main = apexPorts(o).find(port => isMain(o, port))
  if (primary === null || main === undefined) return null
  const declared = containerPorts(at(o.target.object.spec, 'template'))
  const numberOfTarget = (port: Json): unknown => {
    const leadsTo = targetOf(port)
    return declared.find(({ name }) => name === leadsTo)?.port ?? leadsTo
  }
  const own = [o.names.apexService, o.names.primaryService, o.names.canaryService].map(ref => ref.name)
  const other = o.surroundings.services.find(({ metadata, spec }) => {
    const selector = textsOf(at(spec, 'selector'))
    if (own.includes(metadata.name) || !selects(selector, target) || !selects(selector, primary)) return false
    return recordsOf(at(spec, 'ports')).some(port => numberOfTarget(port) === numberOfTarget(main))
  })
  if (other === undefined) return null
  return problem(
    'Conflict',
    `${called(other)} selects the pods of both sides, so its callers reach a candidate before it has passed. Let them use Service ${o.names.apexService.name}, or, while this Canary exists, add ${written(labelsApart(o))} to its selector`,
  )
}
