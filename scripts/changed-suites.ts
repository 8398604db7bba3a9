/**
 * Which suites of the playground a run needs: those that import, at any distance, a file that has changed. The playground has no
 * other users than tests and the demo, so what has not changed since it last passed cannot fail.
 */

/** A file of the repository, by its path from the root. */
export type Path = string

/** What all suites depend on without importing it: recorded answers, definitions, versions of packages. */
const EVERYWHERE = /^(crds\/|package-lock\.json$|playground\/package\.json$|playground\/.*(?<!\.ts)$)/

/**
 * The suites to run.
 *
 * @param importsOf the files that a file imports itself; empty for one that does not exist.
 */
export function suitesToRun(
  suites: readonly Path[],
  changed: readonly Path[],
  importsOf: (file: Path) => readonly Path[],
): Path[] {
  if (changed.some(path => EVERYWHERE.test(path))) return [...suites]
  const changes = new Set(changed)
  return suites.filter(suite => closureOf(suite, importsOf).some(file => changes.has(file)))
}

function closureOf(start: Path, importsOf: (file: Path) => readonly Path[]): Path[] {
  const seen = new Set([start])
  for (const file of seen) for (const imported of importsOf(file)) seen.add(imported)
  return [...seen]
}

/** The relative imports of a TypeScript file, types included. */
export function relativeImports(text: string): string[] {
  const found = text.matchAll(/^(?:import|export|\}).*?(?:from )?'(\.[^']+)'/gm)
  return [...found].flatMap(([, specifier]) => specifier ?? [])
}
