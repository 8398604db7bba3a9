/** What is wrong with an object that Canaries name, an AlertProvider or a MetricTemplate. */

/** One word for its condition `Ready`, and a sentence. */
export interface ReadyProblem {
  readonly reason:
    | 'Invalid'
    | 'SecretNotUsable'
    | 'SecretNotReadable'
    | 'AddressRefused'
    | 'MetricsServerNotAllowed'
    | 'NotAccepted'
  readonly message: string
}
