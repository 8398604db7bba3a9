/** Webhooks that the controller never calls. */
import { type FindProblem, problem } from './problem.ts'

/** Which hosts a Canary makes the controller send requests to is for who runs Sluice to say. A path may hold a secret, so it is not shown. */
export const webhookNotAllowed: FindProblem = o => {
  for (const [index, { name, url }] of o.canary.spec.analysis.webhooks.entries()) {
    const because = o.settings.webhookRefusal(url)
    if (because === null) continue
    return problem(
      'WebhookNotAllowed',
      `spec.analysis.webhooks[${index}].url of webhook ${name} is never called: ${because}. Write the URL of another host, or have this one allowed with --webhook-allow and --webhook-deny of the controller.`,
    )
  }
  return null
}
