/** What Sluice's own objects of Istio are called. */
import { kinds, type Ref } from '../../../api/object.ts'
import type { Names } from '../../model/names.ts'

export const virtualServiceOf = ({ apexService: { namespace, name } }: Names): Ref => ({
  kind: kinds.VirtualService,
  namespace,
  name,
})

/** The DestinationRule of a side has the name of its Service. */
export const ruleRefOf = ({ namespace, name }: Ref): Ref => ({ kind: kinds.DestinationRule, namespace, name })
