/** The files of recorded objects: a whole cluster in memory as YAML, at one moment of one version. */
import { existsSync, readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import { parse, stringify } from 'yaml'
import type { KubeObject } from '../../src/api/object.ts'
import type { Instant } from '../../src/core/time.ts'
import type { Snapshot } from '../../playground/server/server.ts'
import type { World } from '../scenarios/world.ts'

const root = fileURLToPath(new URL('../..', import.meta.url))
const here = join(root, 'test/recorded')

/** Of package.json: the next release, or the last one. */
export const version = (JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as { version: string }).version

export const folderOf = (ofVersion: string): string => join(here, ofVersion)

/** The versions whose objects are recorded. */
export const recordedVersions = (): string[] =>
  readdirSync(here, { withFileTypes: true }).flatMap(entry => (entry.isDirectory() ? [entry.name] : []))

/** Versions that the changelog says were released, and the one of package.json. */
export function versionsToRecord(): string[] {
  const released = readFileSync(join(root, 'CHANGELOG.md'), 'utf8').matchAll(/^## \[(\d+\.\d+\.\d+)\]/gm)
  return [...new Set([version, ...[...released].map(([, one = '']) => one)])]
}

export interface Recording {
  readonly at: Instant
  readonly snapshot: Snapshot
}

/** Kinds whose objects other controllers write, as they would again: who wrote which field is not kept. */
const OF_OTHERS = ['Pod', 'ReplicaSet', 'EndpointSlice']

export function recordingOf(world: World): Recording {
  const { objects, ...rest } = world.api.server.snapshot()
  const kept = objects
    .filter(({ kind }) => kind.kind !== 'Event')
    .map(({ kind, objects: all }) => ({
      kind,
      objects: OF_OTHERS.includes(kind.kind) ? all.map(withoutManagers) : all,
    }))
  return { at: world.clock.now(), snapshot: { ...rest, objects: kept } }
}

function withoutManagers(object: KubeObject): KubeObject {
  const { managedFields: _, ...metadata } = object.metadata
  return { ...object, metadata }
}

export const textOf = ({ at, snapshot }: Recording): string =>
  stringify({ at: new Date(at).toISOString(), ...snapshot }, { lineWidth: 0, aliasDuplicateObjects: false })

const parsed = new Map<string, Recording>()

/** @throws Error where this moment was not recorded for this version. */
export function recorded(ofVersion: string, moment: string): Recording {
  const file = join(folderOf(ofVersion), `${moment}.yaml`)
  const known = parsed.get(file) ?? parsedFile(file)
  parsed.set(file, known)
  return structuredClone(known)
}

function parsedFile(file: string): Recording {
  if (!existsSync(file)) throw new Error(`${file} is missing: npm run record:objects writes it`)
  const { at, ...snapshot } = parse(readFileSync(file, 'utf8')) as Snapshot & { at: string }
  return { at: Date.parse(at), snapshot }
}
