/** Where our mesh answers otherwise than istiod and Envoy, by the name of the case, and why. Nothing else may differ. */

export const differences: Readonly<Record<string, string>> = {}
