/** Protobuf as kubectl's typed clients send it: read as the JSON that says the same, or refused. */
import { expect } from 'chai'
import { jsonOfProtobuf } from '../../http/protobuf.ts'

/** A field with bytes in it; short ones only, so that lengths are one byte. */
const field = (number: number, content: string | Buffer): Buffer => {
  const bytes = Buffer.from(content as string)
  return Buffer.concat([Buffer.from([number * 8 + 2, bytes.length]), bytes])
}
const number = (at: number, value: number): Buffer => Buffer.from([at * 8, value])
const all = (...parts: Buffer[]): Buffer => Buffer.concat(parts)
/** An object in its envelope. */
const sent = (apiVersion: string, kind: string, ...fields: Buffer[]): Buffer =>
  all(Buffer.from('k8s\0'), field(1, all(field(1, apiVersion), field(2, kind))), field(2, all(...fields)))
const read = (body: Buffer): unknown => JSON.parse(jsonOfProtobuf(body))

suite('playground: protobuf', () => {
  test('names, maps, bytes, and nothing of what is always sent', () => {
    const metadata = field(
      1,
      all(field(1, 'a'), field(2, ''), field(3, ''), field(8, ''), field(11, all(field(1, 'k'), field(2, 'v')))),
    )
    expect(
      read(sent('v1', 'Secret', metadata, field(2, all(field(1, 'key'), field(2, 'value'))), field(3, ''))),
    ).to.deep.equal({
      apiVersion: 'v1',
      kind: 'Secret',
      metadata: { name: 'a', labels: { k: 'v' } },
      data: { key: 'dmFsdWU=' },
    })
  })

  test('lists of messages, numbers, and replicas that are zero', () => {
    const container = all(field(1, 'web'), field(2, 'demo/web:1.0.0'), field(6, all(number(3, 80), number(2, 0))))
    const template = field(3, field(2, field(2, container)))
    const { spec } = read(sent('apps/v1', 'Deployment', field(2, all(number(1, 0), template, number(5, 0))))) as {
      spec: unknown
    }
    const containers = [{ name: 'web', image: 'demo/web:1.0.0', ports: [{ containerPort: 80 }] }]
    expect(spec).to.deep.equal({ replicas: 0, template: { spec: { containers } } })
  })

  test('a port is a number or a name', () => {
    const port = (target: Buffer): Buffer => field(2, field(1, all(number(3, 80), field(4, target))))
    expect(read(sent('v1', 'Service', port(all(number(1, 0), number(2, 81), field(3, '')))))).to.nested.include({
      'spec.ports[0].targetPort': 81,
    })
    expect(read(sent('v1', 'Service', port(all(number(1, 1), number(2, 0), field(3, 'http')))))).to.nested.include({
      'spec.ports[0].targetPort': 'http',
    })
  })

  test('what is not in the table is refused, never dropped', () => {
    expect(() => read(sent('v1', 'Namespace', field(2, field(1, 'kubernetes'))))).to.throw(
      'with the field 2 of Namespace',
    )
    expect(() => read(sent('v1', 'Node'))).to.throw('of the type Node; send application/json')
    expect(() => read(Buffer.from('{}'))).to.throw('without its magic bytes')
    expect(() => read(sent('v1', 'ConfigMap', Buffer.from([10, 99])))).to.throw('that breaks off')
  })
})
