/** The template that is promoted against the one on the target, line by line. */
import { stringify } from 'yaml'
import { kinds, type KubeObject } from '../../api/object.ts'
import type { Canary } from '../../api/canary.ts'
import { isForbidden } from '../../core/errors.ts'
import { at, canonicalJson, recordOf, textOf } from '../../core/json.ts'
import { CANARY_LABEL, kindAndName, namesOf } from '../../core/model/names.ts'
import { templateOf, templateRevision, withoutPodHash } from '../../core/model/revision.ts'
import type { Call, Sha256 } from '../../core/ports.ts'
import { recordedTemplates } from '../../core/render/revisions.ts'
import { folded, lineDiff } from '../../core/view/line-diff.ts'
import type { CallerApi } from './ports.ts'
import { problemOf } from './problems.ts'
import type { TemplateDiff } from './protocol.ts'

/** Lines around a change that are shown. */
const CONTEXT = 3
/** Lines of a template; longer ones are compared from the beginning only. */
const MOST_LINES = 2000

/** @throws what the API server or the network answered, except that a right is missing. */
export async function diffOf(api: CallerApi, canary: Canary, call: Call, sha256: Sha256): Promise<TemplateDiff> {
  const names = namesOf(canary)
  const promoted = textOf(at(canary, 'status', 'lastPromotedSpec'))
  const none = (sentence: string, candidate = ''): TemplateDiff => ({ promoted, candidate, lines: [], sentence })
  if (promoted === '') return none('Nothing was promoted yet')
  let target: KubeObject | null
  let records: readonly KubeObject[]
  try {
    target = await api.get(names.target, call)
    const labelSelector = `${CANARY_LABEL}=${names.canary}`
    const listed = await api.list(
      kinds.ControllerRevision,
      { namespace: names.namespace, labelSelector, limit: 50 },
      call,
    )
    records = listed.items
  } catch (error) {
    if (!isForbidden(error)) throw error
    return none(problemOf(error, 'The templates').sentence)
  }
  if (target === null) return none(`${kindAndName(names.target)} does not exist`)
  const template = at(target.spec, 'template')
  const candidate = templateRevision(template, sha256)
  const record = recordedTemplates(records, names.canary).find(one => one.revision === promoted)
  if (record === undefined) return none(`No ControllerRevision has the template of ${promoted}`, candidate)
  if (candidate === templateOf(promoted)) return none('The templates are equal', candidate)
  const lines = lineDiff(linesOf(record.template), linesOf(withoutPodHash(template)))
  return { promoted, candidate, lines: folded(lines, CONTEXT) }
}

/** In one order of keys, so that a mere move of a key is no change. */
function linesOf(template: unknown): string[] {
  const sorted: unknown = JSON.parse(canonicalJson(recordOf(template)))
  return stringify(sorted, { lineWidth: 0 }).trimEnd().split('\n').slice(0, MOST_LINES)
}
