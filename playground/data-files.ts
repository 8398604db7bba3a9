/** The files of `data/` as text. `npm run build` replaces this module by one that contains them, so that the demo is one file. */
import { readFileSync } from 'node:fs'

export type DataFile = 'kubernetes' | 'istio' | 'gateway-api'

export const dataFile = (name: DataFile): string =>
  readFileSync(new URL(`./data/${name}.json`, import.meta.url), 'utf8')
