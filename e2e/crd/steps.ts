/** Rows about the weights and steps of a run, and which of these fields exclude each other. */
import { bad, type Case, type Json, malformed } from './given.ts'

/** Weights that are none of the steps of 0.1, in each field that has weights. */
const offTheGrain: readonly (readonly [string, Json])[] = [
  ['a weight of 0', { stepWeights: [0, 50] }],
  ['less than a tenth', { stepWeights: [0.05, 50] }],
  ['a quarter of a percent', { stepWeights: [0.25, 50] }],
  ['a third as a step', { stepWeight: 33.33 }],
  ['a top between two tenths', { stepWeight: 10, maxWeight: 99.95 }],
  ['a step between two tenths', { steps: [{ weight: 0.15 }] }],
  ['a way down in twentieths', { stepWeightPromotion: 0.05 }],
  ['copies of an eighth', { mirror: true, mirrorWeight: 12.55 }],
  ['a sum of tenths that is none', { stepWeight: 0.30000000000000004 }],
]

export const steps: readonly Case[] = [
  bad('neither analysis nor skipAnalysis', { analysis: null }, 'write analysis (analysis: {} has sensible defaults)'),
  bad(
    'stepWeight and stepWeights',
    { analysis: { stepWeight: 10, stepWeights: [10, 50] } },
    'write one of stepWeight, stepWeights and steps',
  ),
  bad(
    'stepWeights and steps',
    { analysis: { stepWeights: [10, 50], steps: [{ weight: 10 }] } },
    'write one of stepWeight, stepWeights and steps',
  ),
  bad(
    'maxWeight beside stepWeights',
    { analysis: { maxWeight: 50, stepWeights: [10, 50] } },
    'maxWeight goes with stepWeight only',
  ),
  bad(
    'maxWeight beside steps',
    { analysis: { maxWeight: 50, steps: [{ weight: 10 }] } },
    'maxWeight goes with stepWeight only',
  ),
  bad('maxWeight alone', { analysis: { maxWeight: 50 } }, 'maxWeight goes with stepWeight only'),
  bad(
    'weights out of order',
    { analysis: { stepWeights: [10, 50, 25] } },
    'each weight must be above the one before it',
    'spec.analysis.stepWeights',
  ),
  bad(
    'the same weight twice',
    { analysis: { stepWeights: [10, 10, 25] } },
    'each weight must be above the one before it',
  ),
  bad(
    'steps out of order',
    { analysis: { steps: [{ weight: 50 }, { weight: 10 }] } },
    'the weight of each step must be above the one before it',
  ),
  bad(
    'the same step twice',
    { analysis: { steps: [{ weight: 50 }, { weight: 50 }] } },
    'the weight of each step must be above the one before it',
  ),
  malformed(
    'a weight above 100',
    { analysis: { stepWeight: 101 } },
    'must be at most 100, not 101',
    'should be less than or equal to 100',
  ),
  ...offTheGrain.map(([name, analysis]) => bad(name, { analysis }, 'a weight is percent in steps of 0.1')),
  malformed(
    'too many steps',
    { analysis: { steps: Array.from({ length: 51 }, (_, index) => ({ weight: index + 1 })) } },
    'must have at most 50 entries',
    'must have at most 50 items',
  ),
  malformed(
    'a threshold below 0',
    { analysis: { threshold: -1 } },
    'must be at least 0, not -1',
    'should be greater than or equal to 0',
  ),
]
