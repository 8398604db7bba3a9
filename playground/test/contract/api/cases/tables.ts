/** What `kubectl get` shows: tables, which the server makes. */
import type { Case } from '../case.ts'
import { canary, config, deployment, lease, pod, service, widget } from '../given.ts'

const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io,application/json'
/** Columns and cells, without the objects behind the rows. */
const cells = {
  accept,
  only: (body: unknown) => {
    const { columnDefinitions, rows } = body as { columnDefinitions: unknown; rows: { cells: unknown }[] }
    return { columnDefinitions, rows: rows.map(row => ({ cells: row.cells })) }
  },
}

export const tables: readonly Case[] = [
  {
    name: 'a table of ConfigMaps, whole',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a', { x: '1', y: '2' }))
      await ask('GET configmaps', undefined, { accept })
      await ask('GET configmaps/a', undefined, { accept })
    },
  },
  {
    name: 'an empty table',
    run: async ({ ask }) => {
      await ask('GET configmaps', undefined, { accept })
      await ask('GET canaries', undefined, { accept })
    },
  },
  {
    name: 'a table of Deployments',
    run: async ({ ask, given }) => {
      await given('POST deployments', deployment('web'))
      await ask('GET deployments', undefined, cells)
    },
  },
  {
    name: 'a table of ReplicaSets',
    run: async ({ ask, given }) => {
      const { spec, ...object } = deployment('web')
      const { replicas, selector, template } = spec as Record<string, unknown>
      await given('POST replicasets', { ...object, kind: 'ReplicaSet', spec: { replicas, selector, template } })
      await ask('GET replicasets', undefined, cells)
    },
  },
  {
    name: 'a table of Services',
    run: async ({ ask, given }) => {
      const ports = [
        { name: 'http', port: 80 },
        { name: 'dns', port: 53, protocol: 'UDP' },
      ]
      await given('POST services', service('a', { ports, clusterIP: 'None' }))
      await given('POST services', service('b', { type: 'ExternalName', externalName: 'example.com', ports: [] }))
      await given('POST services', service('c', { clusterIP: 'None', selector: null }))
      await ask('GET services', undefined, cells)
    },
  },
  {
    name: 'a table of Pods',
    run: async ({ ask, given, merge }) => {
      const twice = [
        { name: 'app', image: 'a' },
        { name: 'side', image: 'b' },
      ]
      await given('POST pods', pod('a', { containers: twice }))
      await given('POST pods', pod('b'))
      const running = {
        name: 'app',
        image: 'a',
        imageID: '',
        ready: true,
        restartCount: 2,
        state: { running: { startedAt: '2024-01-01T00:00:00Z' } },
      }
      const status = {
        phase: 'Running',
        podIP: '10.244.0.9',
        podIPs: [{ ip: '10.244.0.9' }],
        containerStatuses: [running],
      }
      await merge('pods/b/status', { status }, { only: () => 'running' })
      await given('POST pods', pod('c'))
      const waiting = { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } }
      const crashing = { ...status, containerStatuses: [{ ...running, ready: false, state: waiting }] }
      await merge('pods/c/status', { status: crashing }, { only: () => 'crashing' })
      await given('POST pods', pod('d', { terminationGracePeriodSeconds: 30 }))
      await given('DELETE pods/d')
      await ask('GET pods', undefined, cells)
    },
  },
  {
    name: 'a table of Canaries, with the columns of the CRD',
    run: async ({ ask, given, merge }) => {
      await given('POST canaries', canary('web'))
      await ask('GET canaries', undefined, { accept })
      const status = { phase: 'Progressing', canaryWeight: 10, failedChecks: 1, message: 'on its way' }
      await merge('canaries/web/status', { status }, { only: () => 'progressing' })
      await ask('GET canaries', undefined, cells)
    },
  },
  {
    name: 'a table of custom resources, with columns that find nothing',
    run: async ({ ask, given, merge }) => {
      await given('POST widgets', widget('a', { size: 'large', replicas: 2, secret: 'abc' }))
      await given('POST widgets', widget('b'))
      await merge(
        'widgets/b/status',
        { status: { conditions: [{ type: 'Ready', status: 'True' }] } },
        { only: () => 'ready' },
      )
      await ask('GET widgets', undefined, cells)
    },
  },
  {
    name: 'a table of Secrets, Leases, ServiceAccounts and ControllerRevisions',
    run: async ({ ask, given }) => {
      await given('POST secrets', { apiVersion: 'v1', kind: 'Secret', metadata: { name: 's' }, stringData: { a: 'b' } })
      await ask('GET secrets', undefined, cells)
      await given('POST leases', lease('l', { holderIdentity: 'me' }))
      await ask('GET leases', undefined, cells)
      await given('POST serviceaccounts', { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'a' } })
      await ask('GET serviceaccounts?fieldSelector=metadata.name%3Da', undefined, cells)
      const revision = {
        apiVersion: 'apps/v1',
        kind: 'ControllerRevision',
        metadata: { name: 'r' },
        revision: 3,
        data: {},
      }
      await given('POST controllerrevisions', revision)
      await ask('GET controllerrevisions', undefined, cells)
    },
  },
  {
    name: 'a table of a Namespace and of a CustomResourceDefinition',
    run: async ({ ask, namespace }) => {
      await ask(`GET /api/v1/namespaces/${namespace}`, undefined, cells)
      await ask('GET /apis/apiextensions.k8s.io/v1/customresourcedefinitions/widgets.contract.example', undefined, {
        accept,
        only: body => (body as { rows: { cells: unknown[] }[] }).rows.map(row => row.cells[0]),
      })
    },
  },
  {
    name: 'a table of Events',
    run: async ({ ask, given, namespace }) => {
      const involvedObject = { apiVersion: 'sluice.dev/v1beta1', kind: 'Canary', name: 'web', namespace }
      const event = {
        apiVersion: 'v1',
        kind: 'Event',
        metadata: { name: 'e' },
        involvedObject,
        count: 3,
        type: 'Warning',
      }
      await given('POST events', { ...event, reason: 'Halted', message: 'it was bad', source: { component: 'sluice' } })
      await ask('GET events', undefined, cells)
      await ask('GET events?fieldSelector=involvedObject.name%3Dweb', undefined, cells)
      await ask('GET events?fieldSelector=involvedObject.name%3Dother', undefined, cells)
      await ask('GET events?fieldSelector=reason%3DHalted%2Ctype%3DWarning', undefined, cells)
    },
  },
  {
    name: 'rows with their whole objects, or with none',
    run: async ({ ask, given }) => {
      await given('POST configmaps', config('a'))
      await ask('GET configmaps?includeObject=Object', undefined, { accept })
      await ask('GET configmaps?includeObject=None', undefined, { accept })
      await ask('GET configmaps?includeObject=Half', undefined, { accept })
    },
  },
  {
    name: 'a table where there can be none',
    run: async ({ ask }) => {
      await ask('GET configmaps/nothing', undefined, { accept })
      await ask('POST configmaps', config('a'), { accept })
      await ask('GET configmaps', undefined, { accept: 'application/json;as=Table;v=v9;g=meta.k8s.io' })
      await ask('GET configmaps', undefined, { accept: 'application/json;as=Chair;v=v1;g=meta.k8s.io' })
    },
  },
  {
    name: 'only the metadata of an object, and of a list',
    run: async ({ ask, given }) => {
      await given('POST canaries', canary('web'))
      const one = 'application/json;as=PartialObjectMetadata;v=v1;g=meta.k8s.io'
      await ask('GET canaries/web', undefined, { accept: one })
      await ask('GET canaries', undefined, { accept: one.replace('Metadata', 'MetadataList') })
    },
  },
]
