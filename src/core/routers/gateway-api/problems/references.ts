/** Routes of the user's that the Canary names: are they there, and can they be split. */
import type { Kind, KubeObject } from '../../../../api/object.ts'
import { type Json, numberOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { called, calledHere, type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import { apexPorts } from '../../../render/ports.ts'
import { rulesIn } from '../refs.ts'
import { entriesOf as listing, type Entry, kindOf, labelledOf, MOST_SELECTED } from '../listed.ts'
import { rememberedIn } from '../../remembered-weights.ts'
import { chosenRules, entriesOf, sidesOf } from '../users.ts'

export const routesThatDoNotFit =
  (http: Kind): FindProblem =>
  o => {
    for (const [index, entry] of listing(o).entries()) {
      const said = entry.name === undefined ? selectedProblem(o, entry, http) : namedProblem(o, entry, entry.name, http)
      if (said !== null) return problem('ReferenceMissing', `spec.service.routes[${index}] ${said}`)
    }
    return null
  }

function namedProblem(o: Observation, entry: Entry, name: string, http: Kind): string | null {
  const kind = kindOf(entry, http)
  const live = liveOf(o, { kind, namespace: o.names.namespace, name })
  if (live === undefined) {
    return `names ${calledHere(o, kind.kind, name)}, which does not exist${orNotServed(kind, 'is')}. Create it, or recreate the Canary without the entry.`
  }
  const said = routeProblem(o, entry, live, 'recreate the Canary without the entry')
  return said === null ? null : `names ${said}`
}

const orNotServed = ({ version, older }: Kind, verb: 'is' | 'they are'): string =>
  older === undefined
    ? ''
    : `, or ${verb} not served in ${[version, ...older].join(', ').replace(/, (?=[^,]*$)/, ' or ')}`

/** Each route that has the labels is to be split: one that cannot be is not left out without a word. */
function selectedProblem(o: Observation, entry: Entry, http: Kind): string | null {
  const kind = kindOf(entry, http)
  const labels = Object.entries(entry.selector?.matchLabels ?? {}).map(pair => pair.join('='))
  const chosen = `selects ${kind.kind}s of namespace ${o.names.namespace} by ${labels.join(', ')}`
  const found = labelledOf(o, entry, http)
  if (found.length === 0) {
    return `${chosen}, and there is none${orNotServed(kind, 'they are')}. Write the labels on the routes to split, or recreate the Canary without the entry.`
  }
  if (found.length > MOST_SELECTED) {
    return `${chosen}, and there are more than ${MOST_SELECTED}. Recreate the Canary with another label that fewer routes have, or with several entries.`
  }
  for (const live of found) {
    const said = routeProblem(o, entry, live, 'remove one of the labels from the route')
    if (said !== null) return `selects ${said}`
  }
  return null
}

/**
 * The rest of a sentence that opens with "… names " or "… selects ".
 *
 * @param without how the route is left alone.
 */
function routeProblem(o: Observation, one: Entry, live: KubeObject, without: string): string | null {
  const named = called(live)
  const names = rulesIn(live.spec).map(rule => textOf(rule['name']))
  const absent = one.rules?.find(rule => !names.includes(rule.name))
  if (absent !== undefined) {
    const there = listedInWords(names.filter(rule => rule !== ''))
    return `the rule ${absent.name} of ${named}, which has no rule of that name; there are: ${there}. Write one of them, or name the rule.`
  }
  const chosen = chosenRules(o, one, live.spec)
  const apex = o.names.apexService.name
  if (chosen.length === 0) {
    const isOthers = Object.keys(rememberedIn(live)).length > 0
    return `${named}${isOthers ? ', in which another Canary shifts weights' : ''}, but none of its rules leads to Service ${apex}. Add a backendRef with that name, or ${without}.`
  }
  for (const { index, route } of chosen) {
    const rule = textOf(route['name']) === '' ? `number ${index + 1}` : textOf(route['name'])
    const misfit = ruleMisfit(o, route)
    if (misfit !== null) return `${named}, whose rule ${rule} ${misfit}`
  }
  return null
}

/** Why a rule cannot be split, as the end of a sentence. */
function ruleMisfit(o: Observation, rule: Json): string | null {
  const apex = o.names.apexService.name
  const entries = entriesOf(rule)
  if (entries.length === 0) return 'has no backend to split. Choose other rules.'
  if (sidesOf(o, rule) === null) {
    const led = listedInWords(entries.map(entry => textOf(entry['name'])))
    return `leads to ${led}; there must be one backend for ${apex} and none for others. Put the others into a rule of their own.`
  }
  const ports = apexPorts(o).map(port => numberOf(port['port'], 0))
  const other = entries.map(entry => numberOf(entry['port'], 0)).find(port => port > 0 && !ports.includes(port))
  return other === undefined
    ? null
    : `leads to port ${other}, which Service ${o.names.canaryService.name} does not have; it has ${listedInWords(ports.map(String))}. Write one of them, or add the port to Service ${apex}.`
}
