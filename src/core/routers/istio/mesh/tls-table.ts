/** What becomes of a request, by what its server demands and what its caller sends, as seen on real proxies. */
import type { TlsMode } from '../../../policies/peer-authentication.ts'

/**
 * What a caller's proxy sends. `automatic`: what the server's pod takes, mutual TLS where it says that it does; of the modes of a
 * DestinationRule SIMPLE and MUTUAL are TLS with certificates that are not the mesh's.
 */
export type ClientTls = 'automatic' | 'DISABLE' | 'ISTIO_MUTUAL' | 'SIMPLE' | 'MUTUAL'

/** Why a server refuses requests. `plaintext`: it demands mutual TLS; `mutual TLS`: it takes plaintext alone; `foreign TLS`. */
export type Refusal = 'plaintext' | 'mutual TLS' | 'foreign TLS'

const table: Readonly<Record<TlsMode, Readonly<Record<ClientTls, Refusal | null>>>> = {
  DISABLE: {
    automatic: null,
    DISABLE: null,
    ISTIO_MUTUAL: 'mutual TLS',
    SIMPLE: 'foreign TLS',
    MUTUAL: 'foreign TLS',
  },
  PERMISSIVE: {
    automatic: null,
    DISABLE: null,
    ISTIO_MUTUAL: null,
    SIMPLE: 'foreign TLS',
    MUTUAL: 'foreign TLS',
  },
  STRICT: {
    automatic: null,
    DISABLE: 'plaintext',
    ISTIO_MUTUAL: null,
    SIMPLE: 'foreign TLS',
    MUTUAL: 'foreign TLS',
  },
}

/** null: the requests are let in. */
export const refusalOf = (server: TlsMode, client: ClientTls): Refusal | null => table[server][client]
