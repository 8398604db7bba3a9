/** What both Prometheuses are asked: the queries of a release and those that are documented, series and how they are chosen. */
import {
  callerFailures,
  carried,
  carriedWithin,
  disconnects,
  errors,
  latency,
  primaryRequests,
  requests,
  withoutCluster,
} from '../../../src/core/routers/istio/promql.ts'
import type { CheckContext } from '../../../src/core/analysis/check-context.ts'
import { at, type Case } from './promql.case.ts'
import { operations } from './promql.operations.ts'
import { refusals } from './promql.refusals.ts'

const scene: CheckContext = {
  checkId: 'run/10/0',
  namespace: 'shop',
  canary: 'web',
  target: 'web',
  primary: 'web-primary',
  service: 'web',
  ingress: 'web',
  hosts: ['shop.example.com'],
  strangers: [],
  vantage: 'destination',
  canaryCallers: { services: ['web-canary'], version: 'v2' },
  primaryCallers: { services: ['web-primary'] },
  routedFor: 600_000,
  carriedFor: 600_000,
}

const ours = [60_000, 30_000, 1500].flatMap(window => [
  requests(scene, window),
  errors(scene, window),
  disconnects(scene, window, 'primary'),
  callerFailures(scene, window),
  latency(scene, window),
  carried(scene, 'canary', window),
  carried(scene, 'primary', window),
  primaryRequests(scene, window, 10_000),
  carriedWithin(scene, 'primary', window),
  withoutCluster(scene, window, 0),
  withoutCluster(scene, window, 10_000),
])

const web = 'reporter="destination",destination_workload_namespace="shop"'
/** As the documentation of Flagger and of Argo Rollouts has them, templates filled in. */
const documented = [
  `sum(
    rate(
        istio_requests_total{
          ${web},
          destination_workload=~"web",
          response_code!~"5.*"
        }[1m]
    )
)
/
sum(
    rate(
        istio_requests_total{
          ${web},
          destination_workload=~"web"
        }[1m]
    )
)
* 100`,
  `histogram_quantile(
    0.99,
    sum(
        rate(
            istio_request_duration_milliseconds_bucket{
                ${web},
                destination_workload=~"web"
            }[1m]
        )
    ) by (le)
)`,
  `100 - sum(rate(istio_requests_total{${web},destination_workload="web",response_code!="404"}[1m]))
/ sum(rate(istio_requests_total{${web},destination_workload="web"}[1m])) * 100`,
  `sum(irate(
  istio_requests_total{reporter="source",destination_service=~"web-canary.shop.svc.cluster.local",response_code!~"5.*"}[5m]
)) /
sum(irate(
  istio_requests_total{reporter="source",destination_service=~"web-canary.shop.svc.cluster.local"}[5m]
))`,
  'sum(increase(istio_requests_total{destination_workload="web",response_code=~"5.*"}[2m])) or vector(0)',
  `histogram_quantile(0.95, sum(irate(istio_request_duration_milliseconds_bucket{${web}}[1m])) by (destination_workload, le)) / 1000`,
  'label_join(sum by (reporter, response_code) (rate(istio_requests_total[1m])), "key", "/", "reporter", "response_code")',
  'round(sum(irate(istio_requests_total{reporter="destination"}[1m])) by (destination_workload, response_code), 0.001)',
]

const overTime =
  'rate,increase,delta,irate,sum_over_time,avg_over_time,min_over_time,max_over_time,count_over_time,last_over_time'.split(
    ',',
  )
const aggregations = ['sum', 'avg', 'min', 'max', 'count']

export const cases: readonly Case[] = [
  ...at([900, 905.123], [...ours, ...documented]),

  ...at(
    [600, 612.5],
    overTime.map(name => `${name}(requests_total[2m])`),
  ),
  ...at(
    [600],
    overTime.map(name => `${name}({__name__=~"heat|odd"}[90s])`.replace('{__name__=~"heat|odd"}', 'odd')),
  ),
  ...at(
    [415, 700, 710.5],
    [
      'rate(requests_total[1m])',
      'increase(requests_total[5m] offset 1m)',
      'delta(heat[47s])',
      'rate(requests_total[15s])',
      'rate(requests_total[16s])',
      'irate(requests_total[40s] offset -10s)',
      'increase(requests_total[20m])',
    ],
  ),
  ...at([600], ['last_over_time(ends[5m])', 'last_over_time({__name__=~"heat|limit"}[1m])']),
  ...at(
    [300, 400, 414.999, 415, 599, 599.999, 600, 600.001],
    ['ends', 'count_over_time(ends[5m])', 'requests_total{pod=~"d|e"}'],
  ),
  ...at([0, -1, 2000], ['heat', 'rate(heat[5m])', 'time()']),
  ...at(
    [600],
    ['requests_total[1m]', 'requests_total{pod="d"}[10m]', 'ends[15m]', 'heat{room="attic"}[100s] offset 200s'],
  ),

  ...at(
    [600],
    [
      'requests_total{code="200"}',
      'requests_total{code!="200"}',
      'requests_total{pod=~"a|b"}',
      'requests_total{pod=~"a"}',
      'requests_total{pod!~"a|.*o.*"}',
      'requests_total{pod=~""}',
      'heat{floor=""}',
      'heat{floor!=""}',
      '{__name__=~"he.t"}',
      '{__name__="heat",room=~".+i.+"}',
      '{"heat"}',
      '{"heat","room"="attic"}',
      'heat{room=~"(?i)ATTIC"}',
      'text{path=~"/a.*"}',
      'text{host=~"[a-z]\\\\.example:\\\\d+"}',
      "text{host=~'a\\\\.example:80'}",
      'text{host=~`\\w\\.example:.+`}',
      'text{line=~"one.two"}',
      'text{quoted="say \\"hi\\"\\\\n"}',
      'heat{room=~"attic|",}',
      'nothing',
      'heat offset 5m',
      'heat offset -1m',
      'heat offset 1m + heat * 2',
      'heat{room="attic"} # the attic\n + # and more\n 1',
      'SUM(heat)',
      'sum BY (room) (heat)',
      'timestamp(requests_total)',
      'timestamp(heat + 0)',
    ],
  ),

  ...at(
    [600],
    aggregations.flatMap(name => [
      `${name}(requests_total)`,
      `${name} by (zone) (requests_total)`,
      `${name} without (pod, code) (requests_total)`,
      `${name}(odd)`,
      `${name}(nothing)`,
    ]),
  ),
  ...at(
    [600],
    [
      'sum by (__name__) ({__name__=~"heat|limit"})',
      'sum by (missing) (heat)',
      'sum without () (requests_total)',
      'sum by (zone, code) (rate(requests_total[5m])) / 2',
      'count(requests_total) by (code)',
    ],
  ),
  ...at(
    [600],
    [
      'topk(2, requests_total)',
      'bottomk(3, requests_total)',
      'topk by (zone) (1, requests_total)',
      'topk(0, heat)',
      'topk(100, heat)',
      'topk(scalar(limit{pod="b"}) + 1.9, heat)',
      'sort(requests_total)',
      'sort_desc(heat)',
      'bottomk(2, sort(heat))',
    ],
    { ordered: true },
  ),
  ...at([600], ['topk(-1, heat)', 'topk(NaN, heat)', 'topk(1, odd{what!~"minus|always-nan|huge"})']),
  ...operations,
  ...refusals,
]
