/** Metrics servers and sources of a suite, which its teardown closes, and what they answer. */
import { PrometheusSource, type PrometheusOptions } from '../../../src/adapters/prometheus/source.ts'
import type { Check, Finding } from '../../../src/core/model/check.ts'
import { type Closable, closingOfSuite } from '../../closing.ts'
import { keptLog, loopback, question, type Interference, type Loopback, type Scripted } from './loopback.ts'

export interface Sources {
  /** Has the teardown close this, too. */
  readonly closing: <T extends Closable>(opened: T) => T
  /** A server that answers by a table, as `loopback` says. */
  readonly serving: (script: (query: string) => Scripted, interfere?: Interference) => Promise<Loopback>
  /** A source of this server, with a deadline that none but a server that hangs comes to and a log of its own. */
  readonly source: (server: string, more?: Partial<PrometheusOptions>) => PrometheusSource
}

/** To be called in a suite. */
export function sourcesOfSuite(): Sources {
  const closing = closingOfSuite()
  return {
    closing,
    serving: async (script, interfere) => closing(await loopback(script, interfere)),
    source: (server, more = {}) =>
      closing(new PrometheusSource({ servers: [server], log: keptLog(), deadline: 60_000, ...more })),
  }
}

/** The findings in the order of the checks. */
export async function measured(from: PrometheusSource, checks: readonly Check[]): Promise<(Finding | undefined)[]> {
  const findings = await from.measure(checks, new AbortController().signal)
  return checks.map(check => findings.get(check.id))
}

/** The finding of one query. */
export async function one(from: PrometheusSource, query = 'up'): Promise<Finding | undefined> {
  const [finding] = await measured(from, [question(query)])
  return finding
}

export const number = (value: number): Finding => ({ kind: 'value', value })
