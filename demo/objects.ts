/** Objects in YAML. */
import { parseAllDocuments } from 'yaml'
import type { KubeObject } from '../src/api/object.ts'

/** The objects in YAML texts. */
export const objectsOf = (...texts: readonly string[]): KubeObject[] =>
  texts.flatMap(text => parseAllDocuments(text)).map(document => document.toJS() as KubeObject)
