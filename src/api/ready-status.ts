/** `status` of an object that Canaries name: one condition, `Ready`, says whether it can be used, and else what is wrong. */
import { z } from 'zod'
import { Condition } from './status.ts'

/** @param ready what the condition says, as the reference has it. */
export const readyStatus = (ready: string) =>
  z
    .object({
      observedGeneration: z.int().default(-1).describe('Generation of the spec that this status speaks of.'),
      conditions: z
        .array(Condition)
        .max(5)
        .optional()
        .describe(ready)
        .meta({ 'x-kubernetes-list-type': 'map', 'x-kubernetes-list-map-keys': ['type'] }),
    })
    .partial()
