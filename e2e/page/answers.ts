/** Answers of the fake server: charts that look like a run, and what the details show. */
import type { Charts, ChartLine, Problem, StreamLine } from '../../src/server/dashboard/protocol.ts'
import type { View } from '../../src/core/view/view.ts'
import { detailOf, now } from './canaries.ts'
import { type Answers, mayAll } from './fake-server.ts'

const FROM = now - 6 * 60_000
const STEP = 2000

/** A wave that is the same in every picture. */
const wave = (index: number, size: number): number => Math.sin(index / 7) * size + Math.sin(index / 2.3) * size * 0.4

const points = (side: ChartLine['side'], value: (index: number) => number | null): ChartLine => ({
  side,
  points: Array.from({ length: 180 }, (_, index) => [FROM + index * STEP, value(index)] as const),
})

export const charts: Charts = {
  from: FROM,
  to: now,
  step: STEP,
  revision: 'h1:8b21a3ccf0',
  charts: [
    {
      name: 'request-success-rate',
      unit: '%',
      min: 99,
      lines: [
        points('canary', index =>
          index < 30 || (index > 90 && index < 96) ? null : Math.min(100, 99.7 + wave(index, 0.2)),
        ),
        points('primary', index => Math.min(100, 99.9 + wave(index, 0.05))),
      ],
    },
    {
      name: 'request-duration',
      unit: 'ms',
      max: 500,
      lines: [
        points('canary', index => (index < 30 ? null : 220 + wave(index, 40))),
        points('primary', index => 190 + wave(index + 4, 25)),
      ],
    },
    {
      name: 'requests',
      unit: 'req/s',
      lines: [
        points('canary', index => (index < 30 ? 0 : index < 100 ? 2.1 + wave(index, 0.2) : 5 + wave(index, 0.4))),
        points('primary', index => (index < 30 ? 20 : index < 100 ? 18 + wave(index, 1) : 15 + wave(index, 1))),
      ],
    },
  ],
}

export const noHistory: Charts = {
  from: FROM,
  to: now,
  step: STEP,
  revision: 'h1:8b21a3ccf0',
  charts: [],
  noHistory: 'the controller reaches its Prometheus, and this machine does not (connect ECONNREFUSED)',
}

const defaults: Answers = {
  about: { version: '0.1.0', mode: 'cluster', readOnly: false, signedIn: true },
  session: { token: 'session-token' },
  whoami: { user: 'kim@example.com', groups: ['system:authenticated'], namespaces: { kind: 'all' } },
  stream: [],
  charts,
  pods: {
    canary: [
      {
        name: 'web-8b21a3ccf0-x2x7k',
        image: 'registry.example.com/shop/web:2',
        ready: false,
        restarts: 4,
        createdAt: now - 180_000,
        state: 'CrashLoopBackOff',
        message: 'back-off 40s restarting failed container',
      },
      {
        name: 'web-8b21a3ccf0-p9s4d',
        image: 'registry.example.com/shop/web:2',
        ready: true,
        restarts: 0,
        createdAt: now - 180_000,
        state: 'Running',
      },
    ],
    primary: [
      {
        name: 'web-primary-790dc1af77-llq2m',
        image: 'registry.example.com/shop/web:1',
        ready: true,
        restarts: 0,
        createdAt: now - 90_000_000,
        state: 'Running',
      },
    ],
    more: 0,
  },
  objects: {
    items: [
      { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', role: 'runs the candidate', state: 'present' },
      {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        name: 'web-primary',
        role: 'runs the promoted revision',
        state: 'present',
      },
      { apiVersion: 'v1', kind: 'Service', name: 'web', role: 'what callers use', state: 'present' },
      {
        apiVersion: 'networking.istio.io/v1',
        kind: 'VirtualService',
        name: 'web',
        role: 'splits the traffic',
        state: 'unread',
      },
    ],
    unread: ['VirtualService: virtualservices.networking.istio.io "web" is forbidden'],
  },
  diff: {
    promoted: 'h1:790dc1af7752',
    candidate: 'h1:8b21a3ccf0d1',
    lines: [
      { mark: '…', text: '6 equal lines' },
      { mark: ' ', text: '  containers:' },
      { mark: '-', text: '  - image: registry.example.com/shop/web:1' },
      { mark: '+', text: '  - image: registry.example.com/shop/web:2' },
      { mark: ' ', text: '    name: web' },
    ],
  },
  events: {
    items: [
      { at: now - 4000, type: 'Normal', reason: 'Advancing', message: 'Weight 10 of 8b21a3ccf0 (web:2)', count: 1 },
      {
        at: now - 64_000,
        type: 'Warning',
        reason: 'CheckFailed',
        message: 'request-success-rate 87.7 % is below 99 % (1 of 5 failed checks)',
        count: 3,
      },
    ],
  },
  commands: { id: 'page-1' },
}

export const answers = (more: Partial<Answers>): Answers => ({ ...defaults, ...more })

/** The answers for one canary. */
export const forCanary = (view: View, more: Partial<Answers> = {}): Answers => {
  const stream: StreamLine[] = [
    { kind: 'canary', canary: detailOf(view) },
    { kind: 'rights', rights: mayAll },
  ]
  return answers({ stream, ...more })
}

export const problem = (code: Problem['code'], sentence: string): Problem => ({ code, sentence })
