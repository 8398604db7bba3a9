/** From values to pixels, and round numbers for an axis. */
import type { Chart } from '../../src/server/dashboard/protocol.ts'
import type { Point } from '../state/series.ts'

export interface Scale {
  readonly min: number
  readonly max: number
  readonly ticks: readonly number[]
}

/** The vertical scale: all values and the limits, with some room, on round numbers; percentages end at 100. */
export function verticalScale({ lines, min, max, unit }: Chart): Scale {
  const values = lines.flatMap(({ points }) => points.flatMap(([, value]) => (value === null ? [] : [value])))
  const all = [...values, ...(min === undefined ? [] : [min]), ...(max === undefined ? [] : [max])]
  if (all.length === 0)
    return unit === '%' ? { min: 0, max: 100, ticks: [0, 50, 100] } : { min: 0, max: 1, ticks: [0, 1] }
  // Percentages are about what is missing to 100, everything else about the distance from 0.
  const ceiling = unit === '%' && all.every(value => value <= 100) ? 100 : null
  const highest = ceiling ?? Math.max(...all)
  const lowest = ceiling === null ? Math.min(0, ...all) : Math.min(...all)
  const span = highest - lowest || (ceiling === null ? Math.abs(highest) : 0) || 1
  const step = roundStep(span / 3)
  const bottom = Math.floor((lowest - (ceiling === null ? 0 : span * 0.15)) / step) * step
  const top = ceiling ?? Math.ceil((highest + span * 0.05) / step) * step
  const from = unit === '%' ? Math.max(0, bottom) : bottom
  const count = Math.round((top - from) / step)
  return { min: from, max: top, ticks: Array.from({ length: count + 1 }, (_, index) => rounded(from + index * step)) }
}

/** 1, 2 or 5 times a power of ten, at least so large. */
function roundStep(least: number): number {
  const power = 10 ** Math.floor(Math.log10(least))
  return power * (least <= power ? 1 : least <= 2 * power ? 2 : least <= 5 * power ? 5 : 10)
}

const rounded = (value: number): number => Number(value.toPrecision(12))

/** Times on the axis: at most so many, on whole seconds, minutes or hours. */
export function timeTicks(from: number, to: number, most: number): number[] {
  const steps = [1, 2, 5, 10, 15, 30, 60, 120, 300, 600, 900, 1800, 3600, 7200, 21600, 43200, 86400]
  const seconds = steps.find(one => (to - from) / (one * 1000) <= most) ?? Math.ceil((to - from) / 1000 / most)
  const step = seconds * 1000
  const ticks: number[] = []
  for (let at = Math.ceil(from / step) * step; at <= to; at += step) ticks.push(at)
  return ticks
}

/** The path of a line; where there is no value it has a gap. A value alone is a dot. */
export function pathOf(points: readonly Point[], x: (at: number) => number, y: (value: number) => number): string {
  let path = ''
  let isDrawing = false
  for (const [at, value] of points) {
    if (value === null) {
      isDrawing = false
      continue
    }
    const where = `${x(at).toFixed(1)} ${y(value).toFixed(1)}`
    // A line of no length has round ends, so a lone value is seen.
    path += isDrawing ? `L${where}` : `M${where}h0`
    isDrawing = true
  }
  return path
}

/** The point that is nearest in time. */
export function nearest(points: readonly Point[], at: number): Point | null {
  let best: Point | null = null
  for (const point of points) {
    if (best === null || Math.abs(point[0] - at) < Math.abs(best[0] - at)) best = point
  }
  return best
}
