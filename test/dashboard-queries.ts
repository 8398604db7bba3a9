/** The queries of the dashboards in manifests/grafana, each with the panel that it belongs to. */
import { readFileSync } from 'node:fs'
import { at, recordsOf, textOf } from '../src/core/json.ts'

export const DASHBOARDS = ['releases', 'sluice'] as const

export interface DashboardQuery {
  readonly row: string
  readonly panel: string
  /** PromQL with Grafana's variables in it. */
  readonly expr: string
  /** How a series is called, with `{{label}}` in it. */
  readonly legend: string
}

export function dashboardQueries(dashboard: (typeof DASHBOARDS)[number]): DashboardQuery[] {
  const file = new URL(`../manifests/grafana/${dashboard}.json`, import.meta.url)
  let row = ''
  return recordsOf(at(JSON.parse(readFileSync(file, 'utf8')), 'panels')).flatMap(panel => {
    if (panel['type'] === 'row') row = textOf(panel['title'])
    return recordsOf(panel['targets']).map(target => ({
      row,
      panel: textOf(panel['title']),
      expr: textOf(target['expr']),
      legend: textOf(target['legendFormat']),
    }))
  })
}

/** The first cells of the row that docs/dashboard-results.md has for a query. */
export const cellsOf = ({ row, panel, expr }: DashboardQuery): string =>
  `| ${row} | ${panel} | \`${expr.replaceAll('|', '\\|')}\` |`
