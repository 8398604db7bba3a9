/**
 * A second Prometheus, which answers over TLS and wants a user and a password
 * (https://prometheus.io/docs/prometheus/latest/configuration/https/). It has no metrics but its own.
 */
import { mkdir, rename, writeFile } from 'node:fs/promises'
import { request } from 'node:https'
import { join } from 'node:path'
import { findBinaries } from './binaries.ts'
import type { Pki } from './pki.ts'
import { Program } from './program.ts'
import { waitFor } from './wait.ts'

export const guardedPrometheusUrl = 'https://127.0.0.1:9443'

export const user = 'shop'
/** Passwords and their bcrypt hashes, which Node cannot make. */
export const passwords = {
  first: { text: 's3cret-of-shop-1', hash: '$2b$04$abcdefghijklmnopqrstuuxjG3fJBwWGPLkq2QrNe7BfJ75Y8IBUa' },
  second: { text: 's3cret-of-shop-2', hash: '$2b$04$abcdefghijklmnopqrstuu//oGkd/2e576fApw5Etry7uLNKQhLwm' },
} as const
export type Password = (typeof passwords)[keyof typeof passwords]

export class GuardedPrometheus {
  readonly #dir: string
  readonly #pki: Pki
  readonly #program: Program

  constructor(lab: { readonly dir: string; readonly pki: Pki }) {
    this.#dir = join(lab.dir, 'guarded-prometheus')
    this.#pki = lab.pki
    this.#program = new Program({
      name: 'guarded-prometheus',
      command: [
        findBinaries(process.env).path.prometheus,
        `--config.file=${join(this.#dir, 'prometheus.yml')}`,
        `--web.config.file=${join(this.#dir, 'web.yml')}`,
        `--storage.tsdb.path=${join(this.#dir, 'data')}`,
        `--web.listen-address=${new URL(guardedPrometheusUrl).host}`,
      ],
      env: {},
      log: join(lab.dir, 'log', 'guarded-prometheus.log'),
    })
  }

  async start(password: Password): Promise<void> {
    await mkdir(this.#dir, { recursive: true })
    await writeFile(join(this.#dir, 'prometheus.yml'), '{}')
    await this.accept(password)
    this.#program.start()
    await waitFor('the guarded Prometheus is ready', 30, async () => {
      this.#program.mustRun()
      return (await this.#statusFor(password)) === 200
    })
  }

  /** From now on this password and no other: Prometheus reads the file at every request. */
  async accept({ hash }: Password): Promise<void> {
    const web = {
      tls_server_config: { cert_file: this.#pki.file('server.crt'), key_file: this.#pki.file('server.key') },
      basic_auth_users: { [user]: hash },
    }
    const file = join(this.#dir, 'web.yml')
    await writeFile(`${file}.new`, JSON.stringify(web))
    await rename(`${file}.new`, file)
  }

  async stop(): Promise<void> {
    await this.#program.stop()
  }

  async #statusFor({ text }: Password): Promise<number | undefined> {
    const { ca } = await this.#pki.credentials('admin')
    return new Promise((resolve, reject) => {
      request(`${guardedPrometheusUrl}/-/ready`, { ca, auth: `${user}:${text}` }, response => {
        response.resume()
        resolve(response.statusCode)
      })
        .once('error', reject)
        .end()
    })
  }
}
