/** What `sluice check` looks for: a code each, with what docs/check.md says about it. */

/** A code: its section of docs/check.md, and what it is about. */
export interface Code {
  /** What is checked. */
  readonly about: string
  /** What to do where it is not well. */
  readonly remedy: string
}

export const codes = {
  'api-server': {
    about: 'The API server of the kubeconfig answers, and accepts the credentials.',
    remedy:
      'Choose the cluster with `--kubeconfig` and `--context`; `kubectl version` reaches the same server with the same credentials. In a pod the credentials are those of its ServiceAccount.',
  },
  'api-version': {
    about: 'The API server is Kubernetes 1.29 or newer.',
    remedy:
      'Upgrade the cluster: the CustomResourceDefinitions are validated by CEL with functions of 1.29, and native sidecars are read.',
  },
  'crd-installed': {
    about: 'The CustomResourceDefinitions of Sluice are served, in the version that this program reads.',
    remedy:
      'Install them with `sluice install --crds-only | kubectl apply -f -`. Where they are served in another version, use the program of that release.',
  },
  'crd-version': {
    about: 'The CustomResourceDefinitions have the fields that this program knows.',
    remedy:
      'Older ones lack fields, which the API server drops from a Canary without a message: apply those of this release with `sluice install --crds-only | kubectl apply -f -`, before the controller is upgraded. Newer ones are a warning: use the program of the release that is installed. To compare them needs `get` on customresourcedefinitions.',
  },
  'caller-view': {
    about: 'You may get, list and watch Canaries in the namespace (`-n`).',
    remedy: 'Bind ClusterRole `sluice-view` there; who has `view`, `edit` or `admin` in a namespace has it already.',
  },
  'caller-commands': {
    about: 'You may give commands: they are annotations of a Canary, so it is the right to patch Canaries.',
    remedy: 'A warning, because looking needs less. Bind ClusterRole `sluice-canary-editor` in the namespace.',
  },
  'caller-reads': {
    about: 'You may read what belongs to a Canary: Deployments, pods, records of revisions, Events.',
    remedy:
      'A warning: `get`, `explain`, `diff` and `events` leave out what you may not read, and name it. `sluice status` without `--revision` needs `get` on Deployments.',
  },
  'controller-running': {
    about: 'The Deployment of the controller has ready replicas.',
    remedy:
      'Its pods say why they are not ready: `kubectl -n sluice-system describe pods -l app.kubernetes.io/name=sluice`, and the log names what is wrong in its last line. Where Sluice is installed elsewhere, name the namespace with `--controller-namespace`.',
  },
  'controller-leader': {
    about: 'A replica holds the Lease `sluice`, and renews it.',
    remedy:
      'Without a leader no release goes on, and traffic stays as it is. Check that the replicas are ready and may update the Lease (`manifests/leader-election.yaml`). With `--leader-elect=false` there is no Lease.',
  },
  'controller-version': {
    about: 'The controller is of the same version as this program.',
    remedy:
      'A warning: fields and commands may differ. Use the program of the version that is installed, or upgrade the controller.',
  },
  'controller-rights': {
    about:
      'The controller has the rights of its roles, by its own check at start and hourly. Your own rights say nothing about it: a cluster-admin passes while the controller lacks all.',
    remedy:
      'Apply the manifest that the line names. Roles that may be left out are a warning: Canaries that need them hold and say so. Its own check is read through the API server, which needs `get` on services/proxy or pods/proxy; or through `kubectl -n sluice-system port-forward deployment/sluice 8080` with `--controller-url http://127.0.0.1:8080`. The same is on `/readyz?verbose` of the port of the controller. A new right counts at its next check, at the latest after an hour; `kubectl -n sluice-system rollout restart deployment/sluice` checks at once.',
  },
  providers: {
    about: 'Which ways of splitting traffic the cluster has the kinds for.',
    remedy:
      'For information. A Canary whose provider lacks a kind is `Stalled` and names it; a kind of another version is named with the release that serves it first.',
  },
  'mesh-mode': {
    about: 'How namespaces are in the mesh: with sidecars, in ambient, or not at all, by the labels of the namespaces.',
    remedy:
      'For information. Pods may opt in and out by labels of their own; of one Canary its status has the vantage point (`status.vantage`). Without Istio the providers `istio` and the built-in metrics of the mesh cannot be used.',
  },
  'metrics-server': {
    about: 'Prometheus answers: at `--metrics-server`, else through the API server (`--metrics-service`).',
    remedy:
      'Where neither is reachable from where you are, it is not checked, which is no failure: the controller reaches its Prometheus, and your machine need not. A failure is a `--metrics-server` that you named and that does not answer as a Prometheus does. From the pods of the controller: `--metrics-server http://prometheus.istio-system:9090`.',
  },
  'metrics-labels': {
    about: 'Prometheus has metrics of Istio of the last hour, with the labels that the built-in metrics select by.',
    remedy:
      'No series at all is a warning: no request came, or the proxies are not scraped (https://istio.io/latest/docs/ops/integrations/prometheus/). Labels that are missing were removed by a Telemetry of yours (`tagOverrides`) or by relabeling of the scrape: a gate would count nothing, and hold.',
  },
  'install-rights': {
    about: 'With `--pre`: you may create everything that `sluice install` prints.',
    remedy:
      'Ask an administrator of the cluster to install it. Roles can be created by those alone who hold their rights, or have `escalate` on clusterroles; that is a warning.',
  },
  'install-owner': {
    about:
      'With `--pre`: CustomResourceDefinitions of these names are not there, or are of Sluice and not of another owner.',
    remedy:
      'Definitions of a Helm release are upgraded by Helm, not by `kubectl apply`: two owners overwrite each other. Others of this name have to be removed first; deleting a definition deletes all its objects, so save them before.',
  },
} as const satisfies Record<string, Code>

export type CodeName = keyof typeof codes
