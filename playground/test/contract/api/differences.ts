/** Where the playground answers otherwise than the real API server, by the name of the case, and why. Nothing else may differ. */

export interface Difference {
  readonly reason: string
  /** Whether codes and reasons are as there, and only sentences and causes are not. */
  readonly only?: 'words'
}

const yaml = { reason: 'the sentence is that of another YAML parser', only: 'words' } as const
export const differences: Readonly<Record<string, Difference>> = {
  'the first write after its creation gives a Canary the status that the schema has for it': {
    reason: 'what a schema fills in is stored with the object at once, there with its first change',
  },
  'an apply of what cannot be read is refused': yaml,
  'a body that is no YAML': yaml,
  'a merge patch to another kind with the same fields is refused': {
    reason: 'what does not fit is found in reading it as the other kind, here in the name of that kind',
    only: 'words',
  },
  'a watch of one object by its path': {
    reason: 'not played, 404: deprecated since 1.11, and no client of today asks for it',
  },
  'a definition with a CEL rule that does not compile is refused': {
    reason: 'the sentence is that of another CEL library',
    only: 'words',
  },
  'protobuf or else JSON, for what is built in': {
    reason: 'JSON, which every client that speaks protobuf takes too',
  },
  'an Event of the new kind is the same object': {
    reason: 'events.k8s.io is not served: Sluice writes events of the core, and kubectl reads them',
  },
  'the versions of autoscaling': { reason: 'v1 is not served: autoscalers are read and written as v2' },
}
