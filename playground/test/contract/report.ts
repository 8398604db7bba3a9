/** The closing lines of a contract suite, the same on either side: how many answers are equal, which are not, and why. */
export function report(contract: string, count: number, differences: Readonly<Record<string, string>>): string {
  const listed = Object.entries(differences).map(([name, reason]) => `    differs: ${name}: ${reason}`)
  const head = `    ${contract}: ${count} cases, ${count - listed.length} equal, ${listed.length} listed differences`
  return [head, ...listed].join('\n')
}
