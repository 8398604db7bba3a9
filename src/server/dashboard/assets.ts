/** The bundle of the page, served from memory: files whose names hold a hash of their content are kept by browsers for ever. */
import { createHash } from 'node:crypto'
import { readdirSync, readFileSync } from 'node:fs'
import { extname, join } from 'node:path'

export interface Asset {
  readonly type: string
  readonly body: Buffer
  readonly etag: string
  readonly cacheControl: string
}

/** Path of the request → file. */
export type Assets = ReadonlyMap<string, Asset>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.txt': 'text/plain; charset=utf-8',
}

/** `main-3KXW7QZL.js`, as esbuild names what it hashes. */
const HASHED = /-[A-Z0-9]{8,}\.\w+$/

/**
 * Reads `index.html` and `assets/` of a folder. @throws Error of the file system when there is no index.html.
 */
export function readAssets(folder: string): Assets {
  const assets = new Map<string, Asset>()
  assets.set('/', assetOf('index.html', readFileSync(join(folder, 'index.html'))))
  for (const entry of readdirSync(join(folder, 'assets'), { withFileTypes: true })) {
    if (!entry.isFile() || types[extname(entry.name)] === undefined) continue
    assets.set(`/assets/${entry.name}`, assetOf(entry.name, readFileSync(join(folder, 'assets', entry.name))))
  }
  return assets
}

/** One file as it is served. */
export function assetOf(name: string, body: Buffer): Asset {
  return {
    type: types[extname(name)] ?? 'application/octet-stream',
    body,
    etag: `"${createHash('sha256').update(body).digest('base64url').slice(0, 22)}"`,
    cacheControl: HASHED.test(name) ? 'public, max-age=31536000, immutable' : 'no-cache',
  }
}
