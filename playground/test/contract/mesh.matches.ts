/** Which requests a route takes. */
import { type Asked, type Case, type Json, mesh } from './mesh.scene.ts'

/** A route that asks for something goes to v2, all the rest to v1. */
const matching = (name: string, match: Json | readonly Json[], asked: Asked, fits: boolean): Case =>
  mesh(
    name,
    scene => scene.virtualService([{ ...scene.route('v2'), match: [match].flat() }, scene.route('v1')]),
    { answers: { [fits ? 'v2' : 'v1']: 1 } },
    asked,
  )

const x = (value: string): Asked => ({ headers: { 'x-user': value } })
const header = (rule: Json): Json => ({ headers: { 'x-user': rule } })

export const matches: readonly Case[] = [
  matching('a header, exactly', header({ exact: 'ann' }), x('ann'), true),
  matching('another value of the header', header({ exact: 'ann' }), x('Ann'), false),
  matching('the beginning of a header', header({ prefix: 'an' }), x('ann'), true),
  matching('a header by a regular expression, all of it', header({ regex: 'a.n' }), x('ann2'), false),
  matching('the presence of a header', header({}), x('anybody'), true),
  matching('a header that is not to be there', { withoutHeaders: { 'x-user': {} } }, {}, true),
  matching(
    'a value that a header must not have, without the header',
    { withoutHeaders: { 'x-user': { exact: 'ann' } } },
    {},
    true,
  ),
  matching(
    'a value that a header must not have, with it',
    { withoutHeaders: { 'x-user': { exact: 'ann' } } },
    x('ann'),
    false,
  ),
  matching('a path, exactly, whatever its query', { uri: { exact: '/a' } }, { path: '/a?b=c' }, true),
  matching('the beginning of a path, within a word', { uri: { prefix: '/ab' } }, { path: '/abc' }, true),
  matching('a path by a regular expression', { uri: { regex: '/[0-9]+' } }, { path: '/42' }, true),
  matching('a path in other letters', { uri: { exact: '/AB' }, ignoreUriCase: true }, { path: '/ab' }, true),
  matching('a method', { method: { exact: 'POST' } }, { method: 'POST' }, true),
  matching('a parameter of the query', { queryParams: { user: { exact: 'ann' } } }, { path: '/?user=ann' }, true),
  matching(
    'a parameter of the query that is not there',
    { queryParams: { user: { exact: 'ann' } } },
    { path: '/?other=ann' },
    false,
  ),
  matching('all conditions of a match', { ...header({ exact: 'ann' }), uri: { exact: '/a' } }, x('ann'), false),
  matching('any match of several', [header({ exact: 'bob' }), { uri: { exact: '/' } }], x('ann'), true),
  matching('labels of the caller', { sourceLabels: { app: 'client' } }, {}, true),
  matching('labels that the caller has not', { sourceLabels: { app: 'other' } }, {}, false),
  matching("a namespace that is not the caller's", { sourceNamespace: 'elsewhere' }, {}, false),
  mesh(
    'the first of two that fit',
    scene =>
      scene.virtualService([
        { ...scene.route('v2'), match: [{ uri: { prefix: '/' } }] },
        { ...scene.route('v1'), match: [{ uri: { exact: '/' } }] },
      ]),
    { answers: { v2: 1 } },
  ),
  mesh(
    'a route for a gateway only',
    scene =>
      scene.virtualService([{ ...scene.route('v2'), match: [{ gateways: [scene.gateway] }] }, scene.route('v1')], {
        gateways: [scene.gateway, 'mesh'],
      }),
    { answers: { v1: 1 } },
  ),
]
