/** The variables of OpenTelemetry: what is obeyed, and what is said of those that make no sense. */
import { expect } from 'chai'
import { otlpSettings } from '../../../src/adapters/otlp/settings.ts'

const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector.test:4318' }

suite('the variables of OpenTelemetry', () => {
  test('nothing is traced where no endpoint is named, where the SDK is disabled, and where the exporter is none', () => {
    for (const env of [
      {},
      { OTEL_SERVICE_NAME: 'sluice' },
      { ...endpoint, OTEL_SDK_DISABLED: 'true' },
      { ...endpoint, OTEL_TRACES_EXPORTER: 'none' },
    ]) {
      expect(otlpSettings(env)).to.deep.equal({ settings: null, problems: [] })
    }
  })

  test('the endpoint of all signals gets the path of traces, and the one of traces is taken as it is', () => {
    const urlOf = (env: Record<string, string>): string | undefined => otlpSettings(env).settings?.url.href
    expect(urlOf(endpoint)).to.equal('http://collector.test:4318/v1/traces')
    expect(urlOf({ OTEL_EXPORTER_OTLP_ENDPOINT: 'https://collector.test/otlp/' })).to.equal(
      'https://collector.test/otlp/v1/traces',
    )
    expect(urlOf({ ...endpoint, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: 'http://tempo.test/own' })).to.equal(
      'http://tempo.test/own',
    )
  })

  test('headers, timeout, authorities, name and attributes are read; those of traces count more', () => {
    const { settings, problems } = otlpSettings({
      ...endpoint,
      OTEL_EXPORTER_OTLP_HEADERS: 'X-Scope-OrgID=other',
      OTEL_EXPORTER_OTLP_TRACES_HEADERS: 'X-Scope-OrgID=shop, Authorization=Basic%20c2hvcDpzaG9w',
      OTEL_EXPORTER_OTLP_TIMEOUT: '2500',
      OTEL_EXPORTER_OTLP_CERTIFICATE: '/etc/otlp/ca.crt',
      OTEL_RESOURCE_ATTRIBUTES: 'service.name=other,deployment.environment.name=pre%2Dprod',
      OTEL_SERVICE_NAME: 'sluice-eu',
    })
    expect(problems).to.deep.equal([])
    expect({ ...settings, url: null }).to.deep.equal({
      url: null,
      headers: { 'X-Scope-OrgID': 'shop', Authorization: 'Basic c2hvcDpzaG9w' },
      timeout: 2500,
      caFile: '/etc/otlp/ca.crt',
      resource: { 'service.name': 'sluice-eu', 'deployment.environment.name': 'pre-prod' },
    })
  })

  for (const [name, value, said, isOn] of [
    [
      'OTEL_EXPORTER_OTLP_ENDPOINT',
      'collector:4318',
      /^OTEL_EXPORTER_OTLP_ENDPOINT is not a URL .* nothing is traced/,
      false,
    ],
    ['OTEL_EXPORTER_OTLP_PROTOCOL', 'grpc', /^OTEL_EXPORTER_OTLP_PROTOCOL is grpc, which is not supported/, false],
    ['OTEL_EXPORTER_OTLP_TRACES_PROTOCOL', 'soap', /TRACES_PROTOCOL is not a protocol of OTLP; .* as http\/json/, true],
    ['OTEL_TRACES_EXPORTER', 'zipkin', /^OTEL_TRACES_EXPORTER is not known: nothing is traced/, false],
    ['OTEL_SDK_DISABLED', 'maybe', /^OTEL_SDK_DISABLED is neither true nor false/, true],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '10s', /^OTEL_EXPORTER_OTLP_TIMEOUT is not a number of milliseconds/, true],
    ['OTEL_EXPORTER_OTLP_TIMEOUT', '0', /^OTEL_EXPORTER_OTLP_TIMEOUT is not a number of milliseconds/, true],
    ['OTEL_EXPORTER_OTLP_COMPRESSION', 'gzip', /^OTEL_EXPORTER_OTLP_COMPRESSION is not supported/, true],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'hunter2', /^OTEL_EXPORTER_OTLP_HEADERS \(not shown, it may be secret\)/, true],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'Authorization=hunter2%', /^OTEL_EXPORTER_OTLP_HEADERS \(not shown/, true],
    ['OTEL_EXPORTER_OTLP_HEADERS', 'A=hunter2%0aB', /^OTEL_EXPORTER_OTLP_HEADERS \(not shown/, true],
    ['OTEL_RESOURCE_ATTRIBUTES', 'production', /^OTEL_RESOURCE_ATTRIBUTES is not a list of attributes/, true],
  ] as const) {
    test(`${name}=${value} is said in a sentence, and traces are ${isOn ? 'sent' : 'off'}`, () => {
      const { settings, problems } = otlpSettings({ ...endpoint, [name]: value })
      expect(problems).to.have.lengthOf(1)
      expect(problems[0]).to.match(said).and.not.contain('hunter2')
      expect(settings !== null).to.equal(isOn)
    })
  }
})
