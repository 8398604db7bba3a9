/**
 * manifests/grafana: one dashboard of releases, and one of Sluice itself, by Grafana's own builders. What is shown of a gate is the value
 * that status has: Sluice's own metrics; requests and latency are Istio's.
 */
import type { Builder } from '@grafana/grafana-foundation-sdk/cog'
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  type Panel,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard'
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus'
import { PanelBuilder as StatPanel } from '@grafana/grafana-foundation-sdk/stat'
import { PanelBuilder as TimeSeriesPanel } from '@grafana/grafana-foundation-sdk/timeseries'

const SOURCE = { type: 'prometheus', uid: '${datasource}' }
/** The panels of a row share its 24 columns. */
const COLUMNS = 24

/** PromQL, and how a series of it is called. */
type Query = readonly [expr: string, legend: string]

interface Chart {
  readonly title: string
  readonly about: string
  readonly unit: string
  readonly queries: readonly Query[]
  /** A number now, instead of a line over time. */
  readonly now?: true
}

function panel({ title, about, unit, queries, now }: Chart, span: number): Builder<Panel> {
  const builder = now === true ? new StatPanel() : new TimeSeriesPanel().min(0)
  builder.title(title).description(about).unit(unit).datasource(SOURCE).span(span).height(8)
  for (const [index, [expr, legend]] of queries.entries()) {
    const query = new DataqueryBuilder()
      .expr(expr)
      .legendFormat(legend)
      .refId(String.fromCodePoint(65 + index))
    builder.withTarget(now === true ? query.instant() : query.range())
  }
  return builder
}

function withRows(dashboard: DashboardBuilder, rows: Readonly<Record<string, readonly Chart[]>>): DashboardBuilder {
  for (const [title, charts] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(title))
    for (const chart of charts) dashboard.withPanel(panel(chart, COLUMNS / charts.length))
  }
  return dashboard
}

const dashboard = (title: string, uid: string, description: string): DashboardBuilder =>
  new DashboardBuilder(title)
    .uid(uid)
    .description(description)
    .tags(['sluice'])
    .timezone('browser')
    .refresh('10s')
    .time({ from: 'now-1h', to: 'now' })
    .tooltip(DashboardCursorSync.Crosshair)
    .withVariable(new DatasourceVariableBuilder('datasource').label('Prometheus').type('prometheus'))

const choice = (name: string, label: string, query: string): QueryVariableBuilder =>
  new QueryVariableBuilder(name)
    .label(label)
    .datasource(SOURCE)
    .query(query)
    .refresh(VariableRefresh.OnTimeRangeChanged)
    .multi(true)
    .includeAll(true)
    .current({ selected: true, text: 'All', value: '$__all' })

const OF = 'namespace=~"$namespace", name=~"$canary"'
const TELEMETRY =
  'reporter="destination", destination_workload_namespace=~"$namespace", destination_workload=~"$workload"'
const BY_WORKLOAD = 'by (destination_workload_namespace, destination_workload'
const WORKLOAD = '{{destination_workload_namespace}}/{{destination_workload}}'
const quantile = (of: number, by: string, buckets: string): string =>
  `histogram_quantile(${of}, sum by (${by}) (rate(${buckets})))`

const releases: Readonly<Record<string, readonly Chart[]>> = {
  Now: [
    {
      title: 'Phase',
      about: 'The phase that each canary is in.',
      unit: 'short',
      queries: [[`sluice_canary_status{${OF}}`, '{{namespace}}/{{name}}: {{phase}}']],
      now: true,
    },
    {
      title: 'Release under way for',
      about: 'How long the run of each canary has lasted; 0 at rest.',
      unit: 's',
      queries: [
        [
          `time() - sluice_canary_run_start_timestamp_seconds{${OF}} or on (namespace, name) 0 * sluice_canary_status{${OF}}`,
          '{{namespace}}/{{name}}',
        ],
      ],
      now: true,
    },
    {
      title: 'Releases that wait',
      about: 'For pods, routes, approval, a webhook or metrics, by the reason of the status.',
      unit: 'short',
      queries: [
        [`count by (reason) (sluice_canary_waiting_since_timestamp_seconds{${OF}}) or vector(0)`, '{{reason}}'],
      ],
      now: true,
    },
    {
      title: 'Stalled',
      about: 'Canaries that only a change by a user helps, and those that were rolled back, by reason.',
      unit: 'short',
      queries: [
        [`count by (reason) (sluice_canary_stalled_since_timestamp_seconds{${OF}}) or vector(0)`, '{{reason}}'],
      ],
      now: true,
    },
  ],
  Traffic: [
    {
      title: 'Traffic requested',
      about: 'Percent of requests that each workload is to get.',
      unit: 'percent',
      queries: [[`sluice_canary_weight{${OF}}`, '{{namespace}}/{{workload}}']],
    },
    {
      title: 'Traffic carried',
      about: 'Percent of requests that the routes were last read to give each workload.',
      unit: 'percent',
      queries: [[`sluice_canary_weight_carried{${OF}}`, '{{namespace}}/{{workload}}']],
    },
    {
      title: 'Requests',
      about: 'Requests a second that each workload answered, as its proxies count them.',
      unit: 'reqps',
      queries: [[`sum ${BY_WORKLOAD}) (rate(istio_requests_total{${TELEMETRY}}[$__rate_interval]))`, WORKLOAD]],
    },
  ],
  Gates: [
    {
      title: 'Gates against their limits',
      about: 'The last value of each gate, in its own unit, and what it is held against.',
      unit: 'short',
      queries: [
        [`sluice_canary_check_value{${OF}}`, '{{namespace}}/{{name}} {{metric}}'],
        [`sluice_canary_check_limit{${OF}}`, '{{namespace}}/{{name}} {{metric}} {{bound}}'],
      ],
    },
    {
      title: 'Failed checks',
      about: 'Checks that were counted as failed in the release under way, and how many roll back.',
      unit: 'short',
      queries: [
        [`sluice_canary_failed_checks{${OF}}`, '{{namespace}}/{{name}} failed'],
        [`sluice_canary_failed_checks_limit{${OF}}`, '{{namespace}}/{{name}} limit'],
      ],
    },
    {
      title: 'Requests in the window',
      about: 'How many requests the last check of each gate judged.',
      unit: 'short',
      queries: [[`sluice_canary_check_requests{${OF}}`, '{{namespace}}/{{name}} {{metric}}']],
    },
  ],
  'Requests of both sides': [
    {
      title: 'Success rate',
      about: 'Percent of requests without a 5xx.',
      unit: 'percent',
      queries: [
        [
          `100 * sum ${BY_WORKLOAD}) (rate(istio_requests_total{${TELEMETRY}, response_code!~"5.."}[$__rate_interval])) / sum ${BY_WORKLOAD}) (rate(istio_requests_total{${TELEMETRY}}[$__rate_interval]))`,
          WORKLOAD,
        ],
      ],
    },
    {
      title: 'Latency, 99th percentile',
      about: 'Milliseconds within which 99 % of the requests are answered.',
      unit: 'ms',
      queries: [
        [
          quantile(
            0.99,
            'destination_workload_namespace, destination_workload, le',
            `istio_request_duration_milliseconds_bucket{${TELEMETRY}}[$__rate_interval]`,
          ),
          WORKLOAD,
        ],
      ],
    },
    {
      title: 'Mutual TLS',
      about: 'Percent of requests that came by mutual TLS, as the servers see it.',
      unit: 'percent',
      queries: [
        [
          `100 * (sum ${BY_WORKLOAD}) (rate(istio_requests_total{${TELEMETRY}, connection_security_policy="mutual_tls"}[$__rate_interval])) or 0 * sum ${BY_WORKLOAD}) (rate(istio_requests_total{${TELEMETRY}}[$__rate_interval]))) / sum ${BY_WORKLOAD}) (rate(istio_requests_total{${TELEMETRY}}[$__rate_interval]))`,
          WORKLOAD,
        ],
      ],
    },
  ],
  Outcomes: [
    {
      title: 'Promoted and rolled back',
      about: 'Releases that ended in the range of the dashboard.',
      unit: 'short',
      queries: [
        [`sum(increase(sluice_canary_successes_total{${OF}}[$__range]))`, 'promoted'],
        [`sum(increase(sluice_canary_failures_total{${OF}}[$__range]))`, 'rolled back'],
      ],
      now: true,
    },
    {
      title: 'Rollbacks by reason',
      about: 'Of all canaries of the cluster, in the range of the dashboard.',
      unit: 'short',
      queries: [['sum by (reason) (increase(sluice_rollbacks_total[$__range]))', '{{reason}}']],
      now: true,
    },
    {
      title: 'Length of releases, median',
      about: 'Of all canaries of the cluster, by outcome.',
      unit: 's',
      queries: [[quantile(0.5, 'outcome, le', 'sluice_run_duration_seconds_bucket[$__range]'), '{{outcome}}']],
      now: true,
    },
  ],
}

const itself: Readonly<Record<string, readonly Chart[]>> = {
  Health: [
    {
      title: 'Leader',
      about: '1 for the process that holds the Lease.',
      unit: 'short',
      queries: [['sluice_leader', '{{instance}}']],
      now: true,
    },
    {
      title: 'Canaries',
      about: 'By namespace.',
      unit: 'short',
      queries: [['sluice_canaries', '{{namespace}}']],
      now: true,
    },
    {
      title: 'Missing rights',
      about: 'Rights of each role that the process lacks.',
      unit: 'short',
      queries: [['max by (role) (sluice_missing_rights)', '{{role}}']],
      now: true,
    },
    {
      title: 'Version',
      about: 'The version that runs.',
      unit: 'short',
      queries: [['count by (version) (sluice_info)', '{{version}}']],
      now: true,
    },
  ],
  Reconciles: [
    {
      title: 'Reconciles',
      about: 'A second; errors are tried again.',
      unit: 'ops',
      queries: [
        ['sum(rate(sluice_reconcile_duration_seconds_count[$__rate_interval]))', 'reconciles'],
        ['sum(rate(sluice_reconcile_errors_total[$__rate_interval]))', 'errors'],
      ],
    },
    {
      title: 'Length of a reconcile, 99th percentile',
      about: 'One reconcile of one canary.',
      unit: 's',
      queries: [[quantile(0.99, 'le', 'sluice_reconcile_duration_seconds_bucket[$__rate_interval]'), 'p99']],
    },
    {
      title: 'Queue',
      about: 'Keys that wait for a worker, and how long the slowest hundredth waits.',
      unit: 'short',
      queries: [
        ['sum(sluice_queue_depth)', 'keys'],
        [quantile(0.99, 'le', 'sluice_queue_latency_seconds_bucket[$__rate_interval]'), 'p99 in seconds'],
      ],
    },
  ],
  'Requests that Sluice sends': [
    {
      title: 'Kubernetes API',
      about: 'Requests a second, by verb and code.',
      unit: 'reqps',
      queries: [
        [
          'sum by (verb, code) (rate(sluice_api_request_duration_seconds_count[$__rate_interval]))',
          '{{verb}} {{code}}',
        ],
      ],
    },
    {
      title: 'Kubernetes API, 99th percentile',
      about: 'Seconds until an answer, and seconds that requests wait for the rate limit of Sluice itself.',
      unit: 's',
      queries: [
        [quantile(0.99, 'le', 'sluice_api_request_duration_seconds_bucket[$__rate_interval]'), 'answer'],
        [quantile(0.99, 'le', 'sluice_api_rate_limit_wait_seconds_bucket[$__rate_interval]'), 'rate limit'],
      ],
    },
    {
      title: 'Metrics server',
      about: 'Queries a second, by what was answered: vector, scalar, refused, too-large, not-asked or unavailable.',
      unit: 'reqps',
      queries: [['sum by (outcome) (rate(sluice_query_duration_seconds_count[$__rate_interval]))', '{{outcome}}']],
    },
    {
      title: 'Metrics servers',
      about: '1 where a metrics server that a canary uses answers, asked once a minute.',
      unit: 'short',
      queries: [['min by (server) (sluice_metrics_server_up)', '{{server}}']],
      now: true,
    },
  ],
  'Told to others': [
    {
      title: 'Events',
      about: 'Kubernetes Events that are not written yet, and those that were lost.',
      unit: 'short',
      queries: [
        ['sum(sluice_events_waiting)', 'waiting'],
        ['sum(increase(sluice_events_dropped_total[$__rate_interval]))', 'lost'],
      ],
    },
    {
      title: 'Memory',
      about: 'Resident memory of each process.',
      unit: 'bytes',
      queries: [['process_resident_memory_bytes and on (instance) sluice_info', '{{instance}}']],
    },
    {
      title: 'CPU',
      about: 'Cores that each process uses.',
      unit: 'short',
      queries: [['rate(process_cpu_seconds_total[$__rate_interval]) and on (instance) sluice_info', '{{instance}}']],
    },
  ],
}

/** Every query of every panel, by dashboard and panel, for the documentation. */
export const panels: readonly { readonly dashboard: string; readonly title: string; readonly about: string }[] = [
  ...Object.values(releases)
    .flat()
    .map(({ title, about }) => ({ dashboard: 'Releases', title, about })),
  ...Object.values(itself)
    .flat()
    .map(({ title, about }) => ({ dashboard: 'Sluice itself', title, about })),
]

const page = (name: string, built: Dashboard): { path: string; text: string } => ({
  path: `manifests/grafana/${name}.json`,
  text: `${JSON.stringify(built, null, 2)}\n`,
})

/** The generated dashboards: where they lie, and their JSON. */
export function grafanaPages(): { path: string; text: string }[] {
  const chosen = dashboard('Sluice: releases', 'sluice-releases', 'Canaries: traffic, gates, outcomes.')
    .withVariable(choice('namespace', 'Namespace', 'label_values(sluice_canaries, namespace)'))
    .withVariable(choice('canary', 'Canary', 'label_values(sluice_canary_status{namespace=~"$namespace"}, name)'))
    .withVariable(choice('workload', 'Workload', `label_values(sluice_canary_weight{${OF}}, workload)`))
  return [
    page('releases', withRows(chosen, releases).build()),
    page('sluice', withRows(dashboard('Sluice itself', 'sluice-itself', 'The controller.'), itself).build()),
  ]
}
