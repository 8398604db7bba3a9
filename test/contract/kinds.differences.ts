/** Where the API server in memory answers otherwise than the real one, and why; by row. */
export const differences: Readonly<Record<string, string>> = {
  'a definition: a rule that is no CEL': "the words of another parser: the library's",
  'a definition: a rule about a field that is none':
    'rules are not typed by their schema; the field is missed when an object comes',
  'a definition: a rule about changes of what has no identity': 'let in, and never asked',
}
