/** Rows about fields that cannot be changed. */
import { type Case, changed, subsets } from './given.ts'

export const changes: readonly Case[] = [
  changed('the target', {}, { targetRef: { name: 'other' }, service: { name: 'web' } }, 'the target cannot be changed'),
  changed('service.name', { service: { name: 'a' } }, { service: { name: 'b' } }, 'service.name cannot be changed'),
  changed('service.name, said at last', {}, { service: { name: 'other' } }, 'service.name cannot be changed'),
  changed('service.name, said as it was', {}, { service: { name: 'web' } }, null),
  changed(
    'primary.labels',
    { primary: { labels: 'keep' } },
    { primary: { labels: 'switch' } },
    'primary.labels cannot be changed',
  ),
  changed('primary.labels, taken back', { primary: { labels: 'keep' } }, {}, 'primary.labels cannot be changed'),
  changed('primary.labels, said at last', {}, { primary: { labels: 'keep' } }, null),
  changed(
    'to own VirtualServices',
    {},
    { service: { virtualServices: [{ name: 'web' }] } },
    'the way of splitting cannot be changed',
  ),
  changed(
    'from own VirtualServices',
    { service: { virtualServices: [{ name: 'web' }] } },
    {},
    'the way of splitting cannot be changed',
  ),
  changed('to subsets', {}, { service: { destinationRule: subsets } }, 'the way of splitting cannot be changed'),
  changed(
    'another of the own VirtualServices',
    { service: { virtualServices: [{ name: 'a' }] } },
    { service: { virtualServices: [{ name: 'b' }] } },
    'an entry cannot be removed',
  ),
  changed(
    'one more of the own VirtualServices',
    { service: { virtualServices: [{ name: 'a' }] } },
    { service: { virtualServices: [{ name: 'a' }, { name: 'b' }] } },
    null,
  ),
  changed(
    'the routes of an own VirtualService',
    { service: { virtualServices: [{ name: 'a', routes: [{ name: 'x' }] }] } },
    { service: { virtualServices: [{ name: 'a', routes: [{ name: 'y' }] }] } },
    'an entry cannot be changed',
  ),
  changed(
    'the subsets',
    { service: { destinationRule: subsets } },
    { service: { destinationRule: { ...subsets, name: 'another' } } },
    'destinationRule cannot be changed',
  ),
  changed('service.name, said as nothing', {}, { service: { name: '' } }, null),
  changed(
    'from own VirtualServices to none',
    { service: { virtualServices: [{ name: 'web' }] } },
    { service: { virtualServices: [] } },
    'the way of splitting cannot be changed',
  ),
  changed(
    'from subsets to nothing',
    { service: { destinationRule: subsets } },
    { service: { destinationRule: {} } },
    'the way of splitting cannot be changed',
  ),
  changed('headless', {}, { service: { headless: true } }, 'headless cannot be changed'),
  changed('headless, said as it was', {}, { service: { headless: false } }, null),
  changed('the ladder', {}, { analysis: { stepWeights: [5, 100] } }, null),
]
