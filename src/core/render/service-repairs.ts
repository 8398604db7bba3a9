/**
 * Edits of a Service of ours that a server-side apply does not undo. In the API server's schema the ports of a Service are a map by number
 * and protocol, and its type is a field that we leave to its owner.
 */
import type { KubeObject } from '../../api/object.ts'
import { at, type Json, present, recordOf, recordsOf } from '../json.ts'
import type { Write } from '../model/write.ts'
import { byKey, portKey } from './original.ts'

/** The apply of a Service of ours, as what undoes such an edit, too. */
export function repairing(write: Write, live: KubeObject): Write {
  if (write.verb !== 'apply') return write
  const own = recordsOf(at(write.object.spec, 'ports'))
  if (othersOn(live, own).some(other => own.some(port => isSameName(port, other)))) return withPorts(write, live, own)
  if (!isOnlyAName(live)) return write
  return { ...write, object: { ...write.object, spec: { ...recordOf(write.object.spec), type: 'ClusterIP' } } }
}

/** Whether the ports of a Service of ours are put back. */
export const putsPortsBack = (write: Write): boolean =>
  write.verb === 'patch' && write.operations.some(({ path }) => path === PORTS)

const PORTS = '/spec/ports'

/** A Service that leads to a host has no pods. */
export const isOnlyAName = (live: KubeObject): boolean => at(live.spec, 'type') === 'ExternalName'

/**
 * One of our ports has another number or protocol now, and so is another port: an apply would add ours beside it, and the API server
 * refuses two of one name, or without one. Only the ports are put back; the rest of the Service follows in the next pass.
 */
function withPorts({ ref }: Write, live: KubeObject, own: readonly Json[]): Write {
  const there = byKey(recordsOf(at(live.spec, 'ports')))
  const kept = othersOn(live, own).filter(other => !own.some(port => isSameName(port, other)))
  const ports = own.map(port => ({ ...port, ...present({ nodePort: there.get(portKey(port))?.['nodePort'] }) }))
  const { resourceVersion = '' } = live.metadata
  return {
    verb: 'patch',
    ref,
    resourceVersion,
    operations: [{ op: 'replace', path: PORTS, value: [...ports, ...kept] }],
  }
}

function othersOn(live: KubeObject, own: readonly Json[]): Json[] {
  const keys = new Set(own.map(portKey))
  return recordsOf(at(live.spec, 'ports')).filter(port => !keys.has(portKey(port)))
}

const isSameName = (port: Json, other: Json): boolean =>
  port['name'] === undefined || other['name'] === undefined || port['name'] === other['name']
