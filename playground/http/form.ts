/** In which form a client wants its answer (https://kubernetes.io/docs/reference/using-api/api-concepts/#alternate-representations-of-resources). */
import { ApiError } from '../../src/core/errors.ts'
import { Refusal } from '../answers.ts'

export interface Form {
  readonly as: 'object' | 'Table' | 'PartialObjectMetadata'
  readonly text: 'json' | 'yaml'
}

interface Wish {
  readonly type: string
  readonly parameters: Readonly<Record<string, string>>
}

/** The media types of an Accept header, in its order. */
export function wishesOf(accept: string): readonly Wish[] {
  return accept.split(',').map(part => {
    const [type = '', ...parameters] = part.split(';').map(one => one.trim())
    return { type, parameters: Object.fromEntries(parameters.map(one => one.split('=', 2) as [string, string])) }
  })
}

const texts: Readonly<Record<string, Form['text']>> = {
  'application/json': 'json',
  '*/*': 'json',
  '': 'json',
  'application/yaml': 'yaml',
}
const SPOKEN = 'application/json, application/yaml, application/vnd.kubernetes.protobuf'
const STREAMS = 'application/json;stream=watch, application/vnd.kubernetes.protobuf;stream=watch'

/** What is asked, as far as the words for "not acceptable" depend on it. */
export interface Asked {
  readonly origin: 'built-in' | 'custom'
  readonly isWatch: boolean
}

/**
 * The first form of an Accept header that the server speaks.
 *
 * @throws ApiError 406 where there is none.
 */
export function formOf(accept: string, { origin, isWatch }: Asked): Form {
  let known = origin === 'custom'
  for (const { type, parameters } of wishesOf(accept)) {
    const text = texts[type]
    if (text === undefined) continue
    known = true
    const { as = '', g, v } = parameters
    if (as === '') return { as: 'object', text }
    if (g !== 'meta.k8s.io' || v !== 'v1') continue
    if (as === 'Table') return { as, text }
    if (as === 'PartialObjectMetadata' || as === 'PartialObjectMetadataList')
      return { as: 'PartialObjectMetadata', text }
  }
  const status = { code: 406, reason: 'NotAcceptable' }
  if (known) throw new ApiError({ ...status, message: `only the following media types are accepted: ${SPOKEN}` })
  const spoken = isWatch ? `${SPOKEN}, ${STREAMS}` : SPOKEN
  throw new Refusal({ ...status, message: `406: Not Acceptable\n\nAvailable representations: ${spoken}` })
}
