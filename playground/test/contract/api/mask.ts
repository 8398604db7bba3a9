/**
 * What two servers cannot answer alike: uids, versions, times, addresses. A mask gives each its place in the transcript,
 * so that what was equal stays equal, and what was changed is seen to be.
 */
import { isRecord } from '../../../../src/core/json.ts'

/** By its own counter, in the order in which they were seen. */
class Numbered {
  readonly #names = new Map<string, string>()
  readonly #what: string

  constructor(what: string) {
    this.#what = what
  }

  of(value: string): string {
    const known = this.#names.get(value)
    if (known !== undefined) return known
    const name = `${this.#what}-${this.#names.size + 1}`
    this.#names.set(value, name)
    return name
  }
}

const UID = /\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b/g
const TIME = /\b\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(\.\d+)?Z/g
const ADDRESS = /^(10|172|192)(\.\d{1,3}){3}$/
const DURATION = /^(\d+[smhd])+$/
/** The end of a name that `generateName: made-` gave. */
const MADE = /\bmade-[bcdfghjklmnpqrstvwxz2456789]{5}\b/g

/** Lists that the server keeps in the order of times, or in none. */
const UNORDERED = new Set(['managedFields', 'causes'])

export class Mask {
  readonly #uids = new Numbered('uid')
  readonly #versions = new Numbered('version')
  readonly #addresses = new Numbered('address')
  readonly #made = new Numbered('made')
  readonly #namespace: string

  constructor(namespace: string) {
    this.#namespace = namespace
  }

  /** The value as it is compared. */
  of(value: unknown, key = '', parent: unknown = null): unknown {
    if (Array.isArray(value)) {
      const all = value.map(one => this.of(one, key))
      return UNORDERED.has(key) ? all.sort(byText) : all
    }
    if (isRecord(value)) return this.#record(value, key)
    if (typeof value !== 'string') return value
    if (key === 'resourceVersion') return this.#version(value, parent)
    if (key === 'continue' && value !== '') return 'token'
    if (key === 'cells' && DURATION.test(value)) return 'age'
    return this.text(value)
  }

  text(text: string): string {
    if (ADDRESS.test(text)) return this.#addresses.of(text)
    return text
      .replaceAll(this.#namespace, 'NS')
      .replaceAll(UID, uid => this.#uids.of(uid))
      .replaceAll(TIME, (_, fraction?: string) => (fraction === undefined ? 'time' : 'microtime'))
      .replaceAll(MADE, name => this.#made.of(name))
      .replaceAll(/(resource ?version\D{1,40}?)\d+(?: \(\d+\)|(, current: )\d+)?/gi, '$1N$2')
  }

  #record(value: Readonly<Record<string, unknown>>, key: string): unknown {
    // The documentation of a column, which nobody sees in a table.
    const kept = Object.entries(value).filter(([name]) => !(key === 'columnDefinitions' && name === 'description'))
    const inOrder = kept.sort(([a], [b]) => (a < b ? -1 : 1))
    return Object.fromEntries(inOrder.map(([name, one]) => [this.text(name), this.of(one, name, value)]))
  }

  /** The version of a collection is that of the whole cluster, where others write too. */
  #version(value: string, parent: unknown): string {
    if (value === '' || value === '0') return value
    return isRecord(parent) && 'uid' in parent ? this.#versions.of(value) : 'version'
  }
}

const byText = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1)
