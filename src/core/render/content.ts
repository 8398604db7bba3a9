/**
 * The content of a ConfigMap or Secret as a hash, which names copies and is kept in statuses; and the check that a copy is
 * of what was judged.
 *
 * More people may read a status than a Secret, and a plain hash would tell them whether a weak password that they guess is
 * the right one. So what is hashed of a Secret begins with its uid: 122 random bits that no status holds. A Secret that
 * is recreated therefore counts as changed; one that is only touched does not. (ADR 8)
 */
import type { KubeObject } from '../../api/object.ts'
import { ApiError } from '../errors.ts'
import { canonicalJson } from '../json.ts'
import type { Sha256 } from '../ports.ts'
import type { Write } from '../model/write.ts'
import { copyName } from './configs.ts'

/** @returns 64 hex digits, the same as long as `data` and `binaryData` are. */
export function hashOfContent(config: KubeObject, sha256: Sha256): string {
  const { data, binaryData } = config
  const content = canonicalJson({ data, binaryData })
  return sha256(config.kind === 'Secret' ? `${config.metadata.uid ?? ''}\n${content}` : content)
}

/**
 * The original may change between the decision to copy it and the copy, and what was not judged must not serve.
 *
 * @param source as it was just read, with its kind.
 * @throws ApiError (409 Conflict) when it is not what the copy's name says.
 */
export function mustBeAsNamed(write: Extract<Write, { verb: 'copy' }>, source: KubeObject, sha256: Sha256): void {
  const { from, ref } = write
  if (copyName(from.name, hashOfContent({ ...source, kind: from.kind.kind }, sha256)) === ref.name) return
  throw new ApiError({
    code: 409,
    reason: 'Conflict',
    message: `${from.kind.kind} ${from.namespace}/${from.name} was changed before it could be copied as ${ref.name}.`,
  })
}
