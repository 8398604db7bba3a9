/** Which rule or line carries which law; `mutants.ts` takes each out and sees the law fail. */
import { mutantsOfAutoscalers } from './mutants/autoscalers.rows.ts'
import { mutantsOfChecks } from './mutants/checks.rows.ts'
import { mutantsOfEndings } from './mutants/endings.rows.ts'
import { mutantsOfPasses } from './mutants/passes.rows.ts'
import { mutantsOfPods } from './mutants/pods.rows.ts'
import { mutantsOfPolicies } from './mutants/policies.rows.ts'
import { mutantsOfRoutes } from './mutants/routes.rows.ts'
import { mutantsOfWebhooks } from './mutants/webhooks.rows.ts'
import type { Mutant } from './mutants/mutant.ts'

export type { Mutant }

export const mutants: readonly Mutant[] = [
  ...mutantsOfChecks,
  ...mutantsOfPods,
  ...mutantsOfRoutes,
  ...mutantsOfPasses,
  ...mutantsOfWebhooks,
  ...mutantsOfAutoscalers,
  ...mutantsOfPolicies,
  ...mutantsOfEndings,
]
