/** Who may import whom: the architecture, as a test. */
import { expect } from 'chai'
import { readdirSync, readFileSync } from 'node:fs'
import { dirname, join, relative, resolve } from 'node:path'

/** Folder of src → what its files may import: folders of ours, packages, Node's own modules. */
const rules: Readonly<Record<string, readonly string[]>> = {
  api: ['api', 'zod', 'yaml'],
  core: ['core', 'api'],
  runtime: ['runtime', 'core', 'api', 'node'],
  controller: ['controller', 'runtime', 'core', 'api'],
  adapters: ['adapters', 'core', 'api', 'node', 'package'],
  server: ['server', 'runtime', 'core', 'api', 'node', 'yaml'],
  import: ['import', 'core', 'api', 'yaml'],
  cli: ['cli', 'import', 'controller', 'runtime', 'core', 'api', 'node', 'commander', 'yaml'],
}

const root = resolve(import.meta.dirname, '..', 'src')
const files = readdirSync(root, { recursive: true, encoding: 'utf8' }).filter(file => file.endsWith('.ts'))
const importsOf = (text: string): string[] =>
  [
    ...text.matchAll(/^(?:import|export)(?: type)?(?: [\w*]+(?: as \w+)?,?)?(?: ?\{[^}]*\})?(?: from)? '([^']+)'/gm),
  ].map(found => found[1] ?? '')

function folderOf(from: string, specifier: string): string {
  if (specifier.startsWith('node:')) return 'node'
  if (!specifier.startsWith('.')) return specifier
  return relative(root, resolve(dirname(join(root, from)), specifier)).split('/')[0] ?? ''
}

suite('the import rule', () => {
  test('finds the imports of all files', () => {
    const found = files.flatMap(file => importsOf(readFileSync(join(root, file), 'utf8')))
    expect(found.length).to.be.greaterThan(2 * files.length)
  })

  for (const [folder, allowed] of Object.entries(rules)) {
    test(`src/${folder} imports nothing but ${allowed.join(', ')}`, () => {
      const own = files.filter(file => file.startsWith(`${folder}/`))
      const wrong = own.flatMap(file =>
        importsOf(readFileSync(join(root, file), 'utf8')).flatMap(specifier => {
          const imported = folderOf(file, specifier)
          const isPackage = !specifier.startsWith('.') && imported !== 'node'
          const fine = allowed.includes(imported) || (isPackage && allowed.includes('package'))
          return fine ? [] : [`${file} imports ${specifier}`]
        }),
      )
      expect(own, 'no such folder').to.not.have.lengthOf(0)
      expect(wrong).to.deep.equal([])
    })
  }

  test('adapters do not import each other; all may use adapters/http', () => {
    const wrong = files
      .filter(file => file.startsWith('adapters/'))
      .flatMap(file =>
        importsOf(readFileSync(join(root, file), 'utf8'))
          .filter(specifier => specifier.startsWith('.'))
          .map(specifier => relative(root, resolve(dirname(join(root, file)), specifier)).split('/'))
          .filter(
            ([folder, room = '']) =>
              folder === 'adapters' && room !== file.split('/')[1] && room !== 'http' && !room.endsWith('.ts'),
          )
          .map(imported => `${file} imports ${imported.join('/')}`),
      )
    expect(wrong).to.deep.equal([])
  })

  test('only main.ts imports app.ts, only these two import connect.ts, and only these three and dashboard.ts import adapters: main.ts the clocks alone', () => {
    const importers = (of: (path: string) => boolean): string[] =>
      files.filter(file =>
        importsOf(readFileSync(join(root, file), 'utf8')).some(
          specifier => specifier.startsWith('.') && of(relative(root, resolve(dirname(join(root, file)), specifier))),
        ),
      )
    expect(importers(path => path === 'app.ts')).to.deep.equal(['main.ts'])
    expect(importers(path => path === 'connect.ts')).to.have.members(['app.ts', 'main.ts'])
    const wiring = importers(path => path.startsWith('adapters/')).filter(file => !file.startsWith('adapters/'))
    expect(wiring).to.have.members(['app.ts', 'connect.ts', 'dashboard.ts', 'main.ts'])
    const ofMain = importsOf(readFileSync(join(root, 'main.ts'), 'utf8')).filter(path => path.includes('adapters/'))
    expect(ofMain).to.deep.equal(['./adapters/clock.ts'])
  })

  test('the controller loads nothing of the page: only dashboard.ts imports it, and main.ts that when it is asked to', () => {
    const importing = (of: (path: string) => boolean): string[] =>
      files.filter(file =>
        importsOf(readFileSync(join(root, file), 'utf8')).some(
          specifier => specifier.startsWith('.') && of(relative(root, resolve(dirname(join(root, file)), specifier))),
        ),
      )
    const outside = importing(path => path.startsWith('server/dashboard/')).filter(
      file => !file.startsWith('server/dashboard/'),
    )
    expect(outside).to.deep.equal(['dashboard.ts'])
    expect(importing(path => path === 'dashboard.ts')).to.deep.equal([])
  })

  test('the playground knows the API and four files of the core, so it cannot confirm a mistake of ours; src does not know it', () => {
    const shared = ['time', 'errors', 'ports', 'json'].map(name => `src/core/${name}.ts`)
    const home = resolve(root, '..')
    const targetsOf = (file: string): string[] =>
      importsOf(readFileSync(join(home, file), 'utf8'))
        .filter(specifier => specifier.startsWith('.'))
        .map(specifier => relative(home, resolve(dirname(join(home, file)), specifier)))
    const own = readdirSync(join(home, 'playground'), { recursive: true, encoding: 'utf8' })
      .filter(file => file.endsWith('.ts') && !/^(test|node_modules)\//.test(file))
      .map(file => `playground/${file}`)
    const wrong = own.flatMap(file =>
      targetsOf(file)
        .filter(path => !path.startsWith('playground/') && !path.startsWith('src/api/') && !shared.includes(path))
        .map(path => `${file} imports ${path}`),
    )
    expect(own).to.not.have.lengthOf(0)
    expect(wrong).to.deep.equal([])
    expect(files.filter(file => targetsOf(`src/${file}`).some(path => path.startsWith('playground')))).to.deep.equal([])
  })

  test('the page imports its own files, the types of what the server says, and of the view types and texts', () => {
    const home = resolve(root, '..')
    const own = readdirSync(join(home, 'dashboard'), { recursive: true, encoding: 'utf8' })
      .filter(file => /\.tsx?$/.test(file))
      .map(file => `dashboard/${file}`)
    const packages = ['preact', 'preact/hooks', '@preact/signals']
    const types = ['src/server/dashboard/protocol.ts', 'src/core/view/view.ts']
    const wrong = own.flatMap(file => {
      const text = readFileSync(join(home, file), 'utf8')
      return importsOf(text).flatMap(specifier => {
        if (!specifier.startsWith('.')) return packages.includes(specifier) ? [] : [`${file} imports ${specifier}`]
        const path = relative(home, resolve(dirname(join(home, file)), specifier))
        if (path.startsWith('dashboard/') || path === 'src/core/view/text.ts') return []
        const isType = new RegExp(`import type \\{[^}]*\\} from '${specifier}'`).test(text)
        return types.includes(path) && isType ? [] : [`${file} imports ${path}`]
      })
    })
    expect(own).to.not.have.lengthOf(0)
    expect(wrong).to.deep.equal([])
  })

  test('no provider is named by its kinds, fields or metrics but in its own folder and the registry', () => {
    // What serves routes of the Gateway API and tells of them is Istio: its rooms may be used there, and beside both.
    const allowed = (file: string): boolean =>
      ['core/routers/istio/', 'core/routers/gateway-api/', 'core/routers/two-apis.ts', 'core/policies/'].some(room =>
        file.startsWith(room),
      ) ||
      file === 'core/routers/index.ts' ||
      // Generated: the rules of the roles in manifests/.
      file === 'controller/roles.ts' ||
      !/^(core|controller)\//.test(file)
    const wrong = files
      .filter(file => !allowed(file))
      .flatMap(file =>
        readFileSync(join(root, file), 'utf8')
          .split('\n')
          .flatMap((line, i) =>
            /istio|virtualservice|destinationrule|httproute|gateway-?api/i.test(line)
              ? [`${file}:${i + 1} ${line}`]
              : [],
          ),
      )
    for (const room of ['istio', 'gateway-api'])
      expect(files.some(file => file.startsWith(`core/routers/${room}/`))).to.equal(true)
    expect(wrong).to.deep.equal([])
  })

  test('the core reads no clock, draws no number and waits for nothing', () => {
    const wrong = files
      .filter(file => file.startsWith('core/'))
      .filter(file =>
        /\bDate\.now\(|\bMath\.random\(|\bawait\b|new Date\(\)|setTimeout/.test(readFileSync(join(root, file), 'utf8')),
      )
    expect(wrong).to.deep.equal([])
  })
})
