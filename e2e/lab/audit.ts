/** The API server's audit log: every call of the programs under test, which the lab itself is not part of. */
import { readFile } from 'node:fs/promises'

export interface ApiCall {
  readonly at: number
  readonly user: string
  readonly verb: string
  /** `deployments.apps`, `services`, `canaries.sluice.dev/status`; empty for calls that are not about objects. */
  readonly resource: string
  readonly namespace: string
  readonly name: string
  readonly url: string
  readonly code: number
  /** What RBAC said. A 403 with "allow" comes from admission, for instance in a namespace that is ending. */
  readonly decision: string
}

interface AuditEvent {
  stage: string
  verb: string
  requestURI: string
  stageTimestamp: string
  user?: { username?: string }
  objectRef?: { resource?: string; subresource?: string; apiGroup?: string; namespace?: string; name?: string }
  responseStatus?: { code?: number }
  annotations?: Record<string, string>
}

/** All calls so far, watches when they begin; the log is up to a second behind. */
export async function readAudit(file: string, user: string): Promise<ApiCall[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').slice(0, -1)
  return lines.flatMap(line => {
    const event = JSON.parse(line) as AuditEvent
    const wanted = event.verb === 'watch' ? 'ResponseStarted' : 'ResponseComplete'
    const refused = event.stage === 'ResponseComplete' && event.responseStatus?.code !== 200
    if (event.user?.username !== user || (event.stage !== wanted && !refused)) return []
    const { resource = '', subresource, apiGroup, namespace = '', name = '' } = event.objectRef ?? {}
    const group = apiGroup === undefined || apiGroup === '' ? '' : `.${apiGroup}`
    return [
      {
        at: Date.parse(event.stageTimestamp),
        user,
        verb: event.verb,
        resource: `${resource}${group}${subresource === undefined ? '' : `/${subresource}`}`,
        namespace,
        name,
        url: event.requestURI,
        code: event.responseStatus?.code ?? 0,
        decision: event.annotations?.['authorization.k8s.io/decision'] ?? '',
      },
    ]
  })
}
