import { expect } from 'chai'
import { Command, CommanderError } from 'commander'
import { runCommand, type RunFlags } from '../../src/cli/flags.ts'

/** The flags of a call, or the sentence that refuses it. */
async function called(...args: string[]): Promise<RunFlags | string> {
  let flags: RunFlags | null = null
  const program = new Command('sluice').exitOverride()
  runCommand(program, async given => {
    flags = given
  })
    .exitOverride()
    .configureOutput({ writeErr: () => {} })
  try {
    await program.parseAsync(['run', ...args], { from: 'user' })
  } catch (error) {
    if (error instanceof CommanderError) return error.message
    throw error
  }
  return flags ?? 'run was not called'
}

suite('the flags of run', () => {
  const refused: Record<string, [readonly string[], string]> = {
    'a provider that does not work yet': [
      ['--mesh-provider', 'linkerd'],
      "error: option '--mesh-provider <name>' argument 'linkerd' is invalid. Only the providers istio, gatewayapi:v1, gatewayapi:v1beta1, kubernetes and nginx are supported so far: write one of them.",
    ],
    'a metrics server without a scheme': [
      ['--metrics-server', 'prometheus'],
      "error: option '--metrics-server <url>' argument 'prometheus' is invalid. Write a URL such as http://prometheus.istio-system:9090.",
    ],
    'a namespace that cannot be one': [
      ['--namespace', 'shop,Web'],
      "error: option '--namespace <name>' argument 'shop,Web' is invalid. \"Web\" is not the name of a namespace.",
    ],
    'a port out of range': [
      ['--port', '99999'],
      "error: option '--port <number>' argument '99999' is invalid. Write a port from 0 (any free one) to 65535.",
    ],
    'a port that is not said': [
      ['--port', ''],
      "error: option '--port <number>' argument '' is invalid. Write a port from 0 (any free one) to 65535.",
    ],
    'a namespace that a variable was to have': [
      ['--namespace', ''],
      "error: option '--namespace <name>' argument '' is invalid. It names nothing. Name something, or leave the flag out.",
    ],
    'hosts of which none is said': [
      ['--allowed-hosts', ','],
      "error: option '--allowed-hosts <[namespace=]pattern>' argument ',' is invalid. It names nothing. Name something, or leave the flag out.",
    ],
    'addresses of which none is said': [
      ['--webhook-deny', ''],
      "error: option '--webhook-deny <host or CIDR>' argument '' is invalid. It names nothing. Name something, or leave the flag out.",
    ],
    'a rate without end': [
      ['--kube-api-qps', 'Infinity'],
      "error: option '--kube-api-qps <number>' argument 'Infinity' is invalid. Write a number above 0.",
    ],
    'a burst that lets nothing through': [
      ['--kube-api-burst', '0.5'],
      "error: option '--kube-api-burst <number>' argument '0.5' is invalid. Write a number from 1.",
    ],
    'a selector label without a name': [
      ['--selector-labels', 'app,'],
      "error: option '--selector-labels <names>' argument 'app,' is invalid. Write names of labels such as app,name.",
    ],
    'a link to traces with a name that is not known': [
      ['--trace-link', 'https://jaeger.example.com/search?tags={pod}'],
      "error: option '--trace-link <url>' argument 'https://jaeger.example.com/search?tags={pod}' is invalid. {pod} is not known. Use one of: {namespace}, {name}, {service}, {target}, {revision}, {start}, {end}, {traceId}; write a brace that is meant as %7B or %7D.",
    ],
    'no rate at all': [
      ['--kube-api-qps', '0'],
      "error: option '--kube-api-qps <number>' argument '0' is invalid. Write a number above 0.",
    ],
    'a header without a value': [
      ['--metrics-server-header', 'X-Scope-OrgID'],
      'error: option \'--metrics-server-header <name: value>\': number 1 (not shown, it may be secret) is no header. Write one such as "X-Scope-OrgID: shop".',
    ],
    'a tenant header that is none': [
      ['--metrics-server-tenant-header', 'X-Scope-OrgID: shop'],
      "error: option '--metrics-server-tenant-header <name>' argument 'X-Scope-OrgID: shop' is invalid. Write the name of a header such as X-Scope-OrgID.",
    ],
    'a pattern with an asterisk in the middle': [
      ['--allowed-hosts', 'team-a=shop.*.com'],
      "error: option '--allowed-hosts <[namespace=]pattern>' argument 'team-a=shop.*.com' is invalid. \"team-a=shop.*.com\" is not a pattern. Write one such as *.example.com or istio-system/public, for one namespace with team-a= before it.",
    ],
    'a pattern for what is no namespace': [
      ['--allowed-gateways', 'Team=istio-system/public'],
      "error: option '--allowed-gateways <[namespace=]pattern>' argument 'Team=istio-system/public' is invalid. \"Team\" is not the name of a namespace.",
    ],
    'a flag that does not exist': [['--nonsense'], "error: unknown option '--nonsense'"],
  }
  for (const [what, [args, sentence]] of Object.entries(refused)) {
    test(`refuse ${what} with a sentence`, async () => {
      expect(await called(...args)).to.equal(sentence)
    })
  }

  test('that are true or false are so by themselves, by a value and by the environment', async () => {
    expect(await called()).to.deep.include({ allowInlineQueries: true, leaderElect: true, ownerReferences: false })
    expect(await called('--allow-inline-queries=false', '--owner-references')).to.deep.include({
      allowInlineQueries: false,
      ownerReferences: true,
    })
    process.env['SLUICE_ALLOW_INLINE_QUERIES'] = 'false'
    try {
      expect(await called()).to.deep.include({ allowInlineQueries: false })
    } finally {
      delete process.env['SLUICE_ALLOW_INLINE_QUERIES']
    }
  })

  test('patterns are for all namespaces or for one', async () => {
    process.env['SLUICE_ALLOWED_GATEWAYS'] = 'istio-system/*,./*'
    try {
      expect(
        await called('--allowed-hosts', 'team-a=*.A.example.com', '--allowed-hosts', '*.example.org, *'),
      ).to.deep.include({
        allowedHosts: [
          { namespace: 'team-a', pattern: '*.a.example.com' },
          { namespace: null, pattern: '*.example.org' },
          { namespace: null, pattern: '*' },
        ],
        allowedGateways: [
          { namespace: null, pattern: 'istio-system/*' },
          { namespace: null, pattern: './*' },
        ],
      })
    } finally {
      delete process.env['SLUICE_ALLOWED_GATEWAYS']
    }
  })

  test('come from the environment too, and what may be repeated adds up', async () => {
    process.env['SLUICE_LEADER_ELECT'] = 'false'
    process.env['SLUICE_MESH_SETTLE'] = '2s'
    process.env['SLUICE_METRICS_SERVER_HEADER'] = 'X-Scope-OrgID: shop\nX-Team: web\n'
    try {
      const flags = await called('--namespace', 'shop', '--namespace=web,api')
      expect(flags).to.deep.include({ leaderElect: false, meshSettle: 2000, namespace: ['shop', 'web', 'api'] })
      expect(flags).to.deep.include({ metricsServerHeader: ['X-Scope-OrgID: shop', 'X-Team: web'] })
    } finally {
      delete process.env['SLUICE_LEADER_ELECT']
      delete process.env['SLUICE_MESH_SETTLE']
      delete process.env['SLUICE_METRICS_SERVER_HEADER']
    }
  })
})
