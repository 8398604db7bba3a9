/** Manifests of Flagger → manifests of Sluice, with everything else in them as it was. */
import { isMap, isSeq, type Node, parseDocument } from 'yaml'
import type { KubeObject } from '../../api/object.ts'
import { at, textOf } from '../../core/json.ts'
import { type Chunk, chunksOf, joined } from './documents.ts'
import { type Edit, edited, nodeAt } from './edits.ts'
import { judged } from './judge.ts'
import type { Note } from './notes.ts'
import { isFlaggers, isFlaggersValue, rewriting } from './rewrite.ts'

export interface Imported {
  readonly text: string
  /** In the order of the objects. */
  readonly notes: readonly Note[]
  /** How many objects were rewritten. */
  readonly rewritten: number
}

/** Merge keys (`<<`) are no YAML 1.2, but kubectl knows them. */
const READING = { merge: true, logLevel: 'error' } as const

/** Annotations of Flagger's that Sluice reads as they are. */
const READ_AS_THEY_ARE = /flagger\.app\/config-tracking/g

/**
 * Translates a stream of YAML or JSON documents: Canaries, MetricTemplates and AlertProviders of Flagger, alone or in a List.
 *
 * @param text the documents, as one file has them.
 */
export function importFlagger(text: string): Imported {
  let number = 0
  const chunks = chunksOf(text).map(chunk => importChunk(chunk, (number += isDocument(chunk) ? 1 : 0)))
  return {
    text: joined(chunks.map(({ chunk }) => chunk)),
    notes: chunks.flatMap(({ notes }) => notes),
    rewritten: chunks.reduce((sum, { rewritten }) => sum + rewritten, 0),
  }
}

/** Directives, comments and space before the first document are none. */
const isDocument = ({ text }: Chunk): boolean => /^[^#%\s]/m.test(text)

interface ImportedChunk {
  readonly chunk: Chunk
  readonly notes: readonly Note[]
  readonly rewritten: number
}

function importChunk(chunk: Chunk, number: number): ImportedChunk {
  const { marker, text } = chunk
  if (!text.includes('flagger.app')) return { chunk, notes: [], rewritten: 0 }
  const asItIs = (sentence: string): ImportedChunk => ({
    chunk,
    notes: [
      { kind: 'unread', object: `document ${number}`, sentence: `it is passed on as it is, because ${sentence}` },
    ],
    rewritten: 0,
  })
  const read = reading(text)
  if ('problem' in read)
    return asItIs(`it is no YAML: ${read.problem}; if it is a template of Helm, translate what it prints`)
  const edits: Edit[] = []
  const changes: { readonly place: number; readonly said: Omit<Note, 'object'> }[] = []
  const places: number[] = []
  for (const [place, object] of read.nodes.entries()) {
    if (!isFlaggers(object)) {
      if (isFlaggersValue(read.objects[place]))
        return asItIs(
          'apiVersion or kind of an object in it comes by an alias or by <<; write them out in each object, as kubectl prints them',
        )
      continue
    }
    const own = rewriting(text, object)
    edits.push(...own.edits)
    changes.push(...own.notes.map(said => ({ place, said })))
    places.push(place)
  }
  if (places.length === 0) return { chunk, notes: mentions(text, read.whole, number), rewritten: 0 }
  const result = edited(text, edits)
  const after = reading(result)
  if ('problem' in after)
    return asItIs('it is written in a way that cannot be changed in place; write it in lines, as kubectl prints it')
  return {
    chunk: { marker, text: result },
    rewritten: places.length,
    notes: places.flatMap(place => {
      const object = after.objects[place] as KubeObject
      const named = { ...object, metadata: { ...object.metadata, name: textOf(at(object.metadata, 'name')) } }
      const said = [...changes.filter(change => change.place === place).map(change => change.said), ...judged(named)]
      return said.map(one => ({ ...one, object: calledBy(named) }))
    }),
  }
}

interface Read {
  readonly nodes: readonly (Node | null)[]
  /** What the nodes hold. */
  readonly objects: readonly unknown[]
  readonly whole: unknown
}

/** A document and its objects, or why it is none. */
function reading(text: string): Read | { readonly problem: string } {
  const document = parseDocument<Node>(text, READING)
  const [error] = document.errors
  if (error !== undefined) return { problem: firstLine(error) }
  const nodes = objectsIn(document.contents)
  try {
    return { nodes, objects: nodes.map(node => node?.toJS(document) as unknown), whole: document.toJS() }
  } catch (thrown) {
    // An alias of nothing, say, or more aliases than are good for anyone.
    return { problem: firstLine(thrown as Error) }
  }
}

const firstLine = ({ message }: Error): string => message.split('\n', 1).join('').replace(/:$/, '')

/** The objects of a document: itself, or the items of a List. */
function objectsIn(contents: Node | null): (Node | null)[] {
  const items = nodeAt(contents, 'items')
  return isMap(contents) && isSeq<Node | null>(items) ? items.items : [contents]
}

function calledBy({ kind, metadata: { namespace, name } }: KubeObject): string {
  return `${kind} ${namespace === undefined ? name : `${namespace}/${name}`}`
}

/** What is said of a document that is not Flagger's and names it all the same, such as a patch of Kustomize. */
function mentions(text: string, content: unknown, number: number): Note[] {
  if (!text.replaceAll(READ_AS_THEY_ARE, '').includes('flagger.app')) return []
  const kind = textOf(at(content, 'kind'))
  const name = textOf(at(content, 'metadata', 'name'))
  const object = kind === '' ? `document ${number}` : `${kind}${name === '' ? '' : ` ${name}`}`
  return [
    {
      kind: 'differs',
      object,
      sentence: 'it names flagger.app and is passed on as it is: look whether it shall name sluice.dev',
    },
  ]
}
