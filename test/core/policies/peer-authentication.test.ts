/** Which mutual TLS mode a workload's servers have: rows of what istiod was seen to do. */
import { expect } from 'chai'
import type { KubeObject } from '../../../src/api/object.ts'
import { effectiveModes, type TlsMode } from '../../../src/core/policies/peer-authentication.ts'

const web = { rootNamespace: 'istio-system', namespace: 'shop', labels: { app: 'web', version: 'v1' } }

let made = 0
/** Each is younger than those before it in its row, where the row says nothing else. */
function policy(name: string, where: 'root' | 'shop' | 'other', spec: object, at?: string): KubeObject {
  made += 1
  return {
    apiVersion: 'security.istio.io/v1',
    kind: 'PeerAuthentication',
    metadata: {
      name,
      namespace: where === 'root' ? web.rootNamespace : where,
      creationTimestamp: at ?? new Date(Date.UTC(2026, 0, 1) + made * 1000).toISOString(),
    },
    spec,
  }
}
const mtls = (mode: string): object => ({ mtls: { mode } })
const forWeb = (spec: object): object => ({ selector: { matchLabels: { app: 'web' } }, ...spec })
const ports = (of: Record<number, string>): object => ({
  portLevelMtls: Object.fromEntries(Object.entries(of).map(([port, mode]) => [port, { mode }])),
})

interface Row {
  readonly policies: () => KubeObject[]
  readonly mode: TlsMode
  readonly by: string | null
  readonly ports?: Record<number, TlsMode>
  readonly server?: Partial<typeof web>
}

const rows: Readonly<Record<string, Row>> = {
  'without a policy it is permissive': { policies: () => [], mode: 'PERMISSIVE', by: null },
  'the mesh’s holds everywhere': {
    policies: () => [policy('mesh', 'root', mtls('STRICT'))],
    mode: 'STRICT',
    by: 'mesh',
  },
  'the namespace’s is over the mesh’s': {
    policies: () => [policy('mesh', 'root', mtls('STRICT')), policy('shop', 'shop', mtls('DISABLE'))],
    mode: 'DISABLE',
    by: 'shop',
  },
  'the workload’s is over the namespace’s': {
    policies: () => [policy('shop', 'shop', mtls('DISABLE')), policy('web', 'shop', forWeb(mtls('STRICT')))],
    mode: 'STRICT',
    by: 'web',
  },
  'UNSET says nothing': {
    policies: () => [policy('mesh', 'root', mtls('STRICT')), policy('shop', 'shop', mtls('UNSET'))],
    mode: 'STRICT',
    by: 'mesh',
  },
  'a workload’s that names another port leaves the mesh’s mode': {
    policies: () => [
      policy('mesh', 'root', mtls('STRICT')),
      policy('shop', 'shop', mtls('UNSET')),
      policy('web', 'shop', forWeb(ports({ 9090: 'DISABLE' }))),
    ],
    mode: 'STRICT',
    by: 'mesh',
    ports: { 9090: 'DISABLE' },
  },
  'a port that is UNSET has the mode of its workload': {
    policies: () => [policy('web', 'shop', forWeb({ ...mtls('STRICT'), ...ports({ 8080: 'UNSET' }) }))],
    mode: 'STRICT',
    by: 'web',
    ports: { 8080: 'STRICT' },
  },
  'of two of a namespace the older decides: STRICT': {
    policies: () => [
      policy('young', 'shop', mtls('PERMISSIVE'), '2026-02-02T00:00:00Z'),
      policy('old', 'shop', mtls('STRICT'), '2026-02-01T00:00:00Z'),
    ],
    mode: 'STRICT',
    by: 'old',
  },
  'of two of a namespace the older decides: PERMISSIVE': {
    policies: () => [
      policy('young', 'shop', mtls('STRICT'), '2026-02-02T00:00:00Z'),
      policy('old', 'shop', mtls('PERMISSIVE'), '2026-02-01T00:00:00Z'),
    ],
    mode: 'PERMISSIVE',
    by: 'old',
  },
  'the older decides alone, even where it says nothing': {
    policies: () => [
      policy('mesh', 'root', mtls('STRICT')),
      policy('old', 'shop', mtls('UNSET')),
      policy('young', 'shop', mtls('DISABLE')),
    ],
    mode: 'STRICT',
    by: 'mesh',
  },
  'of two that select the workload nothing of the younger’s ports is merged': {
    policies: () => [
      policy('old', 'shop', forWeb(mtls('STRICT'))),
      policy('young', 'shop', forWeb({ ...mtls('DISABLE'), ...ports({ 8080: 'DISABLE' }) })),
    ],
    mode: 'STRICT',
    by: 'old',
  },
  'of the same second it is the first by name': {
    policies: () => [
      policy('b', 'shop', mtls('DISABLE'), '2026-02-01T00:00:00Z'),
      policy('a', 'shop', mtls('STRICT'), '2026-02-01T00:00:00Z'),
    ],
    mode: 'STRICT',
    by: 'a',
  },
  'one that selects other pods is none of ours': {
    policies: () => [policy('api', 'shop', { selector: { matchLabels: { app: 'api' } }, ...mtls('STRICT') })],
    mode: 'PERMISSIVE',
    by: null,
  },
  'all labels of a selector have to fit': {
    policies: () => [
      policy('v2', 'shop', { selector: { matchLabels: { app: 'web', version: 'v2' } }, ...mtls('STRICT') }),
    ],
    mode: 'PERMISSIVE',
    by: null,
  },
  'an empty selector is the namespace': {
    policies: () => [policy('all', 'shop', { selector: { matchLabels: {} }, ...mtls('STRICT') })],
    mode: 'STRICT',
    by: 'all',
  },
  'a selector in the root namespace is for no workload of another': {
    policies: () => [policy('mesh', 'root', forWeb(mtls('STRICT')))],
    mode: 'PERMISSIVE',
    by: null,
  },
  'nor for one of the root namespace itself': {
    policies: () => [policy('gateway', 'root', forWeb(mtls('STRICT')))],
    mode: 'PERMISSIVE',
    by: null,
    server: { namespace: 'istio-system' },
  },
  'another namespace’s is none of ours': {
    policies: () => [policy('other', 'other', mtls('STRICT'))],
    mode: 'PERMISSIVE',
    by: null,
  },
}

suite('the mutual TLS mode of a workload', () => {
  for (const [what, row] of Object.entries(rows)) {
    test(what, () => {
      const found = effectiveModes(row.policies(), { ...web, ...row.server })
      expect({
        mode: found.mode,
        by: found.decidedBy?.metadata.name ?? null,
        ports: Object.fromEntries(found.ports),
      }).to.deep.equal({ mode: row.mode, by: row.by, ports: row.ports ?? {} })
    })
  }
})
