/** The command line of the demo: what it takes, and what it says to what it does not. */
import { expect } from 'chai'
import { readOptions, usage } from '../../demo/options.ts'
import { releases } from '../../demo/releases.ts'
import { Images } from '../../playground/workloads/images.ts'

const saying = (...args: string[]): string => {
  try {
    return JSON.stringify(readOptions(args))
  } catch (error) {
    return (error as Error).message
  }
}

suite('the command line of the demo', () => {
  test('without anything it releases a good version and then a bad one, and ends', () => {
    expect(readOptions([])).to.deep.equal({ releases: ['good', 'bad'], keep: false, seed: 1, port: 0 })
  })

  test('takes scenarios in their order, a seed, a port, and to be kept', () => {
    const args = ['--scenario', 'slow', '--scenario=good', '--seed', '7', '--port', '6443', '--keep']
    expect(readOptions(args)).to.deep.equal({ releases: ['slow', 'good'], keep: true, seed: 7, port: 6443 })
  })

  for (const [given, said] of [
    [
      ['--scenario', 'best'],
      '--scenario best: there is none of that name; it is one of good, bad, slow, crash, ab, blue-green, mirror, sticky, hooks, outage, killed.',
    ],
    [['--scenario', 'toString'], '--scenario toString: there is none of that name'],
    [['--port', '65536'], '--port 65536: write a whole number from 0 to 65535.'],
    [['--port', 'http'], '--port http: write a whole number from 0 to 65535.'],
    [['--seed', '-1'], "Option '--seed' argument is ambiguous"],
    [['--seed', '1.5'], '--seed 1.5: write a whole number from 0 to 4294967295.'],
    [['--color'], "Unknown option '--color'"],
    [['good'], "Unexpected argument 'good'"],
  ] as const) {
    test(`${given.join(' ')} is refused with a sentence`, () => {
      expect(saying(...given)).to.contain(said)
    })
  }

  test('--help asks for nothing else', () => {
    expect(readOptions(['--help', '--scenario', 'good'])).to.equal('help')
  })

  test('its help names every scenario, and every scenario is of an image that there is', () => {
    for (const [name, { image }] of Object.entries(releases)) {
      expect(usage).to.contain(`${name} `)
      expect(new Images().behaviour(image), image).to.not.equal(null)
    }
  })
})
