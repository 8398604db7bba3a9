/** Certificates of one run: an authority, one server certificate, one client certificate per user. */
import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { run } from './program.ts'

export const apiServerUrl = 'https://127.0.0.1:6443'

/** Users that RBAC lets do anything; the audit log leaves them out. */
const masters = ['admin', 'kcm', 'kubelet', 'prometheus', 'istiod', 'scaling'] as const
/** Users that have exactly the rights a test gives them. */
const plain = ['sluice', 'stranger'] as const
/** ServiceAccounts: RBAC knows them by these names, whatever proves them. Tokens would need a volume, which no pod here has. */
const accounts = { 'sluice-account': 'sluice-system:sluice' } as const
export type User = (typeof masters)[number] | (typeof plain)[number] | keyof typeof accounts

export interface Credentials {
  readonly ca: string
  readonly cert: string
  readonly key: string
}

export class Pki {
  readonly dir: string
  readonly #openssl: string
  readonly #identities = new Map<string, Promise<{ readonly cert: string; readonly key: string }>>()

  constructor(dir: string, openssl: string) {
    this.dir = dir
    this.#openssl = openssl
  }

  file(name: string): string {
    return join(this.dir, name)
  }

  kubeconfig(user: User): string {
    return this.file(`${user}.kubeconfig`)
  }

  async credentials(user: User): Promise<Credentials> {
    const read = (name: string): Promise<string> => readFile(this.file(name), 'utf8')
    const [ca, cert, key] = await Promise.all([read('ca.crt'), read(`${user}.crt`), read(`${user}.key`)])
    return { ca, cert, key }
  }

  /** The authority of the cluster and of the mesh. */
  async authority(): Promise<string> {
    return readFile(this.file('ca.crt'), 'utf8')
  }

  /** A certificate of the mesh for a workload, made once. */
  identity(uri: string): Promise<{ readonly cert: string; readonly key: string }> {
    const known = this.#identities.get(uri) ?? this.#issue(uri, `identity-${this.#identities.size}`)
    this.#identities.set(uri, known)
    return known
  }

  async #issue(uri: string, name: string): Promise<{ readonly cert: string; readonly key: string }> {
    const usage = ['basicConstraints=critical,CA:FALSE', 'extendedKeyUsage=serverAuth,clientAuth']
    await writeFile(this.file(`${name}.names`), [`subjectAltName=critical,URI:${uri}`, ...usage, ''].join('\n'))
    await this.#certificate(name, '/O=cluster.local', ['-extfile', this.file(`${name}.names`)])
    const [cert, key] = await Promise.all(['crt', 'key'].map(end => readFile(this.file(`${name}.${end}`), 'utf8')))
    return { cert: cert ?? '', key: key ?? '' }
  }

  async create(): Promise<void> {
    await mkdir(this.dir, { recursive: true })
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']
    const authority = ['-x509', ...newKey, '-subj', '/CN=e2e', '-days', '30']
    await run([this.#openssl, 'req', ...authority, '-keyout', this.file('ca.key'), '-out', this.file('ca.crt')])
    const names = 'DNS:localhost,DNS:kubernetes.default.svc,IP:127.0.0.1,IP:10.96.0.1,IP:10.244.0.1'
    await writeFile(this.file('names'), `subjectAltName=${names}\n`)
    await Promise.all([
      this.#certificate('server', '/CN=kube-apiserver', ['-extfile', this.file('names')]),
      ...masters.map(user => this.#certificate(user, `/O=system:masters/CN=${user}`)),
      ...plain.map(user => this.#certificate(user, `/CN=${user}`)),
      ...Object.entries(accounts).map(([user, account]) =>
        this.#certificate(user, `/O=system:serviceaccounts/CN=system:serviceaccount:${account}`),
      ),
      // By it other API servers know that a request comes from this one.
      this.#certificate('front-proxy', '/CN=front-proxy'),
      this.#serviceAccountKey(),
    ])
    const users: readonly User[] = [...masters, ...plain, 'sluice-account']
    await Promise.all(users.map(user => this.#writeKubeconfig(user)))
  }

  async #certificate(name: string, subject: string, extensions: readonly string[] = []): Promise<void> {
    const key = this.file(`${name}.key`)
    const request = this.file(`${name}.csr`)
    const newKey = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-noenc']
    await run([this.#openssl, 'req', '-new', ...newKey, '-subj', subject, '-keyout', key, '-out', request])
    const authority = ['-CA', this.file('ca.crt'), '-CAkey', this.file('ca.key'), '-days', '30']
    const out = ['-out', this.file(`${name}.crt`)]
    await run([this.#openssl, 'x509', '-req', '-in', request, ...authority, ...extensions, ...out])
  }

  async #serviceAccountKey(): Promise<void> {
    await run([this.#openssl, 'genrsa', '-out', this.file('sa.key'), '2048'])
    await run([this.#openssl, 'rsa', '-in', this.file('sa.key'), '-pubout', '-out', this.file('sa.pub')])
  }

  async #writeKubeconfig(user: User): Promise<void> {
    const { ca, cert, key } = await this.credentials(user)
    const base64 = (pem: string): string => Buffer.from(pem).toString('base64')
    const config = {
      apiVersion: 'v1',
      kind: 'Config',
      clusters: [{ name: 'e2e', cluster: { server: apiServerUrl, 'certificate-authority-data': base64(ca) } }],
      users: [{ name: user, user: { 'client-certificate-data': base64(cert), 'client-key-data': base64(key) } }],
      contexts: [{ name: 'e2e', context: { cluster: 'e2e', user } }],
      'current-context': 'e2e',
    }
    await writeFile(this.kubeconfig(user), JSON.stringify(config))
  }
}
