/** The formats of texts that an API server knows (https://pkg.go.dev/k8s.io/kube-openapi/pkg/validation/strfmt). */
import { isIPv4, isIPv6 } from 'node:net'

const matches =
  (pattern: RegExp) =>
  (text: string): boolean =>
    pattern.test(text)

const formats: Readonly<Record<string, (text: string) => boolean>> = {
  'date-time': text => /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d:\d\d/.test(text) && !Number.isNaN(Date.parse(text)),
  date: matches(/^\d{4}-\d\d-\d\d$/),
  duration: matches(/^([+-]?(\d+([.]\d*)?|[.]\d+)(ns|us|µs|ms|s|m|h|d|w))+$|^\d+ (nano|micro|milli)?sec(ond)?s?$/),
  ipv4: isIPv4,
  ipv6: isIPv6,
  cidr: text => /^[^/]+[/]\d+$/.test(text) && (isIPv4(text.split('/')[0] ?? '') || isIPv6(text.split('/')[0] ?? '')),
  uri: text => URL.canParse(text),
  email: matches(/^[^@\s]+@[^@\s]+$/),
  hostname: matches(/^([a-zA-Z0-9]([-a-zA-Z0-9]{0,61}[a-zA-Z0-9])?[.]?)+$/),
  uuid: matches(/^[0-9a-f]{8}-?([0-9a-f]{4}-?){3}[0-9a-f]{12}$/i),
  byte: matches(/^([A-Za-z0-9+/]{4})*([A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=)?$/),
}

/** Whether a text has a format; every text has one that is not known. */
export const hasFormat = (text: string, format: string): boolean => formats[format]?.(text) ?? true
