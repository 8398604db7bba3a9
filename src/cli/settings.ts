/** What of the flags of `sluice run` decides on releases. */
import type { Settings } from '../core/model/observation.ts'
import type { RunFlags } from './flags.ts'

/** @param around what flags alone do not say: the URLs of all metrics servers, and which webhooks are never called. */
export const settingsOf = (flags: RunFlags, around: Pick<Settings, 'metricsServers' | 'webhookRefusal'>): Settings => ({
  provider: flags.meshProvider,
  settle: flags.meshSettle,
  selectorLabels: flags.selectorLabels,
  ownerReferences: flags.ownerReferences,
  inlineQueries: flags.allowInlineQueries,
  rootNamespace: flags.istioRootNamespace,
  allowedHosts: flags.allowedHosts,
  allowedGateways: flags.allowedGateways,
  ingressAnnotationsPrefix: flags.ingressAnnotationsPrefix,
  ingressClasses: flags.ingressClasses,
  trackConfigs: flags.trackConfigs,
  traceLink: flags.traceLink ?? '',
  ...around,
})
