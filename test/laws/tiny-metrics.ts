/** The metrics server: what it answers follows from the world's mood alone. */
import type { Check, Finding } from '../../src/core/model/check.ts'
import { canaryShare } from './tiny-mesh.ts'
import type { TinyWorld } from './tiny-world.ts'

const value = (number: number): Finding => ({ kind: 'value', value: number })

/** Requests in any window; enough to tell a split by. */
const MANY = 10_000

export function answer(world: TinyWorld, { id, subject }: Check): Finding {
  const { mood } = world.weather
  if (mood === 'down') return { kind: 'unavailable', error: 'connect ECONNREFUSED' }
  if (mood === 'refused') return { kind: 'refused', error: 'parse error' }
  const bad = mood === 'bad'
  switch (subject.measure) {
    case 'requests':
      return subject.side === 'primary' || mood !== 'silent' ? value(subject.side === 'primary' ? 10 : 1000) : none
    case 'errors':
    case 'untold':
    case 'caller-failures':
    case 'disconnects':
    case 'plaintext':
    case 'resets':
      return value(bad && subject.measure === 'errors' ? 500 : 0)
    case 'mutual-tls':
      return mood === 'silent' ? none : value(1000)
    case 'sent':
      return value(10)
    case 'lost':
      return mood === 'misrouted' && id.endsWith('/now') ? value(5) : none
    case 'past-waypoint':
      return none
    case 'latency':
      return mood === 'silent' ? none : value(bad ? 2000 : 50)
    case 'value':
      return mood === 'silent' ? none : value(bad ? 0 : 100)
    case 'probe': {
      if (mood === 'silent') return none
      const share = mood === 'not carried' ? 0 : canaryShare(world).low
      return value((MANY * (subject.side === 'canary' ? share : 100 - share)) / 100)
    }
  }
}

const none: Finding = { kind: 'no-data', because: 'nothing matched' }
