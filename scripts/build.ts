/**
 * `npm run build`: the program as one file, `dist/sluice.js`, that runs on Node without node_modules. Beside it the licences
 * of everything that went into it, as those licences ask.
 */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

const root = fileURLToPath(new URL('..', import.meta.url))
const outfile = join(root, 'dist', 'sluice.js')

/**
 * Of the Kubernetes client the program uses credentials only, but the package does not say that its modules may be left out
 * when nothing of them is used: its generated clients for every API would cost 4 MiB of heap.
 */
const shakeKubernetesClient: esbuild.Plugin = {
  name: 'shake-kubernetes-client',
  setup(build) {
    const name = '@kubernetes/client-node'
    build.onResolve(
      { filter: /^\.|^@kubernetes\/client-node$/ },
      async ({ path, importer, resolveDir, kind, pluginData }) => {
        if (pluginData === name || !(path === name || importer.includes(`/node_modules/${name}/`))) return undefined
        return { ...(await build.resolve(path, { importer, resolveDir, kind, pluginData: name })), sideEffects: false }
      },
    )
  },
}

/**
 * Of undici the program and the Kubernetes client use the two agents, but its one entry loads everything there is, among it
 * fetch, WebSocket, caches and mocks: 10 MiB of memory.
 */
const agentsOfUndici: esbuild.Plugin = {
  name: 'agents-of-undici',
  setup(build) {
    build.onResolve({ filter: /^undici$/ }, () => ({ path: 'undici', namespace: 'agents-of-undici' }))
    build.onLoad({ filter: /.*/, namespace: 'agents-of-undici' }, () => ({
      resolveDir: root,
      contents: `
        const Dispatcher = require('undici/lib/dispatcher/dispatcher.js')
        Object.assign(Dispatcher.prototype, require('undici/lib/api/index.js'))
        exports.Agent = require('undici/lib/dispatcher/agent.js')
        exports.ProxyAgent = require('undici/lib/dispatcher/proxy-agent.js')`,
    }))
  },
}

/** What comes before all code of the bundle. */
const banner = [
  // undici parses HTTP in WebAssembly, which V8 would compile a second time, optimised, while the first requests run: 30 MiB
  // of memory for a program whose requests are few.
  `import { setFlagsFromString } from 'node:v8';setFlagsFromString('--liftoff-only');`,
  // Packages in CommonJS ask for Node's modules by `require`, which an ES module does not have.
  `import { createRequire } from 'node:module';const require=createRequire(import.meta.url);`,
].join('')

interface Manifest {
  readonly name: string
  readonly version: string
  readonly license?: string
}

const manifestOf = async (folder: string): Promise<Manifest> =>
  JSON.parse(await readFile(join(folder, 'package.json'), 'utf8')) as Manifest

/** Folders of the packages that have at least one byte in the bundle, once each. */
function packagesIn(metafile: esbuild.Metafile): string[] {
  const bundled = Object.values(metafile.outputs).flatMap(output =>
    Object.entries(output.inputs).flatMap(([path, { bytesInOutput }]) => (bytesInOutput > 0 ? [path] : [])),
  )
  const folders = bundled.flatMap(path => /^(?:.*\/)?node_modules\/(?:@[^/]+\/)?[^/]+/.exec(path)?.[0] ?? [])
  return [...new Set(folders)].sort()
}

/** Name, version and licence texts of one package; the name of the licence where the package ships no text. */
async function noticeOf(folder: string): Promise<string> {
  const { name, version, license = 'no licence named' } = await manifestOf(folder)
  const files = (await readdir(folder)).filter(file => /^(licen[cs]e|notice|copying)/i.test(file)).sort()
  const texts = await Promise.all(files.map(async file => (await readFile(join(folder, file), 'utf8')).trim()))
  return [`${name} ${version} (${license})`, ...texts].join('\n\n')
}

const { version } = await manifestOf(root)
const { outputFiles, metafile } = await esbuild.build({
  absWorkingDir: root,
  entryPoints: ['src/main.ts'],
  outfile,
  write: false,
  metafile: true,
  bundle: true,
  platform: 'node',
  target: 'node20',
  format: 'esm',
  define: { SLUICE_VERSION: JSON.stringify(version) },
  banner: { js: banner },
  minifySyntax: true,
  minifyWhitespace: true,
  keepNames: false,
  legalComments: 'none',
  plugins: [shakeKubernetesClient, agentsOfUndici],
  logLevel: 'warning',
})

const [bundle] = outputFiles
if (bundle === undefined) throw new Error('esbuild made no file out of src/main.ts.')
const shebang = '#!/usr/bin/env node\n'
const text = bundle.text.startsWith('#!') ? bundle.text : shebang + bundle.text
const packages = packagesIn(metafile)
const notices = await Promise.all(packages.map(folder => noticeOf(join(root, folder))))
const heading = `sluice.js ${version} contains these packages.`

await mkdir(join(root, 'dist'), { recursive: true })
await writeFile(outfile, text)
await chmod(outfile, 0o755)
await writeFile(`${outfile}.LEGAL.txt`, `${[heading, ...notices].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`)
const size = (Buffer.byteLength(text) / 1024 / 1024).toFixed(2)
console.log(`dist/sluice.js ${version}: ${size} MiB, ${packages.length} packages in it`)
