/** All cases of the API contract, in the order in which they run. */
import type { Case } from './case.ts'
import { applies } from './cases/apply.ts'
import { canaries } from './cases/canaries.ts'
import { crds } from './cases/crds.ts'
import { deletions } from './cases/deletion.ts'
import { discovery } from './cases/discovery.ts'
import { fields } from './cases/fields.ts'
import { leases } from './cases/leases.ts'
import { lists } from './cases/lists.ts'
import { load } from './cases/load.ts'
import { metadata } from './cases/metadata.ts'
import { objects } from './cases/objects.ts'
import { ownership } from './cases/ownership.ts'
import { patches } from './cases/patches.ts'
import { requests } from './cases/requests.ts'
import { strategics } from './cases/strategic.ts'
import { subresources } from './cases/subresources.ts'
import { tables } from './cases/tables.ts'
import { watches } from './cases/watches.ts'
import { workloads } from './cases/workloads.ts'

export const cases: readonly Case[] = [
  ...objects,
  ...metadata,
  ...patches,
  ...strategics,
  ...applies,
  ...ownership,
  ...subresources,
  ...lists,
  ...watches,
  ...deletions,
  ...fields,
  ...crds,
  ...canaries,
  ...tables,
  ...requests,
  ...leases,
  ...discovery,
  ...workloads,
  ...load,
]
