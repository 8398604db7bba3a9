/** Mutants for the laws of autoscalers. */
import { laws, type Mutant } from './mutant.ts'

const SCALERS = 'test/laws/autoscalers.laws.test.ts'

const FLOOR = 'src/core/machine/primary-floor.ts'

const SCALER_WRITES = 'src/core/render/autoscalers.ts'

export const mutantsOfAutoscalers: readonly Mutant[] = [
  ...laws(
    SCALERS,
    'the primary keeps its size while the canary has traffic',
    {
      without: 'the floor while the traffic is away',
      file: FLOOR,
      take: 'return withFloor(o, floorOf(o, before), null)',
      put: 'return withFloor(o, null, null)',
    },
    {
      without: 'waiting until the autoscaler has seen the traffic return',
      file: FLOOR,
      take: 'const SEEN: Milliseconds = 120_000',
      put: 'const SEEN: Milliseconds = 20_000',
    },
  ),
  ...laws(
    SCALERS,
    'of two autoscalers whose selectors overlap one acts at a time',
    {
      without: 'pausing the user’s before the first primary',
      file: 'src/core/render/primary.ts',
      take: 'return mayStartPrimary(o, posture) &&',
      put: 'return posture !== null &&',
    },
    {
      without: 'going on with the pause in a run',
      file: SCALER_WRITES,
      take: "if (!overlaps) return 'grows'",
      put: "return 'grows'",
    },
  ),
  ...laws(SCALERS, 'a target starts with as many pods as the primary has', {
    without: 'the size of the primary',
    file: 'src/core/render/autoscaling.ts',
    take: 'const wanted = Math.max(1, desired ?? 1, o.target?.replicas ?? 0, o.primary?.replicas ?? 0, limits?.min ?? 0)',
    put: 'const wanted = Math.max(1, o.target?.replicas ?? 0, limits?.min ?? 0)',
  }),
  ...laws(SCALERS, 'the target rests whatever its autoscaler finds', {
    without: 'the pause at rest',
    file: SCALER_WRITES,
    take: "    case 'none':\n      return { replicas: isLeftAlone(o) ? target.replicas : 0 }",
    put: "    case 'none':\n      return 'grows'",
  }),
  ...laws(
    SCALERS,
    'a deletion leaves the target with pods and its autoscaler as its user had it',
    {
      without: 'what is written once the primary is gone',
      file: 'src/core/render/render.ts',
      take: 'if (scalers.length > 0) return scalers',
      put: 'if (scalers.length > 99) return scalers',
    },
    {
      without: 'the pause until the metrics show the traffic',
      file: 'src/core/machine/rules/terminate.ts',
      take: 'if (now - since >= SEEN)',
      put: 'if (now >= since)',
    },
    {
      without: 'the values of the user',
      file: 'src/core/autoscalers/pause.ts',
      take: 'JSON.stringify({ canary, users, written: ours })',
      put: 'JSON.stringify({ canary, users: {}, written: ours })',
    },
  ),
]
