/** Deployments, ReplicaSets and pods behave as a canary sees them on a real cluster. */
import { assert } from 'chai'
import { kinds, type KubeObject } from '../../../src/api/object.ts'
import { at } from '../../json.ts'
import { conditionOf, isReady } from '../../workloads/kubelet.ts'
import { Pod } from '../../kinds.ts'
import { cluster, deployment, withImage } from '../cluster.ts'

suite('playground: workloads', () => {
  let it: ReturnType<typeof cluster>
  setup(() => {
    it = cluster()
  })
  const web = (): KubeObject => {
    const found = it.user.get(kinds.Deployment, 'shop', 'web')
    if (found === null) throw new Error('the Deployment is gone')
    return found
  }
  const status = (field: string): unknown => at(web(), 'status', field)
  const sets = () =>
    it.user
      .list(kinds.ReplicaSet, 'shop')
      .map(set => [
        Number(set.metadata.annotations?.['deployment.kubernetes.io/revision']),
        at(set, 'spec', 'replicas'),
      ])
      .sort(([a], [b]) => Number(a) - Number(b))
  const progressing = () => [conditionOf(web(), 'Progressing')['status'], conditionOf(web(), 'Progressing')['reason']]
  const isComplete = () =>
    status('observedGeneration') === web().metadata.generation && progressing()[1] === 'NewReplicaSetAvailable'
  const patch = (change: Record<string, unknown>) => it.user.merge(kinds.Deployment, 'shop', 'web', change)

  test('a Deployment becomes a ReplicaSet becomes pods, and the status says when they are ready', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 2))
    await it.clock.advance(500)
    assert.deepInclude(web()['status'], {
      observedGeneration: 1,
      replicas: 2,
      updatedReplicas: 2,
      unavailableReplicas: 2,
    })
    assert.notProperty(web()['status'], 'readyReplicas')
    assert.equal(conditionOf(web(), 'Available')['status'], 'False')
    await it.clock.advance(1000)
    assert.deepInclude(web()['status'], { replicas: 2, readyReplicas: 2, availableReplicas: 2 })
    assert.deepEqual(
      [progressing(), conditionOf(web(), 'Available')['status']],
      [['True', 'NewReplicaSetAvailable'], 'True'],
    )

    const [set] = it.user.list(kinds.ReplicaSet, 'shop')
    const hash = set?.metadata.labels?.['pod-template-hash']
    assert.equal(set?.metadata.name, `web-${hash}`)
    assert.deepInclude(set?.metadata.ownerReferences?.[0], { kind: 'Deployment', name: 'web', controller: true })
    assert.equal(web().metadata.annotations?.['deployment.kubernetes.io/revision'], '1')
    const pods = it.user.list(Pod, 'shop', `app=web,pod-template-hash=${hash}`)
    assert.deepEqual(pods.map(isReady), [true, true])
  })

  test('a rolling update never has fewer available pods than allowed, nor more pods than the surge allows', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 4))
    await it.clock.runUntil(isComplete, 10_000)
    const [available, total]: [number[], number[]] = [[], []]
    it.api.server.store.subscribe(() => {
      const pods = it.workloads.pods('shop', 'web').filter(pod => pod.metadata.deletionTimestamp === undefined)
      available.push(pods.filter(isReady).length)
      total.push(pods.length)
    })
    patch(withImage('demo/web:2.0.0'))
    await it.clock.runUntil(isComplete, 30_000)
    assert.deepEqual([Math.min(...available), Math.max(...total)], [3, 5])
    assert.deepEqual(sets(), [
      [1, 0],
      [2, 4],
    ])
    await it.clock.advance(10_000)
    const images = it.workloads
      .pods('shop', 'web')
      .map(pod => at((at(pod, 'spec', 'containers') as unknown[])[0], 'image'))
    assert.deepEqual(images, Array(4).fill('demo/web:2.0.0'))
  })

  test('a paused Deployment scales but does not roll; resumed, it does', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 1))
    await it.clock.runUntil(isComplete, 10_000)
    patch({ spec: { paused: true } })
    patch(withImage('demo/web:2.0.0'))
    patch({ spec: { replicas: 3 } })
    await it.clock.advance(30_000)
    assert.deepEqual(sets(), [[1, 3]])
    assert.deepInclude(web()['status'], { observedGeneration: 4, replicas: 3, availableReplicas: 3 })
    assert.notProperty(web()['status'], 'updatedReplicas')
    assert.deepEqual(progressing(), ['Unknown', 'DeploymentPaused'])
    patch({ spec: { paused: null } })
    await it.clock.runUntil(isComplete, 30_000)
    assert.deepEqual(sets(), [
      [1, 0],
      [2, 3],
    ])
  })

  test('scaled to zero and back it keeps its ReplicaSet; a template that comes back gets the next revision', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 2))
    await it.clock.runUntil(isComplete, 10_000)
    patch({ spec: { replicas: 0 } })
    await it.clock.advance(10_000)
    assert.deepEqual([it.user.list(Pod), sets(), status('replicas')], [[], [[1, 0]], undefined])
    patch({ spec: { replicas: 1 } })
    await it.clock.runUntil(() => status('availableReplicas') === 1, 10_000)
    patch(withImage('demo/web:2.0.0'))
    await it.clock.advance(10_000)
    patch(withImage('demo/web:1.0.0'))
    await it.clock.advance(10_000)
    assert.deepEqual(sets(), [
      [2, 0],
      [3, 1],
    ])
    assert.equal(web().metadata.annotations?.['deployment.kubernetes.io/revision'], '3')
  })

  test('pods that never get ready leave the old ones serving, and the deadline says so', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 2, { progressDeadlineSeconds: 60 }))
    await it.clock.runUntil(isComplete, 10_000)
    patch(withImage('demo/web:2.0.0-crash'))
    await it.clock.advance(59_000)
    assert.deepEqual([progressing(), status('availableReplicas')], [['True', 'ReplicaSetUpdated'], 2])
    await it.clock.advance(5000)
    assert.deepEqual([progressing(), status('availableReplicas')], [['False', 'ProgressDeadlineExceeded'], 2])
  })

  test('an image that nobody knows is never pulled', async () => {
    it.user.create(deployment('web', 'nginx', 1))
    await it.clock.advance(5000)
    const [pod] = it.workloads.pods('shop', 'web')
    assert.nestedPropertyVal(pod, 'status.containerStatuses[0].state.waiting.reason', 'ImagePullBackOff')
  })

  suite('a pod whose configuration is missing does not start until it is there', () => {
    const waiting = () => {
      const [pod] = it.workloads.pods('shop', 'web')
      return [
        at(pod, 'status', 'phase'),
        at((at(pod, 'status', 'containerStatuses') as unknown[])[0], 'state', 'waiting'),
      ]
    }
    const withSpec = (container: Record<string, unknown>, more: Record<string, unknown> = {}) =>
      deployment('web', 'demo/web:1.0.0', 1, {
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { containers: [{ name: 'web', image: 'demo/web:1.0.0', ...container }], ...more },
        },
      })
    const config = (kind: 'ConfigMap' | 'Secret', data: Record<string, string>): KubeObject => ({
      apiVersion: 'v1',
      kind,
      metadata: { name: 'db', namespace: 'shop' },
      ...(kind === 'Secret' ? { stringData: data } : { data }),
    })
    const error = (message: string) => ['Pending', { reason: 'CreateContainerConfigError', message }]

    for (const [name, given, expected, kind] of [
      [
        'envFrom of a Secret',
        withSpec({ envFrom: [{ secretRef: { name: 'db' } }] }),
        error('secret "db" not found'),
        'Secret',
      ],
      [
        'a variable from a ConfigMap',
        withSpec({ env: [{ name: 'P', valueFrom: { configMapKeyRef: { name: 'db', key: 'a' } } }] }),
        error('configmap "db" not found'),
        'ConfigMap',
      ],
      [
        'an init container',
        withSpec(
          {},
          { initContainers: [{ name: 'i', image: 'demo/web:1.0.0', envFrom: [{ configMapRef: { name: 'db' } }] }] },
        ),
        error('configmap "db" not found'),
        'ConfigMap',
      ],
      [
        'a volume',
        withSpec({}, { volumes: [{ name: 'v', secret: { secretName: 'db' } }] }),
        ['Pending', { reason: 'ContainerCreating' }],
        'Secret',
      ],
      [
        'a projected volume',
        withSpec({}, { volumes: [{ name: 'v', projected: { sources: [{ configMap: { name: 'db' } }] } }] }),
        ['Pending', { reason: 'ContainerCreating' }],
        'ConfigMap',
      ],
    ] as const) {
      test(name, async () => {
        it.user.create(given)
        await it.clock.advance(10_000)
        assert.deepEqual([waiting(), status('readyReplicas')], [expected, undefined])
        it.user.create(config(kind, { a: '1' }))
        await it.clock.runUntil(() => status('readyReplicas') === 1, 5000)
      })
    }

    test('a key that is not in it', async () => {
      it.user.create(config('Secret', { a: '1' }))
      it.user.create(withSpec({ env: [{ name: 'P', valueFrom: { secretKeyRef: { name: 'db', key: 'b' } } }] }))
      await it.clock.advance(10_000)
      assert.deepEqual(waiting(), error("couldn't find key b in Secret shop/db"))
      it.user.merge(kinds.Secret, 'shop', 'db', { stringData: { b: '2' } })
      await it.clock.runUntil(() => status('readyReplicas') === 1, 5000)
    })

    test('but one that is optional does', async () => {
      it.user.create(withSpec({ envFrom: [{ secretRef: { name: 'db', optional: true } }] }))
      await it.clock.runUntil(() => status('readyReplicas') === 1, 5000)
    })
  })

  test('crashed pods are no longer ready, and are again when they recover', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 2))
    await it.clock.runUntil(isComplete, 10_000)
    it.workloads.crash('shop', 'web')
    await it.clock.advance(100)
    assert.deepEqual([status('readyReplicas'), conditionOf(web(), 'Available')['status']], [undefined, 'False'])
    assert.deepEqual(progressing(), ['True', 'NewReplicaSetAvailable'])
    it.workloads.recover('shop', 'web')
    await it.clock.advance(100)
    assert.equal(status('readyReplicas'), 2)
  })

  test('a pod that is deleted serves on for its grace, and is replaced at once', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 1))
    await it.clock.runUntil(isComplete, 10_000)
    const [pod] = it.workloads.pods('shop', 'web')
    it.user.delete(Pod, 'shop', pod?.metadata.name ?? '')
    await it.clock.advance(1000)
    assert.lengthOf(it.workloads.pods('shop', 'web'), 2)
    await it.clock.advance(1500)
    assert.notInclude(
      it.workloads.pods('shop', 'web').map(one => one.metadata.name),
      pod?.metadata.name,
    )
  })

  test('a cluster at rest is quiet: hours pass without a write', async () => {
    it.user.create(deployment('web', 'demo/web:1.0.0', 2))
    it.user.create(deployment('broken', 'demo/web:1.0.0-crash', 2))
    await it.clock.advance(20 * 60_000)
    const { version } = it.api.server.store
    await it.clock.advance(5 * 3_600_000)
    assert.equal(it.api.server.store.version, version)
  })

  suite('garbage', () => {
    test('a deleted Deployment takes its ReplicaSets and pods along, in the background', async () => {
      it.user.create(deployment('web', 'demo/web:1.0.0', 2))
      await it.clock.runUntil(isComplete, 10_000)
      it.user.delete(kinds.Deployment, 'shop', 'web')
      assert.isNull(it.user.get(kinds.Deployment, 'shop', 'web'))
      await it.clock.advance(10_000)
      assert.deepEqual([it.user.list(kinds.ReplicaSet), it.user.list(Pod)], [[], []])
    })

    test('in the foreground it stays until they are gone', async () => {
      it.user.create(deployment('web', 'demo/web:1.0.0', 2))
      await it.clock.runUntil(isComplete, 10_000)
      it.user.delete(kinds.Deployment, 'shop', 'web', { propagation: 'Foreground' })
      await it.clock.advance(1000)
      assert.deepEqual(web().metadata.finalizers, ['foregroundDeletion'])
      await it.clock.advance(10_000)
      assert.deepEqual(
        [it.user.list(kinds.Deployment), it.user.list(kinds.ReplicaSet), it.user.list(Pod)],
        [[], [], []],
      )
    })

    test('a namespace that is deleted takes its content, refuses new objects, and then goes', async () => {
      it.user.create(deployment('web', 'demo/web:1.0.0', 1))
      await it.clock.runUntil(isComplete, 10_000)
      it.user.delete(kinds.Namespace, '', 'shop')
      assert.throws(() => it.user.create(deployment('api', 'demo/web:1.0.0', 1)), /because it is being terminated/)
      await it.clock.advance(30_000)
      assert.deepEqual([it.user.list(kinds.Namespace), it.user.list(kinds.Deployment), it.user.list(Pod)], [[], [], []])
    })
  })
})
