/** The page as files that a browser loads: `index.html`, and beside it `assets/` with a hash of the content in every name. */
import { mkdir, readFile, rm, writeFile } from 'node:fs/promises'
import { basename, join } from 'node:path'
import * as esbuild from 'esbuild'
import { noticesOf, root } from './bundle.ts'

/**
 * Writes the page into `<folder>/dashboard`; what was there is removed.
 *
 * @returns how large it is, in a sentence.
 */
export async function bundleDashboard(folder: string): Promise<string> {
  const into = join(folder, 'dashboard')
  const { outputFiles, metafile } = await esbuild.build({
    absWorkingDir: root,
    entryPoints: { app: 'dashboard/main.tsx', icon: 'dashboard/icon.svg' },
    outdir: join(into, 'assets'),
    entryNames: '[name]-[hash]',
    write: false,
    metafile: true,
    bundle: true,
    platform: 'browser',
    target: ['chrome119', 'firefox128', 'safari17.4'],
    format: 'esm',
    jsx: 'automatic',
    jsxImportSource: 'preact',
    loader: { '.svg': 'copy' },
    minify: true,
    legalComments: 'none',
    logLevel: 'warning',
  })
  const nameOf = (end: string): string => {
    const found = outputFiles.find(({ path }) => path.endsWith(end))
    if (found === undefined) throw new Error(`esbuild made no file of type ${end} out of the page.`)
    return basename(found.path)
  }
  const names: Readonly<Record<string, string>> = {
    icon: nameOf('.svg'),
    styles: nameOf('.css'),
    script: nameOf('.js'),
  }
  const template = await readFile(join(root, 'dashboard/index.html'), 'utf8')
  const page = template.replaceAll(/\{\{(\w+)\}\}/g, (_, name: string) => names[name] ?? '')

  await rm(into, { recursive: true, force: true })
  await mkdir(join(into, 'assets'), { recursive: true })
  await writeFile(join(into, 'index.html'), page)
  for (const { path, contents } of outputFiles) await writeFile(path, contents)
  await writeFile(join(into, 'LEGAL.txt'), await noticesOf('The page contains these packages.', metafile))
  const kibibytes = outputFiles.reduce((sum, { contents }) => sum + contents.length, 0) / 1024
  return `dashboard: ${kibibytes.toFixed(0)} KiB in ${outputFiles.length} files`
}
