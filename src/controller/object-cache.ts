/** The caches, as far as a pass uses them. */
import type { Informers } from '../runtime/informers.ts'

export type ObjectCache = Pick<
  Informers,
  'get' | 'list' | 'byIndex' | 'countByIndex' | 'synced' | 'reflectors' | 'accept' | 'removed'
>
