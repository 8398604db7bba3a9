/** Retries, timeouts, faults, mirrors, and answers of the proxy itself. */
import { type Case, type Json, mesh, type Scene, versions } from './mesh.scene.ts'

const on = (retryOn: string, more: Json = {}): Json => ({ retries: { attempts: 2, retryOn, ...more } })
const alone = (part: string, more: Json) => (scene: Scene) => scene.virtualService([scene.route(part, more)])
const closed = (more: Json) => (scene: Scene) =>
  scene
    .service('closed', versions.v1, [{ name: 'http', port: 80, targetPort: 9999 }])
    .virtualService([scene.route('closed', more)])

export const policies: readonly Case[] = [
  mesh('errors of an application are not retried by default', alone('bad', {}), {
    answers: { bad: 0.5, '500 bad': 0.5 },
  }),
  mesh('retries on 5xx: callers see fewer errors, the pods every try', alone('bad', on('5xx')), {
    answers: { bad: 0.875, '500 bad': 0.125 },
    flags: { '500 URX': 0.125 },
    received: { bad: 1.75 },
  }),
  mesh('retries on a code', alone('bad', on('500')), {
    answers: { bad: 0.875, '500 bad': 0.125 },
    flags: { '500 URX': 0.125 },
    received: { bad: 1.75 },
  }),
  mesh('retries on gateway errors, of which 500 is none', alone('bad', on('gateway-error')), {
    answers: { bad: 0.5, '500 bad': 0.5 },
  }),
  mesh('no retries', alone('bad', { retries: { attempts: 0 } }), { answers: { bad: 0.5, '500 bad': 0.5 } }),
  mesh('a port where nobody listens, tried again by default', closed({}), {
    answers: { 503: 1 },
    flags: { '503 URX,UF': 1 },
    received: {},
  }),
  mesh('a port where nobody listens, without retries', closed({ retries: { attempts: 0 } }), {
    answers: { 503: 1 },
    flags: { '503 UF': 1 },
    received: {},
  }),
  mesh('a timeout that is too short', alone('slow', { timeout: '0.1s' }), {
    answers: { 504: 1 },
    flags: { '504 UT': 1 },
    received: { slow: 1 },
  }),
  mesh('a timeout that is long enough', alone('slow', { timeout: '5s' }), { answers: { slow: 1 } }),
  mesh('a timeout of each try', alone('slow', on('5xx', { attempts: 1, perTryTimeout: '100ms' })), {
    answers: { 504: 1 },
    flags: { '504 URX,UT': 1 },
    received: { slow: 2 },
  }),
  mesh(
    'a timeout of each try that is not tried again',
    alone('slow', on('connect-failure', { perTryTimeout: '100ms' })),
    {
      answers: { 504: 1 },
      flags: { '504 UT': 1 },
      received: { slow: 1 },
    },
  ),
  mesh('an injected error', alone('v1', { fault: { abort: { httpStatus: 418, percentage: { value: 30 } } } }), {
    answers: { v1: 0.7, 418: 0.3 },
    flags: { '418 FI': 0.3 },
  }),
  mesh('an injected delay', alone('v1', { fault: { delay: { fixedDelay: '0.1s', percentage: { value: 50 } } } }), {
    answers: { v1: 1 },
    flags: { '200 DI': 0.5 },
  }),
  mesh(
    'a delay does not count against the timeout',
    alone('v1', { timeout: '0.2s', fault: { delay: { fixedDelay: '0.3s', percentage: { value: 100 } } } }),
    { answers: { v1: 1 }, flags: { '200 DI': 1 } },
  ),
  mesh(
    'an injected delay and error',
    alone('v1', {
      fault: {
        delay: { fixedDelay: '0.1s', percentage: { value: 100 } },
        abort: { httpStatus: 500, percentage: { value: 100 } },
      },
    }),
    { answers: { 500: 1 }, flags: { '500 DI,FI': 1 } },
  ),
  mesh(
    'copies of all requests',
    scene => scene.virtualService([scene.route('v1', { mirror: { host: scene.name('v2') } })]),
    {
      answers: { v1: 1 },
      received: { v1: 1, v2: 1 },
    },
  ),
  mesh(
    'copies of some requests',
    scene =>
      scene.virtualService([
        scene.route('v1', { mirror: { host: scene.name('v2') }, mirrorPercentage: { value: 25 } }),
      ]),
    { answers: { v1: 1 }, received: { v1: 1, v2: 0.25 } },
  ),
  mesh(
    'copies to several',
    scene =>
      scene.virtualService([
        scene.route('v1', {
          mirrors: [
            { destination: { host: scene.name('v2') }, percentage: { value: 50 } },
            { destination: { host: scene.name('slow') } },
          ],
        }),
      ]),
    { answers: { v1: 1 }, received: { v1: 1, v2: 0.5, slow: 1 } },
  ),
  mesh(
    'copies to nobody',
    scene => scene.virtualService([scene.route('v1', { mirror: { host: scene.name('nobody') } })]),
    {
      answers: { v1: 1 },
    },
  ),
  mesh('a redirect', scene => scene.virtualService([{ redirect: { uri: '/elsewhere' } }]), { answers: { 301: 1 } }),
  mesh('a direct response', scene => scene.virtualService([{ directResponse: { status: 429 } }]), {
    answers: { 429: 1 },
  }),
  mesh(
    'what does not change who answers',
    alone('v2', {
      rewrite: { uri: '/other' },
      headers: { request: { set: { 'x-added': 'yes' } } },
      corsPolicy: { allowOrigins: [{ exact: 'https://example.com' }] },
    }),
    { answers: { v2: 1 } },
  ),
]
