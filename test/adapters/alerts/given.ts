/** What tests of the sender start from: an AlertProvider, its Secret, an alert, and servers and senders that are closed at the end. */
import { HttpAlerts, type HttpAlertsOptions } from '../../../src/adapters/alerts/sender.ts'
import { type AlertProvider, parseAlertProvider } from '../../../src/api/alert-provider.ts'
import type { KubeObject } from '../../../src/api/object.ts'
import type { AlertMessage } from '../../../src/core/model/alert.ts'
import { closingOfSuite } from '../../closing.ts'
import { selfSigned } from '../http/certificate.ts'
import { type Answering, secure, type Served } from '../http/servers.ts'

const { cert, key } = selfSigned()
/** The authority of every server that `Open` has opened. */
export const ca = cert

export const secretOf = (name: string, texts: Readonly<Record<string, string>>): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Secret',
  type: 'Opaque',
  metadata: { name, namespace: 'shop' },
  data: Object.fromEntries(Object.entries(texts).map(([at, text]) => [at, Buffer.from(text).toString('base64')])),
})

export function providerOf(name: string, spec: Readonly<Record<string, unknown>>): AlertProvider {
  const metadata = { name, namespace: 'shop' }
  const parsed = parseAlertProvider({ apiVersion: 'sluice.dev/v1beta1', kind: 'AlertProvider', metadata, spec })
  if ('problems' in parsed) throw new Error(parsed.problems.join('; '))
  return parsed.provider
}

export const alert: AlertMessage = {
  canary: 'web',
  namespace: 'shop',
  severity: 'error',
  reason: 'ThresholdReached',
  message:
    'Rolled back 790dc1af77 (web:2.0.0) at weight 10: request-success-rate 87.7 % is below 99 % (3 of 3 failed checks)',
  at: 1_700_000_000_000,
  run: 'r1',
  link: 'https://sluice.example.com/#/shop/web',
  traceId: '0af7651916cd43dd8448eb211c80319c',
  traceLink: 'https://jaeger.example.com/search?service=web&start=1700000000000000',
  phase: 'Failed',
  weight: 10,
  revision: '790dc1af77',
  image: 'registry.example.com/web:2.0.0',
  promoted: 'b5db799a80 (web:1.0.0)',
  metric: { name: 'request-success-rate', value: '87.7 %', limit: '≥ 99 %' },
  next: 'b5db799a80 (web:1.0.0) serves; to try again, push another revision, or: sluice -n shop retry web',
}

/** Servers and senders of a suite, in which it is to be made: the teardown closes them. */
export class Open {
  /** Has the teardown close this, too. */
  readonly add = closingOfSuite()

  async server(answer: Answering): Promise<Served> {
    return this.add(await secure({ key, cert }, answer))
  }

  /** @param secret texts of every Secret; null: there is none. */
  sender(secret: Readonly<Record<string, string>> | null, options: Partial<HttpAlertsOptions> = {}): HttpAlerts {
    const sender = new HttpAlerts({
      readSecret: async (_, name) => (secret === null ? null : secretOf(name, { 'ca.crt': ca, ...secret })),
      targets: { allow: ['127.0.0.0/8'], deny: [] },
      environment: null,
      userAgent: 'sluice/1',
      cluster: 'eu-1',
      ...options,
    })
    return this.add(sender)
  }
}
