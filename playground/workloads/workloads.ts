/** What makes the API a cluster: Deployments become ReplicaSets become pods, pods run, and what is orphaned goes. */
import { kinds, type KubeObject } from '../../src/api/object.ts'
import { runDeployments } from './deployments.ts'
import { runEndpoints } from './endpoints.ts'
import { collectGarbage } from './garbage.ts'
import type { Images } from './images.ts'
import { controllerOf, ownedBy, runReplicaSets } from './replicasets.ts'
import { Kubelet } from './kubelet.ts'
import { Pod } from '../kinds.ts'
import type { ApiServer } from '../server/server.ts'

export class Workloads {
  readonly #server: ApiServer
  readonly #kubelet: Kubelet

  /** Starts the controllers and the kubelet on a server; `images` says how containers behave. */
  constructor(server: ApiServer, images: Images) {
    this.#server = server
    this.#kubelet = new Kubelet(server, images)
    runReplicaSets(server)
    runDeployments(server)
    runEndpoints(server)
    collectGarbage(server)
  }

  /** The pods of a Deployment, terminating ones included. */
  pods(namespace: string, deployment: string): KubeObject[] {
    const owner = this.#server.store.get(kinds.Deployment, namespace, deployment)
    const sets = owner ? this.#server.store.all(kinds.ReplicaSet, namespace).filter(ownedBy(owner)) : []
    const uids = new Set(sets.map(set => set.metadata.uid))
    return this.#server.store.all(Pod, namespace).filter(pod => uids.has(controllerOf(pod)?.uid))
  }

  /** All present pods of a Deployment crash, and stay down until they recover or are replaced. */
  crash(namespace: string, deployment: string): void {
    for (const pod of this.pods(namespace, deployment)) this.#kubelet.crash(pod)
  }

  /** The crashed pods of a Deployment come back. */
  recover(namespace: string, deployment: string): void {
    for (const pod of this.pods(namespace, deployment)) this.#kubelet.recover(pod)
  }
}
