/**
 * Asking an API server the rows of `kinds.rows.ts`, and the answers of the real one. Of a refusal the code and the reasons and
 * fields of its causes are compared; its sentences are for people.
 */
import { readFileSync, writeFileSync } from 'node:fs'
import type { KubeObject } from '../../../src/api/object.ts'
import { ApiError } from '../../../src/core/errors.ts'
import { VirtualClock } from '../../clock.ts'
import { type Details, Refusal } from '../../answers.ts'
import { installed } from '../installed.ts'
import { causesIn } from './api/compare.ts'
import { type Row, thingDefinition } from './kinds.rows.ts'

type Causes = NonNullable<Details['causes']>

/** What became of a row: how it was filled in, or why it was refused. */
export interface Answer {
  readonly code: number
  /** What is stored, but for metadata and status; of definitions only that they were accepted. */
  readonly content?: unknown
  readonly message?: string
  readonly causes?: Causes
}

const file = new URL('kinds.golden.jsonl', import.meta.url)

export function readGolden(): ReadonlyMap<string, Answer> {
  const lines = readFileSync(file, 'utf8').trimEnd().split('\n')
  const answers = lines.map(line => JSON.parse(line) as { name: string } & Answer)
  return new Map(answers.map(({ name, ...answer }) => [name, answer]))
}

export function writeGolden(answers: ReadonlyMap<string, Answer>): void {
  const lines = [...answers].map(([name, answer]) => JSON.stringify({ name, ...answer }))
  writeFileSync(file, `${lines.join('\n')}\n`)
}

export function accepted(object: KubeObject): Answer {
  if (object.kind === 'CustomResourceDefinition') return { code: 200 }
  const apart = new Set(['apiVersion', 'kind', 'metadata', 'status'])
  const content = Object.fromEntries(Object.entries(object).filter(([key]) => !apart.has(key)))
  if (object.kind !== 'Service') return { code: 200, content }
  // Addresses are allotted.
  const { clusterIP, clusterIPs: _ips, ...spec } = content['spec'] as Record<string, unknown>
  return { code: 200, content: { spec: clusterIP === 'None' ? { ...spec, clusterIP } : spec } }
}

/** A refusal as it is kept; the real server goes through fields in no order, so the causes are sorted. */
export function refused(code: number, message: string, causes: Causes): Answer {
  const sorted = [...causes].sort((a, b) => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1))
  return causes.length === 0 ? { code, message } : { code, message, causes: sorted }
}

/** What of an answer is compared. */
export function comparable(answer: Answer | undefined): unknown {
  return answer && { code: answer.code, content: answer.content, causes: causesIn(answer.causes) }
}

/** What the API server in memory answers. */
export function ourAnswers(rows: readonly Row[]): Map<string, Answer> {
  return new Map(rows.map(row => [row.name, ourAnswer(row)]))
}

function ourAnswer({ object, before }: Row): Answer {
  const user = installed(new VirtualClock()).as('kubectl')
  user.namespace('default')
  user.create(thingDefinition)
  const { resourceVersion = '' } = before === undefined ? {} : user.create(before).metadata
  try {
    const next = { ...object, metadata: { ...object.metadata, resourceVersion } }
    return accepted(before === undefined ? user.create(object) : user.replace(next))
  } catch (error) {
    if (!(error instanceof ApiError)) throw error
    return refused(error.code, error.message, error instanceof Refusal ? (error.details.causes ?? []) : [])
  }
}
