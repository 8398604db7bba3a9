/** One program as one file that runs on Node without node_modules; beside it the licences of the packages in it. */
import { chmod, mkdir, readdir, readFile, writeFile } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'
import * as esbuild from 'esbuild'

/** The folder of the project. */
export const root = fileURLToPath(new URL('..', import.meta.url))

export interface Program {
  /** Path of the main module in the project. */
  readonly entry: string
  /** Name of the file. */
  readonly file: string
  /** Modules that are replaced: path in the project, without `.ts`, to the source in JavaScript that takes its place. */
  readonly replaced?: Readonly<Record<string, string>>
  /** Notices for what is in it beside packages. */
  readonly notices?: readonly string[]
}

/**
 * Of the Kubernetes client the program uses credentials only. Its generated clients for every API would cost 4 MiB of heap, and
 * to read their 900 files only to leave them out again takes most of a build. These two modules lead to them.
 */
export const credentialsOfKubernetesClient: esbuild.Plugin = {
  name: 'credentials-of-kubernetes-client',
  setup(build) {
    const folder = join(root, 'node_modules/@kubernetes/client-node/dist')
    const modules: Readonly<Record<string, string>> = {
      [join(folder, 'index.js')]: `export { KubeConfig } from './config.js'`,
      [join(folder, 'gen/index.js')]:
        `export { createConfiguration } from './configuration.js'; export { ServerConfiguration } from './servers.js'`,
    }
    build.onLoad({ filter: /client-node.dist.(gen.)?index\.js$/ }, ({ path }) => {
      const contents = modules[path]
      return contents === undefined ? undefined : { contents, resolveDir: dirname(path) }
    })
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

/** @throws Error (of the build) when a module that is to be replaced is not part of the program: it was moved or renamed. */
function replaceModules(replaced: Readonly<Record<string, string>>): esbuild.Plugin {
  const sources = new Map(Object.entries(replaced).map(([path, source]) => [join(root, `${path}.ts`), source]))
  return {
    name: 'replace-modules',
    setup(build) {
      const met = new Set<string>()
      build.onLoad({ filter: /\.ts$/ }, ({ path }) => {
        const contents = sources.get(path)
        if (contents === undefined) return undefined
        met.add(path)
        return { contents, loader: 'js', resolveDir: root }
      })
      build.onEnd(() => {
        const missing = [...sources.keys()].filter(path => !met.has(path))
        return { errors: missing.map(path => ({ text: `${path} is to be replaced, but no module imports it.` })) }
      })
    },
  }
}

/** What comes before all code of a bundle. */
const banner = [
  // undici parses HTTP in WebAssembly, which V8 would compile a second time, optimized, while the first requests run: 30 MiB
  // of memory on Node 20 and 15 MiB on Node 24, too much where requests are few. A flag that is set at run time implies no
  // other flag, so all three are named: the first is not enough on Node 24 (measured).
  `import { setFlagsFromString } from 'node:v8';`,
  `for (const flag of ['--liftoff-only','--no-wasm-tier-up','--no-wasm-dynamic-tiering']) setFlagsFromString(flag);`,
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

/** The licences of all packages in a bundle as one text, below a heading; `more` are notices beside them. */
export async function noticesOf(
  heading: string,
  metafile: esbuild.Metafile,
  more: readonly string[] = [],
): Promise<string> {
  const ofPackages = await Promise.all(packagesIn(metafile).map(folder => noticeOf(join(root, folder))))
  return `${[heading, ...ofPackages, ...more].join(`\n\n${'-'.repeat(80)}\n\n`)}\n`
}

/**
 * Writes `<file>` and `<file>.LEGAL.txt` into a folder, which is made where it is missing.
 *
 * @returns how large the program is, in a sentence.
 */
export async function bundle({ entry, file, replaced = {}, notices = [] }: Program, into: string): Promise<string> {
  const { version } = await manifestOf(root)
  const outfile = join(into, file)
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: [entry],
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
    plugins: [replaceModules(replaced), credentialsOfKubernetesClient, agentsOfUndici],
    logLevel: 'warning',
  })
  const [output] = outputFiles
  if (output === undefined) throw new Error(`esbuild made no file out of ${entry}.`)
  const shebang = '#!/usr/bin/env node\n'
  const text = output.text.startsWith('#!') ? output.text : shebang + output.text
  const heading = `${file} ${version} contains these packages.`

  await mkdir(into, { recursive: true })
  await writeFile(outfile, text)
  await chmod(outfile, 0o755)
  await writeFile(`${outfile}.LEGAL.txt`, await noticesOf(heading, metafile, notices))
  const size = (Buffer.byteLength(text) / 1024 / 1024).toFixed(2)
  return `${file} ${version}: ${size} MiB, ${packagesIn(metafile).length} packages in it`
}
