/** `sluice install`: the manifests of this version on stdout, for `kubectl apply -f -`. It asks no cluster. */
import { type Command, InvalidArgumentError, Option } from 'commander'
import { namespace } from './flag-values.ts'
import type { Tools } from './tools.ts'

/** As the manifests are written. */
export const INSTALLED_IN = 'sluice-system'

interface InstallFlags {
  readonly namespace: string
  readonly image?: string
  readonly crdsOnly?: boolean
  readonly withoutCrds?: boolean
}

/** Adds `install` to the program. */
export function installCommand(program: Command, tools: Tools): Command {
  return program
    .command('install')
    .description('print the manifests of this version: sluice install --image IMAGE | kubectl apply -f -')
    .addOption(
      new Option('-n, --namespace <name>', 'namespace of the controller').argParser(namespace).default(INSTALLED_IN),
    )
    .addOption(
      new Option('--image <image>', 'image of the controller, such as registry.example.com/sluice:1.0.0').argParser(
        image,
      ),
    )
    .addOption(new Option('--crds-only', 'only the CustomResourceDefinitions, which are applied first'))
    .addOption(new Option('--without-crds', 'all but the CustomResourceDefinitions').conflicts('crdsOnly'))
    .action(async (flags: InstallFlags) => {
      const text = manifestsFor(await tools.manifests(), flags)
      await tools.stdout(text)
      const [, unnamed] = /^ +(?:- )?image: (\S+)$/m.exec(text) ?? []
      if (flags.image === undefined && unnamed !== undefined)
        await tools.stderr(`The image is ${unnamed}, which has to be in the nodes' registry; name yours with --image\n`)
    })
}

/** An image without its tag would be another one tomorrow. @throws InvalidArgumentError with a sentence. */
function image(text: string): string {
  if (!/^[a-z0-9][-a-zA-Z0-9._/:]*(?::[\w][\w.-]*|@sha256:[0-9a-f]{64})$/.test(text))
    throw new InvalidArgumentError('Write an image with tag or digest, such as registry.example.com/sluice:1.0.0.')
  return text
}

/** The documents that the flags ask for, in their namespace, with their image. Comments stay. */
export function manifestsFor(
  manifests: string,
  { namespace: into, image: named, crdsOnly, withoutCrds }: InstallFlags,
): string {
  const isDefinition = (text: string): boolean => /^kind: CustomResourceDefinition$/m.test(text)
  return manifests
    .split(/^---\n/m)
    .filter(text => (isDefinition(text) ? withoutCrds !== true : crdsOnly !== true))
    .map(text => text.replaceAll(/\bsluice-system\b/g, into))
    .map(text => (named === undefined ? text : text.replaceAll(/^( +(?:- )?image: )\S+$/gm, `$1${named}`)))
    .join('---\n')
}
