/** What `sluice check` finds: an answer of the cluster → a state and a sentence. */
import { expect } from 'chai'
import { crdOf, resources } from '../../src/api/crd.ts'
import type { KubeObject } from '../../src/api/object.ts'
import { leaderFinding, rightsFindings, runningFinding } from '../../src/cli/check/controller.ts'
import { labelsFinding, meshFinding, NEEDED_LABELS, providersFinding } from '../../src/cli/check/mesh.ts'
import {
  apiVersionFinding,
  controllerVersionFinding,
  definitionFinding,
  ownerFinding,
} from '../../src/cli/check/versions.ts'

const object = (fields: object): KubeObject => ({ apiVersion: 'v1', kind: 'X', metadata: { name: 'x' }, ...fields })
const deployment = object({
  metadata: { name: 'sluice' },
  spec: { replicas: 2, template: { spec: { containers: [{ image: 'registry.example.com/sluice:9' }] } } },
  status: { readyReplicas: 2 },
})

suite('what sluice check finds', () => {
  const [canaries] = resources
  if (canaries === undefined) throw new Error('Canary is the first kind')
  const definition = (changed: (text: string) => string): KubeObject =>
    JSON.parse(changed(JSON.stringify(crdOf(canaries)))) as KubeObject
  const namespace = (labels: Record<string, string>): KubeObject => object({ metadata: { name: 'shop', labels } })
  const lease = (spec: object): KubeObject => object({ spec: { leaseDurationSeconds: 15, ...spec } })
  const labels = (changed: Readonly<Record<string, readonly string[]>>): Map<string, readonly string[]> =>
    new Map(Object.entries({ ...NEEDED_LABELS, ...changed }))

  const rows: Readonly<
    Record<string, readonly [found: { state: string; sentence: string }, state: string, said: RegExp]>
  > = {
    'Kubernetes of a distribution': [apiVersionFinding('v1.29.0+k3s1'), 'ok', /v1\.29\.0/],
    'Kubernetes 2': [apiVersionFinding('v2.0.0'), 'ok', /v2/],
    'Kubernetes before 1.29': [apiVersionFinding('v1.28.15'), 'failed', /needs 1\.29 or newer/],
    'a version that is none': [apiVersionFinding(''), 'unchecked', /does not say its version/],
    'the definition of this program': [
      definitionFinding(
        definition(text => text),
        canaries,
        '1.2.3',
      ),
      'ok',
      /has the fields/,
    ],
    'an older definition': [
      definitionFinding(
        definition(text => text.replace('"lockTarget":', '"drain":')),
        canaries,
        '1.2.3',
      ),
      'failed',
      /CRD canaries\.sluice\.dev is older than this program \(1\.2\.3\): it lacks spec\.analysis\.lockTarget/,
    ],
    'a newer definition': [
      definitionFinding(
        definition(text => text.replace('"lockTarget":', '"fromLater":{"type":"object"},"lockTarget":')),
        canaries,
        '1.2.3',
      ),
      'warning',
      /is newer than this program .* does not know spec\.analysis\.fromLater/,
    ],
    'an older controller': [
      controllerVersionFinding('1.2.2', '1.2.3'),
      'warning',
      /is older than .*Upgrade the controller/,
    ],
    'a newer controller': [
      controllerVersionFinding('1.10.0', '1.2.3'),
      'warning',
      /is newer than .*Use the version of the controller/,
    ],
    'another build': [controllerVersionFinding('0.0.0-source', '1.2.3'), 'warning', /is older than/],
    'no definition of another owner': [ownerFinding('canaries.sluice.dev', null, canaries), 'ok', /is not there yet/],
    'a definition of our own': [
      ownerFinding(
        'canaries.sluice.dev',
        definition(text => text),
        canaries,
      ),
      'ok',
      /kubectl apply upgrades it/,
    ],
    'a definition of Helm': [
      ownerFinding(
        'canaries.sluice.dev',
        {
          ...definition(text => text),
          metadata: {
            name: 'canaries.sluice.dev',
            annotations: { 'meta.helm.sh/release-name': 'sluice', 'meta.helm.sh/release-namespace': 'ops' },
          },
        },
        canaries,
      ),
      'warning',
      /belongs to Helm release ops\/sluice/,
    ],
    'a definition of another program': [
      ownerFinding('canaries.sluice.dev', object({ spec: { names: { kind: 'Bird' } } }), canaries),
      'failed',
      /is of kind Bird: another program owns it/,
    ],
    'a definition whose names another one has': [
      ownerFinding(
        'canaries.sluice.dev',
        {
          ...definition(text => text),
          status: { conditions: [{ type: 'NamesAccepted', status: 'False', message: '"sluice" is in use' }] },
        },
        canaries,
      ),
      'failed',
      /has its names: "sluice" is in use/,
    ],
    'no ready replica': [
      runningFinding({ ...deployment, status: {} }, 'ops'),
      'failed',
      /0 of 2 .* kubectl -n ops get pods/,
    ],
    'one ready replica of two': [
      runningFinding({ ...deployment, status: { readyReplicas: 1 } }, 'ops'),
      'warning',
      /1 of 2/,
    ],
    'scaled to none': [runningFinding({ ...deployment, spec: { replicas: 0 }, status: {} }, 'ops'), 'failed', /0 of 0/],
    'no Lease': [leaderFinding(null, 'ops', 0), 'warning', /no replica has led yet/],
    'a Lease that was released': [leaderFinding(lease({ holderIdentity: '' }), 'ops', 0), 'failed', /No replica holds/],
    'a Lease that ran out': [
      leaderFinding(lease({ holderIdentity: 'sluice-1', renewTime: new Date(0).toISOString() }), 'ops', 75_001),
      'failed',
      /renewed it last 75s ago/,
    ],
    'a Lease by another clock': [
      leaderFinding(lease({ holderIdentity: 'sluice-1', renewTime: new Date(0).toISOString() }), 'ops', 75_000),
      'ok',
      /sluice-1 leads/,
    ],
    'rights that are not checked yet': [
      rightsFindings({ checkedAt: null, problem: null })[0] ?? expect.fail(),
      'unchecked',
      /not checked its rights yet/,
    ],
    'rights that could not be checked': [
      rightsFindings({ checkedAt: null, problem: 'no answer' })[0] ?? expect.fail(),
      'unchecked',
      /could not check its rights: no answer/,
    ],
    'kinds of a provider in another version': [
      providersFinding(new Map([['virtualservices.networking.istio.io', ['v1beta1']]])),
      'ok',
      /istio: no \(virtualservices\.networking\.istio\.io is served as v1beta1 only\); kubernetes: yes/,
    ],
    'sidecars and ambient': [
      meshFinding(
        true,
        [
          namespace({ 'istio-injection': 'enabled' }),
          namespace({ 'istio.io/rev': 'stable' }),
          namespace({ 'istio-injection': 'disabled', 'istio.io/rev': 'stable' }),
          namespace({ 'istio.io/dataplane-mode': 'ambient' }),
        ],
        true,
      ),
      'ok',
      /^sidecar in 2 namespaces, ambient in 1 namespace$/,
    ],
    'one namespace that may be read': [
      meshFinding(true, [namespace({})], false),
      'ok',
      /no namespace .* \(namespace shop alone was read\)$/,
    ],
    'no namespace that may be read': [meshFinding(true, [], false), 'unchecked', /may not be read/],
    'no series': [
      labelsFinding(labels({ istio_requests_total: [] })),
      'warning',
      /no istio_requests_total of the last hour/,
    ],
    'labels that were removed': [
      labelsFinding(labels({ istio_requests_total: ['reporter', 'response_code'] })),
      'failed',
      /istio_requests_total lacks destination_workload, .*: the built-in metrics would count nothing/,
    ],
  }
  for (const [what, [found, state, said]] of Object.entries(rows)) {
    test(what, () => {
      expect(found.sentence).to.match(said)
      expect(found.state).to.equal(state)
    })
  }
})
