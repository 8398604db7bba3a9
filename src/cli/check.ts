/** `sluice check`: whether the cluster, the controller and the caller's rights are as a release needs them, a code each. */
import { type Command, Option } from 'commander'
import { VIEW_VERSION } from '../core/view/view.ts'
import type { Milliseconds } from '../core/time.ts'
import { pause } from '../runtime/timing.ts'
import { installFindings } from './check/before.ts'
import { callerFindings, definitionFindings, serverFindings } from './check/cluster.ts'
import type { Finding, State } from './check/finding.ts'
import { controllerFindings } from './check/installation.ts'
import type { Probe } from './check/probe.ts'
import { meshFindings, metricsFindings } from './check/surroundings.ts'
import { type ClientFlags, duration, withClientFlags } from './client/flags.ts'
import { inSession } from './client/session.ts'
import { service, type ServiceAddress } from './dashboard.ts'
import { namespace, url } from './flag-values.ts'
import { headers, headersOf, problemOfHeaders } from './header-flags.ts'
import { INSTALLED_IN } from './install.ts'
import { CODES } from './release/outcome.ts'
import { dataIn, dataOutput, type Output } from './render/output.ts'
import { type Color, painter, printable, wrapped } from './render/paint.ts'
import type { Tools } from './tools.ts'

interface CheckFlags extends ClientFlags {
  readonly pre?: boolean
  readonly wait?: boolean
  readonly timeout: Milliseconds
  readonly output?: Output
  readonly controllerNamespace: string
  readonly controllerUrl?: string
  readonly metricsServer?: string
  readonly metricsServerCaFile?: string
  readonly metricsServerTokenFile?: string
  readonly metricsServerHeader: readonly string[]
  readonly metricsService: ServiceAddress
}

const EXIT_CODES = `
Each line has a code, which docs/check.md explains: √ well, ‼ a warning, × a failure, - not checked.

Exit codes:
  ${CODES.promoted}    nothing failed
  ${CODES.error}    something failed
  ${CODES.usage}    wrong flags
  ${CODES.timeout}  something still failed at the end of --timeout, with --wait`

const options: readonly Option[] = [
  new Option('--pre', 'what has to be well before Sluice is installed'),
  new Option('--wait', 'repeat until nothing fails'),
  new Option('--timeout <duration>', 'how long to repeat with --wait').argParser(duration).default(300_000, '5m'),
  dataOutput(),
  new Option('--controller-namespace <name>', 'namespace of the controller').argParser(namespace).default(INSTALLED_IN),
  new Option(
    '--controller-url <url>',
    'URL of the port of the controller, such as that of a port-forward; without it through the API server',
  ).argParser(url),
  new Option('--metrics-server <url>', 'URL of the Prometheus; without it --metrics-service').argParser(url),
  new Option('--metrics-server-ca-file <file>', 'authorities that may have signed its certificate'),
  new Option('--metrics-server-token-file <file>', 'bearer token for it'),
  new Option('--metrics-server-header <name: value>', 'header for it, such as that of a tenant; repeatable')
    .argParser(headers)
    .default([], 'none'),
  new Option('--metrics-service <namespace/name:port>', 'Service of the Prometheus, asked through the API server')
    .argParser(service)
    .default({ namespace: 'istio-system', name: 'prometheus', port: '9090' }, 'istio-system/prometheus:9090'),
]

/** Adds `check` to the program. */
export function checkCommand(program: Command, tools: Tools): Command {
  const command = program
    .command('check')
    .description('check the cluster, the rights, the controller, the mesh and Prometheus, a line each')
    .addHelpText('after', EXIT_CODES)
  for (const option of options) command.addOption(option)
  return withClientFlags(command).action(async (flags: CheckFlags) => {
    const problem = problemOfHeaders(flags.metricsServerHeader)
    if (problem !== undefined) command.error(problem)
    await inSession(tools, flags, async session => {
      const probe = probeOf({ tools, session }, flags)
      const { findings, isLate } = await repeated(tools, flags, () => findingsOf(probe, flags.pre === true))
      const text = dataIn(flags.output, reportOf(findings)) ?? `${linesOf(findings, tools).join('\n')}\n`
      await tools.stdout(text)
      await tools.stderr(`${summaryOf(findings)}\n`)
      if (!hasFailed(findings)) return CODES.promoted
      return isLate ? CODES.timeout : CODES.error
    })
  })
}

function probeOf(given: Pick<Probe, 'session'> & { readonly tools: Tools }, flags: CheckFlags): Probe {
  const { metricsServer: address, metricsServerCaFile: caFile, metricsServerTokenFile: tokenFile } = flags
  const access = {
    headers: headersOf(flags.metricsServerHeader),
    ...(caFile === undefined ? {} : { caFile }),
    ...(tokenFile === undefined ? {} : { tokenFile }),
  }
  return {
    ...given,
    controllerNamespace: flags.controllerNamespace,
    controllerUrl: flags.controllerUrl ?? null,
    metricsServer: address === undefined ? null : { url: address, ...access },
    metricsService: flags.metricsService,
  }
}

/** @returns the findings, in the order of docs/check.md. Without an API server nothing else can be asked. */
async function findingsOf(probe: Probe, isBefore: boolean): Promise<readonly Finding[]> {
  const server = await serverFindings(probe)
  if (hasFailed(server.filter(({ code }) => code === 'api-server'))) return server
  if (isBefore) return [...server, ...(await installFindings(probe))]
  const [definitions, caller, controller, mesh] = await Promise.all([
    definitionFindings(probe),
    callerFindings(probe),
    controllerFindings(probe),
    meshFindings(probe),
  ])
  const metrics = await metricsFindings(probe, mesh.hasIstio)
  return [...server, ...definitions, ...caller, ...controller, ...mesh.findings, ...metrics]
}

const hasFailed = (findings: readonly Finding[]): boolean => findings.some(({ state }) => state === 'failed')

const AGAIN: Milliseconds = 5000

/** Repeats with --wait while something fails, and says each failure that is new. */
async function repeated(
  { steady, stop, stderr }: Tools,
  { wait, timeout }: CheckFlags,
  check: () => Promise<readonly Finding[]>,
): Promise<{ findings: readonly Finding[]; isLate: boolean }> {
  const due = steady.now() + timeout
  let said = ''
  for (;;) {
    const findings = await check()
    if (wait !== true || !hasFailed(findings)) return { findings, isLate: false }
    if (steady.now() + AGAIN > due) return { findings, isLate: true }
    const [first] = findings.filter(({ state }) => state === 'failed')
    const line = first === undefined ? '' : printable(`Waiting: ${first.code}: ${first.sentence}`)
    if (line !== said) await stderr(`${line}\n`)
    said = line
    await pause(steady, AGAIN, stop)
    stop.throwIfAborted()
  }
}

const marks: Readonly<Record<State, readonly [mark: string, color: Color]>> = {
  ok: ['√', 'green'],
  unchecked: ['-', 'dim'],
  warning: ['‼', 'yellow'],
  failed: ['×', 'red'],
}

const pageOf = ({ code }: Finding): string => `docs/check.md#${code}`

/** A line for each finding, and below those that are not well where to read on. */
function linesOf(findings: readonly Finding[], { terminal }: Tools): string[] {
  const paint = painter(terminal.hasColors)
  const width = Math.max(...findings.map(({ code }) => code.length)) + 4
  const columns = terminal.columns()
  return findings.flatMap(finding => {
    const [mark, color] = marks[finding.state]
    const [first = '', ...rest] = wrapped(printable(finding.sentence), columns === null ? null : columns - width)
    const indent = ' '.repeat(width)
    const page = finding.state === 'ok' ? [] : [paint('dim', `${indent}${pageOf(finding)}`)]
    return [
      `${paint(color, mark)} ${finding.code.padEnd(width - 2)}${first}`,
      ...rest.map(line => `${indent}${line}`),
      ...page,
    ]
  })
}

const reportOf = (findings: readonly Finding[]): object => ({
  apiVersion: VIEW_VERSION,
  kind: 'CheckReport',
  outcome: hasFailed(findings) ? 'failed' : 'ok',
  items: findings.map(finding => ({
    code: finding.code,
    state: finding.state,
    message: finding.sentence,
    docs: pageOf(finding),
  })),
})

function summaryOf(findings: readonly Finding[]): string {
  const count = (state: State): number => findings.filter(one => one.state === state).length
  const parts = [
    [count('failed'), 'failed'],
    [count('warning'), count('warning') === 1 ? 'warning' : 'warnings'],
    [count('unchecked'), 'not checked'],
  ].flatMap(([number, what]) => (number === 0 ? [] : [`${number} ${what}`]))
  return `${findings.length} checks: ${parts.length === 0 ? 'all well' : parts.join(', ')}`
}
