/** Routes of the user's that the Canary names: are they there, and can they be split. */
import type { Kind } from '../../../../api/object.ts'
import { type Json, numberOf, textOf } from '../../../json.ts'
import type { Observation } from '../../../model/observation.ts'
import { calledHere, type FindProblem, listedInWords, problem } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import { apexPorts } from '../../../render/ports.ts'
import { rulesIn } from '../refs.ts'
import { chosenRules, entriesOf, listed, type Listed, refOfListed, sidesOf } from '../users.ts'

export const routesThatDoNotFit =
  (http: Kind): FindProblem =>
  o => {
    for (const [index, one] of listed(o).entries()) {
      const said = routeProblem(o, one, http)
      if (said !== null) return problem('ReferenceMissing', `spec.service.routes[${index}] names ${said}`)
    }
    return null
  }

/** The rest of a sentence that opens with "… names ". */
function routeProblem(o: Observation, one: Listed, http: Kind): string | null {
  const { kind = 'HTTPRoute', name } = one
  const named = calledHere(o, kind, name)
  const live = liveOf(o, refOfListed(o, one, http))
  if (live === undefined) {
    const served = kind === 'HTTPRoute' ? '' : `, or is not served in ${refOfListed(o, one, http).kind.version}`
    return `${named}, which does not exist${served}. Create it, or recreate the Canary without the entry.`
  }
  const names = rulesIn(live.spec).map(rule => textOf(rule['name']))
  const absent = one.rules?.find(rule => !names.includes(rule.name))
  if (absent !== undefined) {
    const there = listedInWords(names.filter(rule => rule !== ''))
    return `the rule ${absent.name} of ${named}, which has no rule of that name; there are: ${there}. Write one of them, or name the rule.`
  }
  const chosen = chosenRules(o, one, live.spec)
  const apex = o.names.apexService.name
  if (chosen.length === 0) {
    return `${named}, but none of its rules leads to Service ${apex}. Add a backendRef with that name, or recreate the Canary without the entry.`
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
