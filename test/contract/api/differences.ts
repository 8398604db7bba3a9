/** Where the playground answers otherwise than the real API server, by the name of the case, and why. Nothing else may differ. */

export interface Difference {
  readonly reason: string
  /** Whether codes and reasons are as there, and only sentences and causes are not. */
  readonly only?: 'words'
}

export const differences: Readonly<Record<string, Difference>> = {}
