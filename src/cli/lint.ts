/** `sluice lint FILE…`: what admission would refuse, and references between the files or to the cluster, before anything is applied. */
import type { Command } from 'commander'
import type { Canary } from '../api/canary.ts'
import { resources } from '../api/crd.ts'
import { kinds, type KubeObject } from '../api/object.ts'
import { parseCanary } from '../api/parse-canary.ts'
import { parseAlertProvider } from '../api/alert-provider.ts'
import { parseMetricTemplate } from '../api/templates.ts'
import { claimsOf } from '../controller/kinds.ts'
import { isForbidden, isNotFound } from '../core/errors.ts'
import { at, textOf } from '../core/json.ts'
import { getServed } from '../runtime/read-served.ts'
import { type ClientFlags, withClientFlags } from './client/flags.ts'
import { inSession, type Session } from './client/session.ts'
import { type Reference, referencesOf, secretsOf } from './lint/references.ts'
import { unknownFields } from './lint/unknown-fields.ts'
import { objectsIn } from './objects-in.ts'
import { contentOf } from './read-file.ts'
import { printable } from './render/paint.ts'
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

interface LintFlags extends ClientFlags {
  readonly cluster?: boolean
}

/** Adds `lint` to the program. */
export function lintCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('lint')
    .description(
      'check manifests as the API server and the controller would: schema, unknown fields, rules, and references between the files',
    )
    .argument('<file...>', 'YAML or JSON, any number of documents; - is the standard input')
    .option(
      '--cluster',
      'look references up in the cluster, too, with your rights; without it nothing is read from a cluster',
    )
    .addHelpText(
      'after',
      '\nObjects that name no namespace are in that of -n; without it in `default`, with --cluster in that of the context.\n\nExit codes: 0 nothing is wrong, 1 something is refused or cannot be read, 2 wrong flags.',
    )
  return withClientFlags(command).action(async (files: readonly string[], flags: LintFlags) => {
    if (flags.cluster === true) await inSession(tools, flags, session => lint(tools, files, session.namespace, session))
    else tools.exit(await lint(tools, files, flags.namespace ?? 'default', null))
  })
}

/** @param session null: nothing is read from a cluster. @returns the exit code. */
async function lint(
  tools: Tools,
  files: readonly string[],
  namespace: string,
  session: Session | null,
): Promise<number> {
  const read: Read[] = []
  const findings: Finding[] = []
  for (const file of files) {
    const { objects, problems } = objectsIn(await contentOf(file, tools), namespace)
    read.push(...objects.map(object => ({ file, object })))
    findings.push(...problems.map(sentence => ({ file, object: '', isWrong: true, sentence })))
  }
  const look = session === null ? null : lookupIn(session)
  for (const one of read) findings.push(...(await findingsOf(one, read, look)))
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
  return wrong === 0 ? 0 : FAILED
}

async function findingsOf({ file, object }: Read, all: readonly Read[], look: Lookup | null): Promise<Finding[]> {
  const name = `${object.kind} ${object.metadata.namespace ?? ''}/${object.metadata.name}`
  const wrong = (sentence: string): Finding => ({ file, object: name, isWrong: true, sentence })
  const note = (sentence: string): Finding => ({ file, object: name, isWrong: false, sentence })
  const [group = '', version = ''] = object.apiVersion.split('/')
  if (group === 'flagger.app') return [note("is Flagger's; rewrite it with: sluice import flagger -f FILE")]
  if (group !== 'sluice.dev') return []
  if (version !== 'v1beta1') return [wrong(`apiVersion: ${object.apiVersion} is not known; write sluice.dev/v1beta1`)]
  const resource = resources.find(({ kind }) => kind.kind === object.kind)
  if (resource === undefined)
    return [
      wrong(`kind: ${object.kind} is not supported; write ${resources.map(({ kind }) => kind.kind).join(' or ')}`),
    ]
  const unknown = unknownFields(object, resource).map(wrong)
  const missing = async (references: readonly Reference[]): Promise<Finding[]> => {
    const elsewhere = references.filter(one => !all.some(({ object: other }) => isNamed(other, one)))
    const found = await Promise.all(elsewhere.map(one => stateOf(one, look)))
    return found.flatMap(({ reference: { kind, namespace, name: of, field, isNeeded }, state }) => {
      const where = namespace === object.metadata.namespace ? '' : ` in namespace ${namespace}`
      if (state === 'there') return []
      if (state === 'absent')
        return [wrong(`${field}: ${kind.kind} ${of}${where} is neither in these files nor in the cluster`)]
      if (state === 'unread')
        return [note(`${field}: ${kind.kind} ${of}${where} may not be read, so it was not looked up`)]
      return isNeeded ? [note(`${kind.kind} ${of} is not in these files; it has to be in the cluster`)] : []
    })
  }
  if (object.kind === 'MetricTemplate') {
    const parsed = parseMetricTemplate(object)
    if ('problems' in parsed) return [...unknown, ...parsed.problems.map(wrong)]
    return [...unknown, ...(await missing(secretsOf(parsed.template)))]
  }
  if (object.kind === 'AlertProvider') {
    const parsed = parseAlertProvider(object)
    if ('problems' in parsed) return [...unknown, ...parsed.problems.map(wrong)]
    return [...unknown, ...(await missing(secretsOf(parsed.provider)))]
  }
  const parsed = parseCanary(object)
  if ('problems' in parsed) return [...unknown, ...parsed.problems.map(wrong)]
  const { canary } = parsed
  const beside = all.find(one => one.object !== object && isRival(one.object, object))
  const rival = beside ?? (look === null ? undefined : await look.rivalOf(object))
  return [
    ...unknown,
    ...(rival === 'unread'
      ? [note('Canaries may not be listed, so another one of the same target was not looked up')]
      : []),
    ...(rival === undefined || rival === 'unread' ? [] : [wrong(rivalSentence(rival, canary))]),
    ...(await missing(referencesOf(canary))),
  ]
}

const isNamed = (object: KubeObject, { kind, namespace, name }: Reference): boolean =>
  object.kind === kind.kind &&
  (object.apiVersion.split('/').toReversed()[1] ?? '') === kind.group &&
  object.metadata.name === name &&
  object.metadata.namespace === namespace

/** Whether the controller would serve one of the two alone. */
const isRival = (other: KubeObject, own: KubeObject): boolean =>
  other.kind === 'Canary' &&
  other.apiVersion === 'sluice.dev/v1beta1' &&
  claimsOf(other).some(claim => claimsOf(own).includes(claim))

function rivalSentence({ file, object }: Read, { spec }: Canary): string {
  const other = `Canary ${object.metadata.name} (${file})`
  return textOf(at(object.spec, 'targetRef', 'name')) === spec.targetRef.name
    ? `spec.targetRef: ${other} has the same target; keep one of them`
    : `spec.service.name: ${other} has the same Service ${spec.service.name ?? spec.targetRef.name}; write another one`
}

/** Looks up what is not in the files. */
interface Lookup {
  stateOf(reference: Reference): Promise<'there' | 'absent' | 'unread'>
  /** Another Canary of the cluster that has the same target or Service. */
  rivalOf(canary: KubeObject): Promise<Read | 'unread' | undefined>
}

async function stateOf(
  reference: Reference,
  look: Lookup | null,
): Promise<{ reference: Reference; state: 'there' | 'absent' | 'unread' | 'unasked' }> {
  return { reference, state: look === null ? 'unasked' : await look.stateOf(reference) }
}

/** Canaries of a namespace that are read to find a second one of a target or Service. */
const MOST = 500

function lookupIn(session: Session): Lookup {
  return {
    async stateOf({ kind, namespace, name }) {
      try {
        if (kind !== kinds.Secret) {
          const found = await getServed(session.api, { kind, namespace, name }, session.call())
          return found === null ? 'absent' : 'there'
        }
        // Its metadata alone: what is in a Secret is not sent to this machine.
        const { items } = await session.api.list(kind, { namespace, name, limit: 1, form: 'metadata' }, session.call())
        return items.length === 0 ? 'absent' : 'there'
      } catch (error) {
        if (isForbidden(error)) return 'unread'
        throw error
      }
    },
    async rivalOf(canary) {
      try {
        const query = { namespace: canary.metadata.namespace ?? '', limit: MOST }
        const { items } = await session.api.list(kinds.Canary, query, session.call())
        const object = items.find(one => one.metadata.name !== canary.metadata.name && isRival(one, canary))
        return object === undefined ? undefined : { file: 'in the cluster', object }
      } catch (error) {
        if (isForbidden(error)) return 'unread'
        // Without the definitions there are no Canaries.
        if (isNotFound(error)) return undefined
        throw error
      }
    },
  }
}
