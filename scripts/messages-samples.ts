/**
 * What stands for an expression in a sample of docs/messages.md, by the expression's text; the first that matches counts. An
 * expression without an entry is shown by its name, as ‹last manager›: the page is right without any entry, only harder to read.
 */
export const samples: readonly (readonly [expression: RegExp, sample: string])[] = [
  [/names\.primary\.name$/, 'web-primary'],
  [/names\.target\.name$/, 'web'],
  [/names\.canaryService\.name$/, 'web-canary'],
  [/names\.primaryService\.name$/, 'web-primary'],
  [/names\.apexService\.name$/, 'web'],
  [/names\.virtualService\.name$/, 'web'],
  [/^short\(.*candidate/, '790dc1af77'],
  [/^short\(.*promoted/, 'b5db799a80'],
  [/^short\(/, '790dc1af77'],
  [/^called\(/, 'Deployment shop/web'],
  [/^pods\(/, '2 pods'],
  [/^durationText\(|^formatDuration\(|^seconds\(/, '30s'],
  [/^listedInWords\(/, 'app and tier'],
  [/(^|\.)namespace$/, 'shop'],
  [/(^|\.)(to|weight|shown)$/, '20'],
  [/(^|\.)(from|before)$/, '10'],
  [/(^|\.)threshold$/, '3'],
  [/failedChecks$/, '3'],
  [/gateway$/, 'istio-system/public'],
  [/host$/, 'shop.example.com'],
  [/port$/, '8080'],
  [/(^|\.)who$/, 'kim'],
  [/manager$/i, 'kubectl'],
  [/(^|\.)kind$/, 'Deployment'],
  [/(^|\.)plural$/, 'deployments'],
  [/metadata\.name$/, 'web'],
]
