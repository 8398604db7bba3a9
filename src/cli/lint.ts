/** `sluice lint FILE…`: what admission would refuse, and references between the files, before anything is applied. */
import { readFile } from 'node:fs/promises'
import { text as textOf } from 'node:stream/consumers'
import type { Command } from 'commander'
import { type Document, parseAllDocuments } from 'yaml'
import type { KubeObject } from '../api/object.ts'
import { parseCanary } from '../api/parse-canary.ts'
import { parseMetricTemplate } from '../api/templates.ts'
import { at, isRecord, recordsOf, textOf as textIn } from '../core/json.ts'
import { printable } from './render/paint.ts'
import { StartupError } from './startup-error.ts'
import { FAILED, type Tools } from './tools.ts'

/** An object of a file. */
interface Read {
  readonly file: string
  readonly object: KubeObject
}

interface Finding {
  readonly file: string
  /** `Canary shop/web`, or empty for what is no object. */
  readonly object: string
  /** Whether it has to be put right before the file is applied. */
  readonly isWrong: boolean
  readonly sentence: string
}

/** Adds `lint` to the program. */
export function lintCommand(program: Command, tools: Tools): Command {
  return program
    .command('lint')
    .description(
      'check manifests as the API server and the controller would: schema, rules, and references between the files',
    )
    .argument('<file...>', 'YAML or JSON, any number of documents; - is the standard input')
    .option('-n, --namespace <name>', 'of objects that name none', 'default')
    .addHelpText('after', '\nExit codes: 0 nothing is wrong, 1 something is refused or cannot be read, 2 wrong flags.')
    .action(async (files: readonly string[], { namespace }: { namespace: string }) => {
      const read: Read[] = []
      const findings: Finding[] = []
      for (const file of files) {
        const { objects, problems } = objectsIn(await contentOf(file, tools), namespace)
        read.push(...objects.map(object => ({ file, object })))
        findings.push(...problems.map(sentence => ({ file, object: '', isWrong: true, sentence })))
      }
      findings.push(...read.flatMap(one => findingsOf(one, read)))
      const lines = findings.map(
        ({ file, object, isWrong, sentence }) =>
          `${printable(`${file}: ${object === '' ? '' : `${object}: `}${isWrong ? '' : 'note: '}${sentence}`)}\n`,
      )
      await tools.stdout(lines.join(''))
      const ours = read.filter(({ object }) => object.apiVersion.startsWith('sluice.dev/')).length
      const wrong = findings.filter(({ isWrong }) => isWrong).length
      await tools.stderr(
        `${ours === 1 ? '1 object' : `${ours} objects`} of Sluice checked, ${wrong === 0 ? 'nothing wrong' : `${wrong} wrong`}\n`,
      )
      tools.exit(wrong === 0 ? 0 : FAILED)
    })
}

async function contentOf(file: string, { stdin }: Tools): Promise<string> {
  if (file === '-') return textOf(stdin as NodeJS.ReadStream)
  return readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new StartupError(`${file} cannot be read: ${error.code ?? error.message}`)
  })
}

/** The objects of a file, those of a List too, and what is no YAML or no object. */
function objectsIn(text: string, namespace: string): { objects: KubeObject[]; problems: string[] } {
  const objects: KubeObject[] = []
  const problems: string[] = []
  for (const document of parseAllDocuments(text)) {
    const value = valueOf(document)
    if (value instanceof Error) {
      problems.push(`not YAML: ${value.message.split('\n')[0] ?? ''}`)
      continue
    }
    if (value === null || value === undefined) continue
    for (const one of at(value, 'kind') === 'List' ? recordsOf(at(value, 'items')) : [value]) {
      if (!isObject(one)) {
        problems.push('a document is no object: apiVersion, kind and metadata.name are needed')
        continue
      }
      objects.push({ ...one, metadata: { namespace, ...one.metadata } })
    }
  }
  return { objects, problems }
}

/** What a document says; aliases are followed here, and may lead nowhere or to too much. */
function valueOf(document: Document.Parsed): unknown {
  const [error] = document.errors
  if (error !== undefined) return error
  try {
    return document.toJS() as unknown
  } catch (thrown) {
    return thrown instanceof Error ? thrown : new Error(String(thrown))
  }
}

const isObject = (value: unknown): value is KubeObject =>
  isRecord(value) &&
  typeof value['apiVersion'] === 'string' &&
  typeof value['kind'] === 'string' &&
  textIn(at(value, 'metadata', 'name')) !== ''

function findingsOf({ file, object }: Read, all: readonly Read[]): Finding[] {
  const name = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`
  const wrong = (sentence: string): Finding => ({ file, object: name, isWrong: true, sentence })
  const note = (sentence: string): Finding => ({ file, object: name, isWrong: false, sentence })
  const [group = '', version = ''] = object.apiVersion.split('/')
  if (group === 'flagger.app') return [note("is Flagger's; rewrite it with: sluice import flagger -f FILE")]
  if (group !== 'sluice.dev') return []
  if (version !== 'v1beta1') return [wrong(`apiVersion: ${object.apiVersion} is not known; write sluice.dev/v1beta1`)]
  if (object.kind === 'MetricTemplate') {
    const parsed = parseMetricTemplate(object)
    return 'problems' in parsed ? parsed.problems.map(wrong) : []
  }
  if (object.kind !== 'Canary') return [wrong(`kind: ${object.kind} is not supported; write Canary or MetricTemplate`)]
  const parsed = parseCanary(object)
  if ('problems' in parsed) return parsed.problems.map(wrong)
  const here = (kind: string, of: string): boolean =>
    all.some(
      one =>
        one.object.kind === kind &&
        one.object.metadata.name === of &&
        one.object.metadata.namespace === object.metadata.namespace,
    )
  const { spec } = parsed.canary
  const templates = [...spec.analysis.metrics, ...(spec.analysis.steps ?? []).flatMap(step => step.metrics)].flatMap(
    ({ templateRef }) => (templateRef === undefined ? [] : [templateRef.name]),
  )
  const twin = all.find(
    one =>
      one.object !== object &&
      one.object.kind === 'Canary' &&
      one.object.apiVersion === object.apiVersion &&
      one.object.metadata.namespace === object.metadata.namespace &&
      textIn(at(one.object.spec, 'targetRef', 'name')) === spec.targetRef.name,
  )
  return [
    ...(twin === undefined
      ? []
      : [
          wrong(
            `spec.targetRef: Canary ${twin.object.metadata.name} (${twin.file}) has the same target; keep one of them`,
          ),
        ]),
    ...(here(spec.targetRef.kind, spec.targetRef.name)
      ? []
      : [note(`${spec.targetRef.kind} ${spec.targetRef.name} is not in these files; it has to be in the cluster`)]),
    ...[...new Set(templates)]
      .filter(template => !here('MetricTemplate', template))
      .map(template => note(`MetricTemplate ${template} is not in these files; it has to be in the cluster`)),
  ]
}
