/**
 * Where traces go, by the variables of OpenTelemetry
 * (https://opentelemetry.io/docs/specs/otel/protocol/exporter/, …/configuration/sdk-environment-variables/). Off where no endpoint is named.
 */
import type { Environment } from '../http/proxy.ts'
import type { Milliseconds } from '../../core/time.ts'

export interface OtlpSettings {
  readonly url: URL
  /** Their values are secrets. */
  readonly headers: Readonly<Record<string, string>>
  /** Of one export. */
  readonly timeout: Milliseconds
  /** Authorities that may have signed the certificate of the server, a file in PEM. */
  readonly caFile?: string
  /** Attributes of the resource, `service.name` among them. */
  readonly resource: Readonly<Record<string, string>>
}

export interface ReadSettings {
  /** null: nothing is traced. */
  readonly settings: OtlpSettings | null
  /** What is wrong, a sentence each; no value of a header is shown. */
  readonly problems: readonly string[]
}

const TIMEOUT: Milliseconds = 10_000
const LONGEST_TIMEOUT: Milliseconds = 60_000

/** Reads the variables. What makes no sense is said and left out, as the specification has it. */
export function otlpSettings(env: Environment): ReadSettings {
  const problems: string[] = []
  const of = (name: string): string => (env[name] ?? '').trim()
  /** The variable about traces counts more than the one about all signals. */
  const either = (name: string): readonly [string, string] => {
    const own = `OTEL_EXPORTER_OTLP_TRACES_${name}`
    return of(own) === '' ? [`OTEL_EXPORTER_OTLP_${name}`, of(`OTEL_EXPORTER_OTLP_${name}`)] : [own, of(own)]
  }
  const [endpointName, endpoint] = either('ENDPOINT')
  const disabled = of('OTEL_SDK_DISABLED').toLowerCase()
  if (!['', 'true', 'false'].includes(disabled)) {
    problems.push('OTEL_SDK_DISABLED is neither true nor false; it counts as false')
  }
  const exporter = of('OTEL_TRACES_EXPORTER')
  const off = { settings: null, problems }
  if (endpoint === '' || disabled === 'true' || exporter === 'none') return off
  if (exporter !== '' && exporter !== 'otlp') {
    problems.push('OTEL_TRACES_EXPORTER is not known: nothing is traced; write otlp or none')
    return off
  }
  const [protocolName, protocol] = either('PROTOCOL')
  if (protocol === 'grpc') {
    problems.push(
      `${protocolName} is grpc, which is not supported: nothing is traced; write http/json and the port of OTLP over HTTP, which is 4318 as a rule`,
    )
    return off
  }
  if (!['', 'http/json', 'http/protobuf'].includes(protocol)) {
    problems.push(`${protocolName} is not a protocol of OTLP; traces are sent as http/json`)
  }
  const url = endpointOf(endpoint, endpointName === 'OTEL_EXPORTER_OTLP_ENDPOINT')
  if (url === null) {
    problems.push(
      `${endpointName} is not a URL of http or https: nothing is traced; write one such as http://jaeger-collector.observability:4318`,
    )
    return off
  }
  const [compressionName, compression] = either('COMPRESSION')
  if (!['', 'none'].includes(compression)) {
    problems.push(`${compressionName} is not supported; traces are sent without compression`)
  }
  const [, caFile] = either('CERTIFICATE')
  const settings: OtlpSettings = {
    url,
    headers: headersOf(either('HEADERS'), problems),
    timeout: timeoutOf(either('TIMEOUT'), problems),
    ...(caFile === '' ? {} : { caFile }),
    resource: {
      ...attributesOf(of('OTEL_RESOURCE_ATTRIBUTES'), problems),
      ...(of('OTEL_SERVICE_NAME') === '' ? {} : { 'service.name': of('OTEL_SERVICE_NAME') }),
    },
  }
  return { settings, problems }
}

/** The endpoint of all signals gets the path of traces; the one of traces is taken as it is. */
function endpointOf(text: string, isOfAll: boolean): URL | null {
  if (!URL.canParse(text) || !/^https?:\/\//.test(text)) return null
  const url = new URL(text)
  if (isOfAll) url.pathname = `${url.pathname.replace(/\/+$/, '')}/v1/traces`
  return url
}

function timeoutOf([name, text]: readonly [string, string], problems: string[]): Milliseconds {
  if (text === '') return TIMEOUT
  const number = Number(text)
  if (Number.isInteger(number) && number >= 1 && number <= LONGEST_TIMEOUT) return number
  problems.push(`${name} is not a number of milliseconds from 1 to ${LONGEST_TIMEOUT}; it counts as ${TIMEOUT}`)
  return TIMEOUT
}

/** `name=value,name=value`, percent-encoded (W3C Baggage without its properties). null: that is not what it is. */
function pairsOf(text: string): [string, string][] | null {
  const pairs = text
    .split(',')
    .filter(one => one.trim() !== '')
    .map((one): [string, string] => {
      const equals = one.indexOf('=')
      return [one.slice(0, Math.max(0, equals)).trim(), one.slice(equals + 1).trim()]
    })
  try {
    const decoded = pairs.map(([name, value]): [string, string] => [name, decodeURIComponent(value)])
    return decoded.every(([name]) => name !== '') ? decoded : null
  } catch {
    return null
  }
}

function headersOf([name, text]: readonly [string, string], problems: string[]): Record<string, string> {
  const pairs = pairsOf(text)
  const isFine = ([header, value]: [string, string]): boolean =>
    /^[A-Za-z0-9-]+$/.test(header) && /^[\x20-\x7e]+$/.test(value)
  if (pairs?.every(isFine) === true) return Object.fromEntries(pairs)
  problems.push(
    `${name} (not shown, it may be secret) is not a list of headers, and none is sent; write one such as X-Scope-OrgID=shop,Authorization=Basic%20…`,
  )
  return {}
}

function attributesOf(text: string, problems: string[]): Record<string, string> {
  const pairs = pairsOf(text)
  if (pairs !== null) return Object.fromEntries(pairs)
  problems.push(
    'OTEL_RESOURCE_ATTRIBUTES is not a list of attributes, and none counts; write one such as deployment.environment.name=production,service.namespace=delivery',
  )
  return {}
}
