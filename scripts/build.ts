/**
 * `npm run build [-- <folder>]`: the controller as one file, `sluice.js`, and the demo as another, `sluice-demo.js`, which `sluice demo`
 * runs, the page of `sluice dashboard` in the folder `dashboard`, and the manifests of `sluice install` as `sluice-install.yaml`; in `dist/`, or in the folder that is named. The image has no demo: where
 * the folder `demo` is missing, `sluice-demo.js` is not made.
 */
import { existsSync } from 'node:fs'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { bundleDashboard } from './bundle-dashboard.ts'
import { bundle, type Program, root } from './bundle.ts'
import { installManifests } from './manifests.ts'

const textOf = (path: string): Promise<string> => readFile(join(root, path), 'utf8')

/** The demo, with every file that it would read in a checkout. */
async function demo(): Promise<Program> {
  const crds = (await readdir(join(root, 'crds'))).filter(name => name.endsWith('.yaml')).sort()
  const definitions = await Promise.all(crds.map(name => textOf(`crds/${name}`)))
  const data = await Promise.all(
    ['kubernetes', 'istio', 'gateway-api'].map(
      async name => [name, JSON.stringify(JSON.parse(await textOf(`playground/data/${name}.json`)))] as const,
    ),
  )
  return {
    entry: 'demo/main.ts',
    file: 'sluice-demo.js',
    replaced: {
      'demo/files': `
        import { fileURLToPath } from 'node:url'
        export const crds = () => ${JSON.stringify(definitions)}
        export const shop = () => ${JSON.stringify(await textOf('demo/shop.yaml'))}
        export const controller = fileURLToPath(new URL('./sluice.js', import.meta.url))`,
      'playground/data-files': `
        const files = ${JSON.stringify(Object.fromEntries(data))}
        export const dataFile = name => files[name]`,
    },
    notices: [
      `Schemas of Kubernetes, and CustomResourceDefinitions of Istio and of the Gateway API (Apache-2.0)\n\n${(await textOf('LICENSE')).trim()}`,
    ],
  }
}

const [folder = join(root, 'dist')] = process.argv.slice(2)
console.log(await bundle({ entry: 'src/main.ts', file: 'sluice.js' }, folder))
console.log(await bundleDashboard(folder))
await writeFile(join(folder, 'sluice-install.yaml'), installManifests())
if (existsSync(join(root, 'demo'))) console.log(await bundle(await demo(), folder))
