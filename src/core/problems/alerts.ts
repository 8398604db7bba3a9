/** Alerts that could not be sent. They stop nothing: a chat is no gate of a release. */
import { entryOf } from '../json.ts'
import { calledHere, type FindProblem, problem } from './problem.ts'

export const alertWithoutProvider: FindProblem = o => {
  for (const [index, { name, providerRef }] of o.canary.spec.analysis.alerts.entries()) {
    const provider = entryOf(o.alertProviders, providerRef.name)
    if (provider !== undefined && 'provider' in provider) continue
    const where = `spec.analysis.alerts[${index}] is not sent: ${calledHere(o, 'AlertProvider', providerRef.name)}`
    const why =
      provider === undefined
        ? 'does not exist. Create it, or remove the alert.'
        : `is refused: ${provider.problems.join('; ')}`
    return problem('AlertNotSent', `Alert ${name}, ${where} ${why}`)
  }
  return null
}
