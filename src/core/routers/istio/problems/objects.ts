/** VirtualServices of others that have our names. */
import { foreign } from '../../../problems/foreign.ts'
import type { FindProblem } from '../../../problems/problem.ts'
import { liveOf } from '../../../render/ownership.ts'
import { leadsTo } from '../leading.ts'
import { virtualServiceOf } from '../names.ts'

export const foreignVirtualService: FindProblem = o => {
  const { apexService, primaryService, canaryService } = o.names
  if (o.canary.spec.service.virtualServices !== undefined) return null
  const ref = virtualServiceOf(o.names)
  const live = liveOf(o, ref)
  const serves = live !== undefined && [apexService, primaryService, canaryService].some(one => leadsTo(live, one))
  return serves
    ? foreign(
        o,
        live,
        `It leads to Service ${apexService.name}`,
        `Recreate the Canary with service.virtualServices: [{name: ${ref.name}}].`,
      )
    : foreign(
        o,
        live,
        '',
        `Create it under another name, then delete this one; or recreate the Canary with another service.name.`,
      )
}
