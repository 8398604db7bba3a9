/** Mutants for the laws of policies that select the target. */
import { laws, type Mutant } from './mutant.ts'

const POLICIES = 'test/laws/policies.laws.test.ts'

const POLICY_WRITES = 'src/core/render/policies.ts'

export const mutantsOfPolicies: readonly Mutant[] = [
  ...laws(POLICIES, 'the primary is covered by each policy of the target from its first pod on', {
    without: 'waiting for the copies',
    file: 'src/core/render/primary.ts',
    take: 'mayStartPrimary(o, posture) && missingCopies(o).length === 0',
    put: 'mayStartPrimary(o, posture)',
  }),
  ...laws(
    POLICIES,
    'what the user writes or deletes is followed at any moment',
    {
      without: 'the comparison with what is live',
      file: POLICY_WRITES,
      take: 'isAsRendered(live, wanted)) return []',
      put: 'live.kind === wanted.kind) return []',
    },
    {
      without: 'what is read of policies',
      file: 'src/core/policies/sides.ts',
      take: "labelMode(o) === 'switch' || topologyOf(o.canary.spec) === 'subsets'",
      put: "labelMode(o) === 'switch'",
    },
  ),
  ...laws(POLICIES, 'no policy of the primary goes before it', {
    without: 'what is to be there, as the list of what is kept',
    file: POLICY_WRITES,
    take: '[...parity.copies, ...parity.unequal].map(',
    put: 'parity.unequal.map(',
  }),
  ...laws(POLICIES, 'a deletion leaves the policies of the user and no copy', {
    without: 'the copies, which go before the finalizer',
    file: 'src/core/render/render.ts',
    take: 'if (policies.length > 0) return policies',
    put: 'if (policies.length > 99) return policies',
  }),
]
