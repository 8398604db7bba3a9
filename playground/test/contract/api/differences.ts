/** Where the playground answers otherwise than the real API server, by the name of the case, and why. Nothing else may differ. */
export const differences: Readonly<Record<string, string>> = {
  'the first write after its creation gives a Canary the status that the schema has for it':
    'what a schema fills in is stored with the object at once, there with its first change',
  'a watch of one object by its path': 'not played, 404: deprecated since 1.11, and no client of today asks for it',
  'protobuf or else JSON, for what is built in': 'JSON, which every client that speaks protobuf takes too',
  'an Event of the new kind is the same object':
    'events.k8s.io is not served: Sluice writes events of the core, and kubectl reads them',
  'the versions of autoscaling': 'v1 is not served: autoscalers are read and written as v2',
}
