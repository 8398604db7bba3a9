/**
 * Canaries as people bring them along from Flagger on Istio, by kind: the tutorial's, A/B, blue/green, a Helm chart's output, old
 * notations. Written in Flagger's words with Sluice's apiVersion, which is all that the migration page asks for.
 */

export interface Row {
  readonly name: string
  readonly spec: string
  /** What is refused: the field, and a part of the sentence that says what to write. Nothing: it is accepted. */
  readonly refused?: Readonly<Record<string, RegExp>>
}

const target = `
targetRef: {apiVersion: apps/v1, kind: Deployment, name: podinfo}`

export const rows: readonly Row[] = [
  {
    name: "the tutorial's, without its load test and autoscaler",
    spec: `
provider: istio
${target}
progressDeadlineSeconds: 60
service:
  port: 9898
  targetPort: 9898
  gateways: [istio-system/public-gateway]
  hosts: [app.example.com]
  trafficPolicy: {tls: {mode: DISABLE}}
  retries: {attempts: 3, perTryTimeout: 1s, retryOn: "gateway-error,connect-failure,refused-stream"}
analysis:
  interval: 1m
  threshold: 5
  maxWeight: 50
  stepWeight: 10
  metrics:
    - {name: request-success-rate, thresholdRange: {min: 99}, interval: 1m}
    - {name: request-duration, thresholdRange: {max: 500}, interval: 30s}
`,
  },
  {
    name: "the tutorial's, with its autoscaler, acceptance test and load test",
    spec: `
${target}
autoscalerRef: {apiVersion: autoscaling/v2, kind: HorizontalPodAutoscaler, name: podinfo}
service: {port: 9898}
analysis:
  interval: 1m
  threshold: 5
  stepWeight: 10
  webhooks:
    - {name: acceptance-test, type: pre-rollout, url: http://tester.test/, timeout: 30s, metadata: {type: bash, cmd: "curl -sd test http://podinfo-canary:9898/token"}}
    - {name: load-test, url: http://tester.test/, timeout: 5s, metadata: {cmd: "hey -z 1m http://podinfo-canary:9898/"}}
`,
    refused: {},
  },
  {
    name: 'A/B testing',
    spec: `
${target}
service: {port: 80, gateways: [public-gateway.istio-system.svc.cluster.local], hosts: [app.example.com]}
analysis:
  interval: 1m
  threshold: 10
  iterations: 10
  match:
    - headers: {user-agent: {regex: ".*Firefox.*"}}
    - headers: {cookie: {regex: "^(.*?;)?(type=insider)(;.*)?$"}}
`,
  },
  {
    name: 'blue/green with mirrored traffic',
    spec: `
${target}
service: {port: 80}
analysis: {interval: 1m, threshold: 10, iterations: 10, mirror: true, mirrorWeight: 50}
`,
  },
  {
    name: 'a Helm chart with every optional value at its default',
    spec: `
provider: ""
${target}
autoscalerRef: {}
ingressRef: {}
suspend: false
skipAnalysis: false
revertOnDeletion: false
progressDeadlineSeconds: 0
service:
  name: ""
  port: 8080
  portName: ""
  targetPort: ""
  portDiscovery: false
  gateways: []
  gatewayRefs: []
  hosts: []
  match: []
  mirror: []
  timeout: ""
  retries: {}
  headers: {}
  corsPolicy: {}
  trafficPolicy: {}
  rewrite: {uri: ""}
  meshName: ""
  backends: []
  apex: {labels: {}, annotations: {}}
analysis:
  interval: 30s
  threshold: 5
  maxWeight: 0
  stepWeight: 0
  stepWeights: [10, 50, 100]
  stepWeightPromotion: 0
  iterations: 0
  mirror: false
  mirrorWeight: 0
  match: []
  metrics: []
  webhooks: []
  alerts: []
  sessionAffinity: null
`,
  },
  {
    name: 'a chart whose analysis is nothing but empty values',
    spec: `
${target}
service: {port: 8080, targetPort: http}
analysis: {webhooks: [], alerts: [], metrics: [], stepWeight: 0}
`,
  },
  {
    name: 'gateways in the notations of years',
    spec: `
${target}
service:
  port: 80
  gateways: [mesh, public-gateway, istio-system/public, public.istio-system, ./local, public.istio-system.svc.cluster.local]
  hosts: [app.example.com]
analysis: {interval: 1m, threshold: 5, stepWeight: 20}
`,
  },
  {
    name: 'single thresholds, as in the first versions',
    spec: `
${target}
service: {port: 9898}
analysis:
  interval: 1m
  threshold: 10
  maxWeight: 50
  stepWeight: 5
  metrics:
    - {name: request-success-rate, threshold: 99, interval: 1m}
    - {name: request-duration, threshold: 500, interval: 30s}
`,
  },
  {
    name: 'a query of its own, with a name in words',
    spec: `
${target}
service: {port: 9898}
analysis:
  interval: 1m
  threshold: 10
  stepWeight: 10
  metrics:
    - name: "404s percentage"
      threshold: 5
      query: |
        100 - sum(rate(istio_requests_total{destination_workload="podinfo", response_code!="404"}[1m])) /
        sum(rate(istio_requests_total{destination_workload="podinfo"}[1m])) * 100
`,
  },
  {
    name: 'a MetricTemplate of the controller’s namespace',
    spec: `
${target}
service: {port: 9898}
analysis:
  interval: 1m
  threshold: 10
  stepWeight: 10
  metrics:
    - {name: latency, templateRef: {name: latency, namespace: flagger-system}, thresholdRange: {max: 100}, interval: 1m}
`,
    refused: {
      'spec.analysis.metrics[0].templateRef.namespace': /copy latency to test and remove the field/,
    },
  },
  {
    name: 'canaryAnalysis, the name before v1beta1',
    spec: `
${target}
service: {port: 9898}
canaryAnalysis: {interval: 1m, threshold: 10, maxWeight: 50, stepWeight: 5}
`,
    refused: { spec: /write analysis/, 'spec.canaryAnalysis': /write spec\.analysis/ },
  },
  {
    name: 'maxWeight beside stepWeights',
    spec: `
${target}
service: {port: 9898}
analysis: {interval: 1m, threshold: 10, maxWeight: 50, stepWeights: [5, 10, 25, 50]}
`,
    refused: { 'spec.analysis': /a list ends with its last weight/ },
  },
  {
    name: 'sticky sessions',
    spec: `
${target}
service: {port: 9898}
analysis: {interval: 1m, threshold: 10, stepWeight: 10, sessionAffinity: {cookieName: flagger-cookie, maxAge: 21600}}
`,
  },
  {
    name: 'headers, CORS, a rewrite and matches',
    spec: `
${target}
service:
  port: 9898
  portName: http
  portDiscovery: true
  hosts: [app.example.com]
  gateways: [public-gateway]
  match: [{uri: {prefix: /api}}]
  rewrite: {uri: /}
  headers: {request: {add: {x-some-header: value}}, response: {remove: [x-envoy-upstream-service-time]}}
  corsPolicy: {allowOrigin: [example.com], allowMethods: [GET], allowCredentials: false, allowHeaders: [x-header], maxAge: 24h}
  retries: {attempts: 0, perTryTimeout: ""}
  timeout: 15s
skipAnalysis: true
`,
  },
  {
    name: 'a success rate as a fraction, and seconds for milliseconds',
    spec: `
${target}
service: {port: 9898}
analysis:
  interval: 1m
  threshold: 10
  stepWeight: 10
  metrics:
    - {name: request-success-rate, thresholdRange: {min: 0.99}, interval: 1m}
    - {name: request-duration, thresholdRange: {max: 0.5}, interval: 1m}
`,
    refused: {
      'spec.analysis.metrics[0]': /write 99 for 99 %/,
      'spec.analysis.metrics[1]': /write 500 for half a second/,
    },
  },
  {
    name: 'an Ingress, and a workload that is no Deployment',
    spec: `
provider: nginx
targetRef: {apiVersion: apps/v1, kind: DaemonSet, name: podinfo}
ingressRef: {apiVersion: networking.k8s.io/v1, kind: Ingress, name: podinfo}
service: {port: 80, targetPort: 9898}
analysis: {interval: 10s, threshold: 10, maxWeight: 50, stepWeight: 5}
`,
    refused: {
      'spec.targetRef.kind': /only Deployment/,
    },
  },
  {
    name: 'suspended',
    spec: `
${target}
suspend: true
service: {port: 9898}
analysis: {interval: 1m, threshold: 10, stepWeight: 10}
`,
  },
]
