/** Rows for `spec.autoscalerRef`. */
import { bad, type Case, good, type Json, malformed } from './given.ts'

const horizontal = { apiVersion: 'autoscaling/v2', kind: 'HorizontalPodAutoscaler', name: 'web' }
const scaledObject = { apiVersion: 'keda.sh/v1alpha1', kind: 'ScaledObject', name: 'web' }

const naming = (reference: Json): Json => ({ autoscalerRef: reference })
const at = 'spec.autoscalerRef'

export const autoscalers: readonly Case[] = [
  good(
    'a HorizontalPodAutoscaler, and limits for the primary',
    naming({ ...horizontal, primaryScalerReplicas: { minReplicas: 2, maxReplicas: 5 } }),
  ),
  good('one limit for the primary', naming({ ...horizontal, primaryScalerReplicas: { maxReplicas: 5 } })),
  good(
    'a ScaledObject, and queries for the primary',
    naming({ ...scaledObject, primaryScalerQueries: { requests: 'sum(rate(requests{app="web-primary"}[1m]))' } }),
  ),
  bad(
    'an old version of the HorizontalPodAutoscaler',
    naming({ ...horizontal, apiVersion: 'autoscaling/v2beta2' }),
    'with kind: HorizontalPodAutoscaler write apiVersion: autoscaling/v2,',
    at,
  ),
  bad(
    'the first version of the HorizontalPodAutoscaler',
    naming({ ...horizontal, apiVersion: 'autoscaling/v1' }),
    'under which Kubernetes serves every HorizontalPodAutoscaler',
    at,
  ),
  bad(
    'a ScaledObject under the version of the other kind',
    naming({ ...scaledObject, apiVersion: 'autoscaling/v2' }),
    'with kind: ScaledObject write apiVersion: keda.sh/v1alpha1',
    at,
  ),
  bad(
    'a VerticalPodAutoscaler',
    naming({ apiVersion: 'autoscaling.k8s.io/v1', kind: 'VerticalPodAutoscaler', name: 'web' }),
    'write HorizontalPodAutoscaler, or ScaledObject for KEDA',
    `${at}.kind`,
  ),
  bad(
    'a minimum above the maximum',
    naming({ ...horizontal, primaryScalerReplicas: { minReplicas: 6, maxReplicas: 5 } }),
    'minReplicas must not be above maxReplicas',
    `${at}.primaryScalerReplicas`,
  ),
  bad(
    'a primary of no pods',
    naming({ ...scaledObject, primaryScalerReplicas: { minReplicas: 0 } }),
    'must be at least 1: the primary serves',
    `${at}.primaryScalerReplicas.minReplicas`,
  ),
  bad(
    'a primary of no pods at most',
    naming({ ...horizontal, primaryScalerReplicas: { maxReplicas: 0 } }),
    'must be at least 1: the primary serves',
    `${at}.primaryScalerReplicas.maxReplicas`,
  ),
  bad(
    'queries for a HorizontalPodAutoscaler',
    naming({ ...horizontal, primaryScalerQueries: { requests: 'sum(x)' } }),
    'primaryScalerQueries belongs to a ScaledObject: remove it',
    at,
  ),
  malformed(
    'a name whose copy would have none',
    naming({ ...horizontal, name: 'w'.repeat(246) }),
    'must have at most 245 characters',
    'may not be more than 245',
    `${at}.name`,
  ),
]
