/** Which addresses a URL of a user may lead to. */
import { expect } from 'chai'
import { type AddressPolicy, problemOfHost, refuseLocalAddresses } from '../../../src/adapters/http/addresses.ts'
import { HttpClient, type HttpOutcome } from '../../../src/adapters/http/client.ts'
import { closingOfSuite } from '../../closing.ts'
import { plain, proxy, type Served } from './servers.ts'

suite('addresses that users may name', () => {
  const addresses: Record<string, string | null> = {
    '127.0.0.1': 'loopback',
    '127.255.255.254': 'loopback',
    '128.0.0.1': null,
    '0.0.0.0': 'loopback',
    '::1': 'loopback',
    '::': 'loopback',
    '::ffff:127.0.0.1': 'loopback',
    '64:ff9b::7f00:1': 'loopback',
    '169.254.169.254': 'link-local',
    '::ffff:a9fe:a9fe': 'link-local',
    '64:ff9b::169.254.169.254': 'link-local',
    '169.253.255.255': null,
    'fe80::1': 'link-local',
    'fec0::1': null,
    '100.100.100.200': 'metadata',
    '100.100.100.201': null,
    '168.63.129.16': 'metadata',
    '192.0.0.192': 'metadata',
    'fd00:ec2::254': 'metadata',
    'fd20:ce::254': 'metadata',
    'fd00:ec2::253': null,
    '224.0.0.1': 'multicast',
    'ff02::1': 'multicast',
    '255.255.255.255': 'broadcast',
    '10.0.0.1': null,
    '172.16.0.1': null,
    '192.168.1.1': null,
    '64:ff9b::a00:1': null,
    '2001:db8::1': null,
    '8.8.8.8': null,
  }
  for (const [address, what] of Object.entries(addresses)) {
    test(`${address} ${what === null ? 'may be connected to' : `is a ${what} address`}`, () => {
      expect(refuseLocalAddresses(address, address)).to.equal(what)
    })
  }

  const hosts: Record<string, string | null> = {
    'http://127.0.0.1/': '127.0.0.1 is a loopback address',
    'http://2130706433/': '127.0.0.1 is a loopback address',
    'http://0x7f.1/': '127.0.0.1 is a loopback address',
    'http://0251.0376.0251.0376/': '169.254.169.254 is a link-local address',
    'http://[::ffff:127.0.0.1]/': '::ffff:7f00:1 is a loopback address',
    'http://LOCALHOST./': 'localhost leads to the loopback address 127.0.0.1',
    'http://a.localhost/': 'a.localhost leads to the loopback address 127.0.0.1',
    'http://metadata.google.internal/': 'metadata.google.internal leads to the link-local address 169.254.169.254',
    'http://hooks.shop.svc/': null,
    'http://10.96.0.1/': null,
  }
  for (const [url, problem] of Object.entries(hosts)) {
    test(`${url} ${problem === null ? 'has no problem before it is resolved' : `is refused: ${problem}`}`, () => {
      expect(problemOfHost(new URL(url), refuseLocalAddresses)).to.equal(problem)
    })
  }

  suite('on real connections', () => {
    const closing = closingOfSuite()
    let server: Served

    setup(async () => {
      server = closing(await plain(response => response.end('reached')))
    })

    function call(host: string, policy: AddressPolicy, environment: Record<string, string> = {}): Promise<HttpOutcome> {
      const client = closing(new HttpClient({ environment, addresses: policy }))
      return client.send({
        method: 'GET',
        url: new URL(`http://${host}:${server.port}/`),
        deadline: 60_000,
        sizeLimit: 100,
      })
    }

    test('a refused address is never connected to, whether it is written or resolved', async () => {
      // A policy that knows no name leaves it to the lookup of the socket.
      const byLookup: AddressPolicy = address => (address === '127.0.0.1' || address === '::1' ? 'forbidden' : null)
      for (const [host, policy] of [
        ['127.0.0.1', refuseLocalAddresses],
        ['127.0.0.2', refuseLocalAddresses],
        ['[::1]', refuseLocalAddresses],
        ['localhost', refuseLocalAddresses],
        ['LocalHost.', byLookup],
      ] as const) {
        const outcome = await call(host, policy)
        expect(outcome, host).to.include({ kind: 'failed', why: 'address' })
        expect(JSON.stringify(outcome)).to.match(/must not be called: \S+ (is a|leads to the) /)
      }
      expect(server.accepted()).to.equal(0)
    })

    test('a name is resolved, and refused for any of its addresses', async () => {
      const seen: string[] = []
      const policy: AddressPolicy = address => {
        seen.push(address)
        // As if the name meant nothing by itself: the first question is about what is written.
        return seen.length === 1 ? null : 'forbidden'
      }
      const outcome = await call('localhost', policy)
      expect(outcome).to.include({ kind: 'failed', why: 'address' })
      expect(seen.length).to.be.greaterThan(1)
      expect(server.accepted()).to.equal(0)
    })

    test('an allowed address is connected to, by number and by name', async () => {
      const policy: AddressPolicy = address => (address === '127.0.0.9' ? 'forbidden' : null)
      expect(await call('127.0.0.1', policy)).to.include({ kind: 'answer', body: 'reached' })
      expect(await call('localhost', policy)).to.include({ kind: 'answer', body: 'reached' })
    })

    test('behind a proxy the name is looked at, and the address of the proxy is not', async () => {
      const between = closing(await proxy())
      const environment = { HTTP_PROXY: between.url }
      for (const host of ['169.254.169.254', 'metadata.google.internal']) {
        expect(await call(host, refuseLocalAddresses, environment)).to.include({ kind: 'failed', why: 'address' })
      }
      expect(between.accepted()).to.equal(0)
      expect(await call('hooks.example.com', refuseLocalAddresses, environment)).to.include({ body: 'from the proxy' })
    })
  })
})
