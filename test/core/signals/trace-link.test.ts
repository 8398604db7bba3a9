/** The template of --trace-link: what it may be, and what becomes of it for a run. */
import { expect } from 'chai'
import type { Observation } from '../../../src/core/model/observation.ts'
import type { RunRecord } from '../../../src/core/model/memory.ts'
import { short } from '../../../src/core/model/selectors.ts'
import {
  LONGEST_LINK,
  problemOfTraceLink,
  traceAnnotations,
  traceOfPresentOrLast,
  traceLinkOf,
} from '../../../src/core/signals/trace-link.ts'
import { read } from '../../docs/pages.ts'
import { settings } from '../given-objects.ts'
import { advancing, at, candidate, failed, remembers, resting } from '../machine/given.ts'

const TEMPLATE =
  'https://jaeger.test/search?service={service}.{namespace}&tags=%7B%22d%22%3A%22{target}%22%7D&start={start}000&end={end}000&r={revision}&c={name}'
const TRACED = 'https://jaeger.test/trace/{traceId}'
const ID = 'a'.repeat(32)

const ended: RunRecord = {
  id: 'r1',
  revision: candidate.revision,
  startedAt: 1000.25,
  endedAt: 61_000.5,
  outcome: 'Failed',
  highest: 10,
  reason: 'ThresholdReached',
  message: 'Rolled back',
}

const linked = (o: Observation, traceLink = TEMPLATE): Observation => ({ ...o, settings: { ...settings, traceLink } })

suite('the template of --trace-link', () => {
  for (const [what, template] of [
    ['a search of Jaeger', TEMPLATE],
    ['a trace of Sluice', TRACED],
    ['a page that names nothing', 'http://tempo.test/'],
  ] as const) {
    test(`may be ${what}`, () => expect(problemOfTraceLink(template)).to.equal(null))
  }

  for (const [template, said] of [
    ['https://jaeger.test/{pod}', /^\{pod\} is not known\. Use one of: \{namespace\}, .*\{traceId\}; write a brace/],
    ['https://jaeger.test/{}', /^\{\} is not known\./],
    [
      'https://jaeger.test/?tags={"error":"true"}',
      /^\{"error":"true"\} is not known\. .* write a brace that is meant as %7B or %7D\.$/,
    ],
    ['https://jaeger.test/{service', /^Write a URL such as https:/],
    ['https://jaeger.test/?q=a b', /^Write a URL such as https:.* with %20, %22/],
    ['https://jaeger.test/?q=outbound|80||web', /^Write a URL such as https:/],
    ['javascript:alert(1)', /^Write a URL such as https:/],
    ['{service}', /^Write a URL such as https:/],
    ['https://', /^Write a URL such as https:/],
    ['', /^Write a URL such as https:/],
    [
      `https://jaeger.test/${'{name}'.repeat(4)}`,
      /^The link may have 1032 characters when it is filled in, and 900 are the most\. Write a shorter one\.$/,
    ],
  ] as const) {
    test(`is refused with a sentence where it is ${template.slice(0, 60) || 'empty'}`, () =>
      expect(problemOfTraceLink(template)).to.match(said))
  }
})

suite('a link that is filled in', () => {
  test('is no longer than the template may make it, also for the longest names that Kubernetes takes', () => {
    const names = { canary: 'c'.repeat(63), namespace: 'n'.repeat(63), target: 't'.repeat(253) }
    const o = at(advancing(10))
    const { canary } = o
    const { targetRef } = canary.spec
    const long = {
      ...o,
      names: { ...o.names, namespace: names.namespace, canary: names.canary },
      canary: { ...canary, spec: { ...canary.spec, targetRef: { ...targetRef, name: names.target } } },
    }
    const accepted = Array.from(
      { length: 40 },
      (_, n) => `https://jaeger.test/?q={target}${'x'.repeat(n * 20)}`,
    ).filter(template => problemOfTraceLink(template) === null)
    expect(accepted).to.have.length.greaterThan(10)
    for (const template of accepted) {
      const { traceLink } = traceOfPresentOrLast(linked(long, template), long)
      expect(traceLink.length).to.be.within(1, LONGEST_LINK)
    }
  })
})

suite('the templates of docs/traces.md', () => {
  const templates = [...read('docs/traces.md').text.matchAll(/traceLink: (\S+)/g)].map(([, template = '']) => template)

  test('are taken, and search what they say', () => {
    const o = at(failed(), { memory: remembers({ history: [ended] }) })
    const searches = templates.map(template => {
      expect(problemOfTraceLink(template)).to.equal(null)
      const link = linked(o, template)
      return Object.fromEntries(new URL(traceOfPresentOrLast(link, link).traceLink).searchParams)
    })
    const times = { start: '1000000', end: '61001000' }
    expect(searches).to.deep.equal([
      { ...times, service: 'web', tags: '{"error":"true","k8s.deployment.name":"web"}' },
      {
        ...times,
        service: 'istio-ingressgateway.istio-system',
        tags: '{"error":"true","upstream_cluster":"outbound|80||web-canary.shop.svc.cluster.local"}',
      },
    ])
  })
})

suite('the link to the traces of a run', () => {
  const state = advancing(10)
  const { startedAt, id } = state
  const running = linked(at(state))

  test('has the run that is under way, to a day after its start', () => {
    expect(traceOfPresentOrLast(running, running).traceLink).to.equal(
      `https://jaeger.test/search?service=web.shop&tags=%7B%22d%22%3A%22web%22%7D&start=${startedAt}000&end=${startedAt + 86_400_000}000&r=${short(candidate.revision)}&c=web`,
    )
  })

  test('has start and end of the last run once it is over', () => {
    const o = linked(at(failed(), { memory: remembers({ history: [ended] }) }))
    expect(traceOfPresentOrLast(o, o).traceLink).to.include('start=1000000&end=61001000')
    expect(traceLinkOf(o, o, ended.id, '')).to.include('start=1000000')
    expect(traceLinkOf(o, o, 'forgotten', ID)).to.equal('')
  })

  test('is not there before the first run, and without a template', () => {
    for (const o of [linked(at(resting())), linked(at(advancing(10)), '')])
      expect(traceOfPresentOrLast(o, o).traceLink).to.equal('')
  })

  test('needs the trace where it names it', () => {
    const o = linked(at(advancing(10)), TRACED)
    expect(traceOfPresentOrLast(o, o)).to.deep.equal({ traceId: '', traceLink: '' })
    const traces = [{ run: id, id: ID, parent: '', steps: [], sent: false }]
    const after = { ...o, memory: remembers({ traces }) }
    expect(traceOfPresentOrLast(o, after)).to.deep.equal({ traceId: ID, traceLink: `https://jaeger.test/trace/${ID}` })
  })

  test('is on Events of a run, and on no other', () => {
    expect(traceAnnotations(running, running)).to.have.all.keys('sluice.dev/trace-link')
    const rest = linked(at(failed(), { memory: remembers({ history: [ended] }) }))
    expect(traceAnnotations(rest, rest)).to.deep.equal({})
  })
})
