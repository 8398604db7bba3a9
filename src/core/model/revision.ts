/**
 * A revision names what pods run: `h1:<sha256 of the template>`, followed by `+<sha256 of the configuration>` where the
 * template mounts any. The prefix says how it was computed: one that we do not know was written by another version of
 * Sluice and can be compared with nothing.
 */
import { canonicalJson, fingerprint, isRecord, recordOf } from '../json.ts'
import { POD_HASH_LABEL } from './names.ts'
import type { Sha256 } from '../ports.ts'
import type { Revision } from './state.ts'

const PREFIX = 'h1:'

/**
 * The template as a user wrote it: a ReplicaSet's has one label more than its Deployment's, and both are the same template.
 */
export function withoutPodHash(template: unknown): Readonly<Record<string, unknown>> {
  const { metadata, ...rest } = recordOf(template)
  const { labels, ...others } = recordOf(metadata)
  if (!isRecord(labels) || !(POD_HASH_LABEL in labels)) return recordOf(template)
  const { [POD_HASH_LABEL]: _, ...kept } = labels
  return { ...rest, metadata: { ...others, labels: kept } }
}

/** The template part of a revision, from a template of a Deployment or of one of its ReplicaSets. */
export function templateRevision(template: unknown, sha256: Sha256): string {
  return PREFIX + sha256(canonicalJson(withoutPodHash(template)))
}

/** @param configs `configmaps/name` or `secrets/name` → hash of the content; empty where none is tracked. */
export function revisionOf(template: unknown, configs: Readonly<Record<string, string>>, sha256: Sha256): Revision {
  return withConfigs(templateRevision(template, sha256), configs, sha256)
}

/** The revision of a template part with this configuration. */
export function withConfigs(templatePart: string, configs: Readonly<Record<string, string>>, sha256: Sha256): Revision {
  if (Object.keys(configs).length === 0) return templatePart
  return `${templatePart}+${sha256(canonicalJson(configs))}`
}

/** The part that names the template, configuration aside. */
export function templateOf(revision: Revision): string {
  return revision.split('+', 1)[0] ?? revision
}

/** Computed in a way that we do not know. The empty text is no revision at all, and foreign too. */
export function isForeignRevision(revision: Revision): boolean {
  return !revision.startsWith(PREFIX)
}

/**
 * Ten hex digits for names of objects: the template's where nothing else counts, else of the whole. 40 bits among the
 * handful of revisions that one canary keeps.
 */
export function suffixOf(revision: Revision): string {
  const whole = revision.includes('+') ? fingerprint(revision) : revision.slice(PREFIX.length)
  return whole.slice(0, 10)
}

/** Fewer digits name no revision. */
const FEWEST_DIGITS = 6

/** Whether `quoted` is this revision as people quote it: the whole of it, or the beginning of its template's hash. */
export function isQuoted(revision: Revision, quoted: string): boolean {
  const digits = quoted.replace(/^h1:/, '')
  return (
    revision === quoted ||
    (digits.length >= FEWEST_DIGITS && templateOf(revision).slice(PREFIX.length).startsWith(digits))
  )
}
