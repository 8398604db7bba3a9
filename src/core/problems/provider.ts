/** What splits the traffic: was it changed, and can it carry what the spec says. */
import { kindAndName } from '../model/names.ts'
import { rulesOf } from '../../api/provider-rules.ts'
import { type FindProblem, problem } from './problem.ts'

/**
 * The traffic is split by what was recorded. With another provider its routes would stay as they are, unseen, and go on splitting;
 * so nothing is changed until the Canary, or the flag, asks for the recorded one again.
 */
export const providerChanged: FindProblem = o => {
  const { provider, askedProvider } = o.canary.spec
  if (askedProvider === provider) return null
  return problem(
    'Conflict',
    `spec.provider, or --mesh-provider where it is left out, is ${askedProvider}, but ${provider} splits the traffic of this Canary since it was initialized, and still does. Write spec.provider: ${provider}; or, to change it, delete the Canary, which hands the traffic back to ${kindAndName(o.names.target)}, and create it again.`,
  )
}

/** What the spec may not say with its provider, where a flag chose it and admission could not know. */
export const specBeyondProvider: FindProblem = o => {
  const { spec } = o.canary
  const broken = rulesOf(spec.provider).find(({ holds }) => !holds(spec))
  return broken === undefined ? null : problem('Invalid', `spec: ${broken.message}`)
}
