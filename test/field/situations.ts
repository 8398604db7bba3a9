/**
 * The situations that these tests are about: inputs from the field that once went wrong. Each has a test whose title starts with
 * its id, and one with other values of the same kind: `F1: …` and `F1, other values: …`.
 */
export const situations: Readonly<Record<string, string>> = {
  F1: 'The other ports of an adopted Service',
  F2: "A route of the user's for a port that a side lacks",
  F4: 'One public host with several VirtualServices at a gateway',
  F5: "A VirtualService of the user's that leads to the Service and is not listed",
  F6: 'What an adopted Service says and the Canary does not',
  F7: 'DestinationRules for a wildcard host',
  F8: 'A Service in front of two Deployments',
  F10: 'Configuration that Flagger does not track',
  F11: "Reloader's restart of the primary",
  F12: 'A cache that has gone silent before a deadline',
  F13: 'Partial answers of the metrics server',
  F14: "Gateways in Istio's older notations",
  F15: 'kubectl rollout undo and restart in mid-run',
  F16: "Istio's kinds as v1beta1 only",
  F19: 'A query that looks further back than the candidate',
  N1: 'A success rate written as a fraction',
  N2: 'An edit at rest that sends production nowhere',
  N3: 'Flagger still serves',
  N4: 'What Helm prints',
  N5: 'A tenant whose API calls hang',
  N6: 'A superseded run',
  S1: 'A namespace with much configuration',
  S2: 'An expanding template',
  S3: "Somebody else's DestinationRule",
  S4: "Hosts that are not one's own",
  S5: 'Freezing others',
  S6: 'One slow question',
  S7: 'Names that JavaScript knows',
}
