/**
 * A certificate for an address that is its own authority, made on the spot: Node signs but does not issue, and a test may neither
 * need openssl nor keep a private key in the repository. The few structures of X.509 (RFC 5280) that it takes are written in DER.
 */
import { generateKeyPairSync, sign } from 'node:crypto'

function der(tag: number, ...parts: (Buffer | number[])[]): Buffer {
  const body = Buffer.concat(parts.map(part => Buffer.from(part)))
  const { length } = body
  const size = length < 128 ? [length] : length < 256 ? [0x81, length] : [0x82, length >> 8, length & 0xff]
  return Buffer.concat([Buffer.from([tag, ...size]), body])
}

const sequence = (...parts: Buffer[]): Buffer => der(0x30, ...parts)
const text = (tag: number, value: string): Buffer => der(tag, Buffer.from(value))
const time = (at: Date): Buffer => text(0x18, `${at.toISOString().replace(/[-:T]/g, '').slice(0, 14)}Z`)

const ecdsaWithSha256 = sequence(der(0x06, [0x2a, 0x86, 0x48, 0xce, 0x3d, 0x04, 0x03, 0x02]))
const commonName = sequence(der(0x31, sequence(der(0x06, [0x55, 0x04, 0x03]), text(0x0c, 'metrics'))))
const subjectAltName = (address: string): Buffer =>
  sequence(der(0x06, [0x55, 0x1d, 0x11]), der(0x04, sequence(der(0x87, address.split('.').map(Number)))))
const isAuthority = sequence(der(0x06, [0x55, 0x1d, 0x13]), der(0x04, sequence(der(0x01, [0xff]))))

/**
 * @param address of IPv4.
 * @returns key and certificate as PEM, valid from a day ago for two days.
 */
export function selfSigned(address = '127.0.0.1'): { key: string; cert: string } {
  const day = 86_400_000
  const { privateKey, publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const toBeSigned = sequence(
    der(0xa0, der(0x02, [2])),
    der(0x02, [1]),
    ecdsaWithSha256,
    commonName,
    sequence(time(new Date(Date.now() - day)), time(new Date(Date.now() + day))),
    commonName,
    publicKey.export({ type: 'spki', format: 'der' }),
    der(0xa3, sequence(subjectAltName(address), isAuthority)),
  )
  const signature = der(0x03, [0], sign('sha256', toBeSigned, privateKey))
  const certificate = sequence(toBeSigned, ecdsaWithSha256, signature)
  const lines = certificate.toString('base64').replace(/.{64}/g, '$&\n')
  return {
    key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
    cert: `-----BEGIN CERTIFICATE-----\n${lines}\n-----END CERTIFICATE-----\n`,
  }
}
