/** Where the API server in memory answers otherwise than the real one, and why; by row. */
export const differences: Readonly<Record<string, string>> = {
  'a definition: a rule about a field that is none':
    'of objects no types are known to a rule before there is one; the field is missed then',
  'a definition: a rule about changes of what has no identity': 'let in, and never asked',
}
