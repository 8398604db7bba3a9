/**
 * The files that the demo needs. In a checkout they are where they are written; `npm run build` replaces this module by one that
 * contains them (scripts/build.ts), so that `dist/sluice-demo.js` needs nothing but `sluice.js` beside it.
 */
import { readdirSync, readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'

const definitions = new URL('../crds/', import.meta.url)

/** The CustomResourceDefinitions of Sluice, a YAML text each. */
export const crds = (): readonly string[] =>
  readdirSync(definitions)
    .filter(name => name.endsWith('.yaml'))
    .map(name => readFileSync(new URL(name, definitions), 'utf8'))

/** What the user of the demo applies, in YAML. */
export const shop = (): string => readFileSync(new URL('shop.yaml', import.meta.url), 'utf8')

/** Path of the controller's bundle. */
export const controller = fileURLToPath(new URL('../dist/sluice.js', import.meta.url))
