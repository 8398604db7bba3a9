/** Where our Prometheus answers otherwise than the real one, by the name of the case, and why. Nothing else may differ. */

const notPlayed = 'refused: neither the built-ins nor the documented queries need it'

export const differences: Readonly<Record<string, string>> = {
  'count_values("v", heat) at 600': notPlayed,
  'predict_linear(heat[5m], 60) at 600': notPlayed,
  'deriv(heat[5m]) at 600': notPlayed,
  'day_of_week() at 600': notPlayed,
  'max_over_time(rate(requests_total[1m])[5m:1m]) at 600': notPlayed,
  'heat @ 1700000300 at 600': notPlayed,
  'quantile(0.5, requests_total) at 600': notPlayed,
  'stddev(heat) at 600': notPlayed,
  'changes(heat[5m]) at 600': notPlayed,
  'sqrt(heat) at 600': notPlayed,
  '2 atan2 3 at 600': notPlayed,
}
