/** Leases and Events, as a controller with two replicas uses them. */
import type { Case } from '../case.ts'
import { lease, only } from '../given.ts'

const time = (second: number): string => `2024-01-01T00:00:0${second}.000000Z`
const held = (holderIdentity: string, second: number) => ({
  holderIdentity,
  leaseDurationSeconds: 15,
  acquireTime: time(second),
  renewTime: time(second),
  leaseTransitions: 0,
})

const event = (namespace: string, more: object = {}) => ({
  apiVersion: 'v1',
  kind: 'Event',
  metadata: { name: 'web.1' },
  involvedObject: { apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', name: 'web', namespace },
  reason: 'Halted',
  message: 'it was bad',
  type: 'Warning',
  source: { component: 'sluice' },
  firstTimestamp: '2024-01-01T00:00:00Z',
  lastTimestamp: '2024-01-01T00:00:00Z',
  count: 1,
  ...more,
})

export const leases: readonly Case[] = [
  {
    name: 'a Lease is taken, renewed, released and taken over',
    run: async ({ ask, merge }) => {
      const { object } = await ask('POST leases', lease('sluice', held('one', 1)))
      const renewed = { ...object, spec: { ...held('one', 1), renewTime: time(2) } }
      const { object: second } = await ask('PUT leases/sluice', renewed)
      await ask('PUT leases/sluice', { ...second, spec: { ...held('', 1), leaseDurationSeconds: 1 } }, only('spec'))
      await merge('leases/sluice', { spec: { ...held('two', 3), leaseTransitions: 1 } }, only('spec'))
    },
  },
  {
    name: 'of two who take a Lease one gets it',
    run: async ({ ask, given }) => {
      await ask('POST leases', lease('sluice', held('one', 1)), only('spec', 'holderIdentity'))
      await ask('POST leases', lease('sluice', held('two', 1)))
      const read = await given('GET leases/sluice')
      await ask('PUT leases/sluice', { ...read, spec: held('two', 2) }, only('spec', 'holderIdentity'))
      await ask('PUT leases/sluice', { ...read, spec: held('three', 2) })
      await ask('GET leases/sluice', undefined, only('spec', 'holderIdentity'))
    },
  },
  {
    name: 'a Lease that makes no sense is refused',
    run: async ({ ask }) => {
      await ask('POST leases', lease('a', { leaseDurationSeconds: 0 }))
      await ask('POST leases', lease('a', { leaseTransitions: -1 }))
      await ask('POST leases', lease('a', { renewTime: 'yesterday' }))
      await ask('POST leases', lease('a', { renewTime: '2024-01-01T00:00:00Z' }), only('spec'))
      await ask('POST leases', lease('b', {}), only('spec'))
    },
  },
  {
    name: 'a Lease is renewed without a version by who does not care',
    run: async ({ ask, given }) => {
      await given('POST leases', lease('sluice', held('one', 1)))
      await ask('PUT leases/sluice', lease('sluice', held('two', 2)), only('spec', 'holderIdentity'))
    },
  },
  {
    name: 'an Event is written, and counted by a patch',
    run: async ({ ask, merge, namespace }) => {
      await ask('POST events', event(namespace))
      await ask('POST events', event(namespace))
      await merge('events/web.1', { count: 2, lastTimestamp: '2024-01-01T00:01:00Z' })
      await ask('GET events?fieldSelector=involvedObject.name%3Dweb%2Creason%3DHalted', undefined, only('items'))
    },
  },
  {
    name: 'an Event in another namespace than its object is refused',
    run: async ({ ask, namespace }) => {
      await ask('POST events', event('elsewhere'))
      await ask('POST events', event(namespace, { involvedObject: { kind: 'Node', name: 'n' } }))
    },
  },
  {
    name: 'an Event of the new kind is the same object',
    run: async ({ ask, namespace }) => {
      const path = '/apis/events.k8s.io/v1/namespaces/NS/events'
      const fresh = {
        apiVersion: 'events.k8s.io/v1',
        kind: 'Event',
        metadata: { name: 'web.2' },
        regarding: { apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', name: 'web', namespace },
        eventTime: time(1),
        reportingController: 'sluice.dev/sluice',
        reportingInstance: 'sluice-0',
        action: 'Promote',
        reason: 'Promoted',
        note: 'all went well',
        type: 'Normal',
      }
      await ask(`POST ${path}`, fresh)
      await ask('GET events/web.2')
      await ask(`POST ${path}`, { ...fresh, metadata: { name: 'web.3' }, action: '' })
    },
  },
]
