/** `spec.autoscalerRef`: what scales the target, and how its copy for the primary differs. The words are Flagger's. */
import { z } from 'zod'
import { apiVersionOf, kinds, type Kind } from './object.ts'
import { emptyCounts, objectName, ruled, texts } from './schema.ts'

/** Kinds of autoscaler; each is read and written in one version. */
const NAMES = ['HorizontalPodAutoscaler', 'ScaledObject'] as const
export type ScalerKindName = (typeof NAMES)[number]

const isScalerKind = (kind: string): kind is ScalerKindName => (NAMES as readonly string[]).includes(kind)
const listed = NAMES.map(name => `'${name}'`).join(', ')

/** The fields as rules see them: `kind` is any text before its own rule has judged it. */
interface Reference {
  readonly apiVersion: string
  readonly kind: string
  readonly primaryScalerQueries?: Readonly<Record<string, string>> | undefined
}

/** An old version of a kind is told to be written as the one that is read; the objects themselves are the same ones. */
const versionRule = (kind: Kind) => ({
  message: `with kind: ${kind.kind} write apiVersion: ${apiVersionOf(kind)}${kind === kinds.HorizontalPodAutoscaler ? ', under which Kubernetes serves every HorizontalPodAutoscaler, whatever version its manifest says' : ''}`,
  cel: `self.kind != '${kind.kind}' || self.apiVersion == '${apiVersionOf(kind)}'`,
  holds: (reference: Reference): boolean => reference.kind !== kind.kind || reference.apiVersion === apiVersionOf(kind),
})

/** So that `<name>-primary` is a name as well. */
const LONGEST_NAME = 245

/** A number of pods: 0 is no empty value here, and the primary serves. */
const pods = () =>
  emptyCounts(
    ruled(z.int().max(100_000), {
      message: 'must be at least 1: the primary serves',
      cel: 'self >= 1',
      holds: count => count >= 1,
    }),
  ).exactOptional()

const PrimaryScalerReplicas = ruled(
  z.object({
    minReplicas: pods().describe("Fewest pods of the primary. Left out: the autoscaler's own minimum, at least 1."),
    maxReplicas: pods().describe("Most pods of the primary. Left out: the autoscaler's own maximum."),
  }),
  {
    message: 'minReplicas must not be above maxReplicas',
    cel: '!has(self.minReplicas) || !has(self.maxReplicas) || self.minReplicas <= self.maxReplicas',
    holds: ({ minReplicas = 0, maxReplicas = Number.POSITIVE_INFINITY }) => minReplicas <= maxReplicas,
  },
)

/** The schema of `spec.autoscalerRef`. */
export const AutoscalerRef = ruled(
  z.object({
    apiVersion: z.string().max(253).describe('`autoscaling/v2` or `keda.sh/v1alpha1`.'),
    kind: ruled(z.string().max(63), {
      message: 'write HorizontalPodAutoscaler, or ScaledObject for KEDA',
      cel: `self in [${listed}]`,
      holds: isScalerKind,
    })
      .describe('`HorizontalPodAutoscaler` or `ScaledObject`.')
      // What the rule lets through is one of them.
      .transform(kind => kind as ScalerKindName),
    name: objectName()
      .max(LONGEST_NAME)
      .describe('Name of the autoscaler, in the same namespace. It scales the target.'),
    primaryScalerReplicas: PrimaryScalerReplicas.exactOptional().describe(
      "Limits of the primary's autoscaler where they differ from the target's.",
    ),
    primaryScalerQueries: texts({ entries: 20, length: 4096 })
      .exactOptional()
      .describe(
        "Queries of the primary's ScaledObject, by the name of the trigger. With any, no query is rewritten; without, `<target>` and `<target>-canary` in the queries of Prometheus triggers become `<target>-primary`.",
      ),
  }),
  ...NAMES.map(name => versionRule(kinds[name])),
  {
    message: 'primaryScalerQueries belongs to a ScaledObject: remove it',
    cel: "!has(self.primaryScalerQueries) || self.kind == 'ScaledObject'",
    holds: ({ kind, primaryScalerQueries }: Reference) =>
      primaryScalerQueries === undefined || kind === kinds.ScaledObject.kind,
  },
)
