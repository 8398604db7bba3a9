/**
 * The index of bad input and trouble: everything that must end in a condition with a sentence, an event, and no change of
 * traffic, and where its rows stand. An item whose row is renamed or taken away fails here.
 */
import { expect } from 'chai'
import { readFileSync } from 'node:fs'

const atStart = 'bad-input.start.rows.ts'
const atAnyTime = 'bad-input.rows.ts'
const metrics = 'metrics-servers.test.ts'
const deleted = 'deleted-objects.test.ts'
const edits = 'manual-edits.test.ts'
const unwatchable = 'unwatchable-kinds.test.ts'
const writes = 'refused-writes.test.ts'
const clocks = 'clock-jumps.test.ts'
const versions = 'other-versions.test.ts'

type Place = readonly [file: string, ...rows: readonly string[]]

const index: Readonly<Record<string, readonly Place[]>> = {
  'a target that is missing': [[atStart, 'a target that does not exist']],
  'a target without ports': [[atStart, 'a target without ports', 'a target without the port that is named']],
  'a target that is not ready at the start': [
    [atStart, 'a target at 0 replicas', 'a target whose pods do not get ready', 'a target whose image does not exist'],
  ],
  'no label to split by': [[atStart, 'no known label to switch']],
  'two Canaries for one target or host': [
    [atStart, 'an older Canary for the same target', 'an older Canary for the same host'],
  ],
  'another VirtualService for the same host': [[atAnyTime, 'another VirtualService for the same host']],
  'a DestinationRule whose TLS and a PeerAuthentication contradict': [
    [atAnyTime, 'plaintext to servers that demand mutual TLS'],
  ],
  'a Service that would lose its endpoints': [[atAnyTime, 'a Service that would lose its endpoints']],
  'an HPA, VPA or ScaledObject on the target': [
    [
      atAnyTime,
      'a HorizontalPodAutoscaler on the target',
      'a VerticalPodAutoscaler on the target',
      'a ScaledObject of KEDA on the target',
    ],
  ],
  'a VirtualService that is named but absent, or whose routes do not fit': [
    [
      atAnyTime,
      'a VirtualService that is named but absent',
      'a VirtualService none of whose routes leads to the Service',
      'a route of a VirtualService that is named but absent',
    ],
    [atStart, 'a route of a VirtualService with a third destination'],
  ],
  'a DestinationRule that is named but absent, or whose subsets do not fit': [
    [atAnyTime, 'a DestinationRule that is named but absent', 'a DestinationRule for another host'],
    [atStart, 'a DestinationRule without one of the subsets', 'a template outside the subset of the canary'],
  ],
  'a MetricTemplate that is named but absent, or does not fit': [
    [atAnyTime, 'a MetricTemplate that is named but absent'],
    [atStart, 'a MetricTemplate with a name that nobody knows'],
  ],
  'PromQL that Prometheus refuses': [[metrics, 'PromQL that Prometheus refuses']],
  'a metrics server that is no URL, or not on the list': [
    [atAnyTime, 'a metrics server that is no URL', 'a metrics server that is not on the list'],
  ],
  'a metrics server that refuses, hangs, or answers HTML, 1 MB of JSON or 401': [
    [metrics, 'a server that refuses connections', 'a server that hangs'],
    [
      '../adapters/prometheus/failures.test.ts',
      'a web page is unavailable',
      'a megabyte of some other JSON is refused by its size',
      '401 names the token that is missing or wrong',
    ],
  ],
  'weights out of order': [[atAnyTime, 'weights out of order']],
  'durations like 1x': [[atAnyTime, 'a duration like 1x']],
  // Rows of e2e/crd/cases.ts; test/api/crd.test.ts holds them to have every refused field of the schemas.
  'each refused field': [['bad-input-fields.test.ts', '`${name}: ${sentence}`']],
  'RBAC missing for one kind': [
    [
      unwatchable,
      'may not be read, from the start: WatchUnavailable',
      'may not be read any more, in mid-run: WatchUnavailable',
    ],
    [writes, "name: 'the right is missing'", 'a status that may not be written', 'events that may not be written'],
  ],
  'CRDs of Istio that are absent': [[unwatchable, 'is not installed: WatchUnavailable']],
  'istiod down': [[writes, "name: 'the webhook is down'"]],
  'an object under management that is deleted in mid-run': [
    [deleted, 'is deleted at ${moment}: made anew, and the release ends well'],
    [deleted, 'a VirtualService that is deleted while ${moment} is missed in a sentence'],
  ],
  'an object that another writer fights over': [[edits, 'somebody fights over ${name}, each second: Contested']],
  'a namespace that is being deleted': [[deleted, 'the namespace is deleted at ${moment}']],
  'a finalizer that is stripped': [
    [
      deleted,
      'the finalizer is stripped at ${moment}',
      'the finalizer is stripped from a Canary that is deleted at ${moment}',
    ],
  ],
  'clock jumps': [[clocks, 'an hour forwards', 'a day forwards', 'ten seconds backwards', 'an hour backwards']],
  'a status of an older or newer version': [
    [
      versions,
      'a phase that nobody knows',
      'fields that nobody knows',
      'no promoted revision',
      'a promoted revision by an unknown hash',
    ],
  ],
}

suite('the index of bad input and trouble', () => {
  for (const [item, places] of Object.entries(index)) {
    test(`${item}: there are rows of it`, () => {
      const missing = places.flatMap(([file, ...rows]) => {
        const text = readFileSync(new URL(file, import.meta.url), 'utf8')
        return rows.filter(row => !text.includes(row)).map(row => `${file}: ${row}`)
      })
      expect(missing).to.deep.equal([])
    })
  }
})
