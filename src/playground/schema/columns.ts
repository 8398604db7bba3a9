/** What `kubectl get` shows of the built-in kinds: the printers of a real API server, which no OpenAPI tells of. */
import type { Column } from '../resource.ts'

export function columnsOf(_kind: string): readonly Column[] {
  return []
}
