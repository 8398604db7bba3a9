import { readFileSync } from 'node:fs'
import { expect } from 'chai'
import { animation } from '../../scripts/terminal-svg.ts'

/** The text of the frames that a viewer without animation shows. */
const shownStill = (svg: string): string[] =>
  svg
    .split('\n')
    .filter(line => line.startsWith('<g') && !/^<g [^>]*visibility="hidden"/.test(line))
    .map(line => line.replaceAll(/<[^>]*>/g, ''))

suite('a terminal as a picture', () => {
  const frames = [
    { at: 0, lines: ['first'] },
    { at: 1000, lines: ['second'] },
    { at: 2000, lines: ['last'] },
  ]

  test('without animation the last frame is visible, and no other', () => {
    expect(shownStill(animation(frames, 80))).to.deep.equal(['last'])
  })

  test('animated, each frame is visible for its time', () => {
    const times = [...animation(frames, 80).matchAll(/values="([^"]*)" keyTimes="([^"]*)"/g)]
    expect(times.map(([, values, keys]) => [values, keys])).to.deep.equal([
      ['visible;hidden', '0;0.125'],
      ['hidden;visible;hidden', '0;0.125;0.25'],
      ['hidden;visible;hidden', '0;0.25;1'],
    ])
  })

  test('the picture of the README is such a one, and ends with both releases', () => {
    const svg = readFileSync(new URL('../../docs/demo.svg', import.meta.url), 'utf8')
    const [still = '', ...others] = shownStill(svg)
    expect(others).to.deep.equal([])
    expect(still).to.match(/demo\/web:1\.1\.0 was promoted.*demo\/web:2\.0\.0-errors was rolled back/)
  })
})
