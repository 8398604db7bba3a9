/** What the checks ask with, and what they do where they may not. */
import { isForbidden } from '../../core/errors.ts'
import { sentenceOf } from '../client/errors.ts'
import type { Session } from '../client/session.ts'
import type { ServiceAddress } from '../dashboard.ts'
import type { HttpAddress, Tools } from '../tools.ts'
import type { CodeName } from './codes.ts'
import { failed, type Finding, unchecked } from './finding.ts'

export interface Probe {
  readonly tools: Pick<Tools, 'clock' | 'http' | 'manifests' | 'stop' | 'version'>
  readonly session: Session
  /** Namespace of the controller. */
  readonly controllerNamespace: string
  /** Where the port of the controller is; null: through the API server. */
  readonly controllerUrl: string | null
  /** null: through the API server. */
  readonly metricsServer: HttpAddress | null
  readonly metricsService: ServiceAddress
}

/** Why something could not be asked, without a full stop. */
export const reasonOf = (error: unknown, { session }: Probe): string => sentenceOf(error, session.server)

/** The findings; where the caller may not read what they rest on, that; where the question fails, that. */
export async function orSaid(
  probe: Probe,
  code: CodeName,
  asked: Promise<readonly Finding[]>,
): Promise<readonly Finding[]> {
  try {
    return await asked
  } catch (error) {
    probe.tools.stop.throwIfAborted()
    return [(isForbidden(error) ? unchecked : failed)(code, reasonOf(error, probe))]
  }
}
