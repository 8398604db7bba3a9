/**
 * A chart of both sides against a limit, as SVG. It is told in a sentence to who does not see it, a slider goes through its points by
 * keyboard, and a table has its numbers.
 */
import { useSignal } from '@preact/signals'
import type { JSX } from 'preact'
import { useEffect, useId, useRef } from 'preact/hooks'
import { clockTime, limitsInWords, valueInWords } from '../../src/core/view/text.ts'
import type { Chart as ChartData } from '../../src/server/dashboard/protocol.ts'
import { timeZone } from '../shared/words.ts'
import { nearest, pathOf, timeTicks, verticalScale } from './scale.ts'

const HEIGHT = 132
const LEFT = 46
const RIGHT = 8
const TOP = 8
const BOTTOM = 20
/** Rows of the table: more would only be read by machines, which have Prometheus. */
const MOST_ROWS = 60

/** Requests a second with one digit: more would pretend to a precision that counting over a minute has not. */
const figure = (value: number, unit: ChartData['unit']): string =>
  unit === 'req/s' ? `${value.toFixed(1)} ${unit}` : valueInWords(value, unit)

interface ChartProps {
  readonly chart: ChartData
  /** Milliseconds since 1970: the same for all charts of a canary. */
  readonly from: number
  readonly to: number
}

export function Chart({ chart, from, to }: ChartProps): JSX.Element {
  const id = useId()
  const box = useRef<HTMLDivElement>(null)
  const width = useSignal(600)
  const cursor = useSignal<number | null>(null)
  useEffect(() => {
    const { current } = box
    if (current === null) return undefined
    const observer = new ResizeObserver(([entry]) => {
      if (entry !== undefined) width.value = Math.max(200, Math.floor(entry.contentRect.width))
    })
    observer.observe(current)
    return () => observer.disconnect()
  }, [])
  const times = chart.lines.find(({ points }) => points.length > 0)?.points.map(([at]) => at) ?? []
  const at = cursor.value === null ? null : (times[Math.min(cursor.value, times.length - 1)] ?? null)
  const moveTo = (event: PointerEvent & { readonly currentTarget: SVGSVGElement }): void => {
    const { left } = event.currentTarget.getBoundingClientRect()
    const time = from + ((event.clientX - left - LEFT) / (width.value - LEFT - RIGHT)) * (to - from)
    const point = nearest(chart.lines[0]?.points ?? [], time)
    cursor.value = point === null ? null : times.indexOf(point[0])
  }
  return (
    <div class="chart" ref={box}>
      <svg
        width={width.value}
        height={HEIGHT}
        role="img"
        aria-labelledby={`${id}-title ${id}-desc`}
        onPointerMove={moveTo}
        onPointerLeave={() => {
          cursor.value = null
        }}
      >
        <title id={`${id}-title`}>{chart.name}</title>
        <desc id={`${id}-desc`}>{summary(chart)}</desc>
        <Plot chart={chart} from={from} to={to} width={width.value} cursor={at} />
      </svg>
      <Legend chart={chart} at={at} />
      {times.length > 0 && (
        <>
          <input
            type="range"
            class="cursor"
            min={0}
            max={times.length - 1}
            value={cursor.value ?? times.length - 1}
            aria-label={`Point in time of ${chart.name}`}
            aria-valuetext={valuesAt(chart, at ?? times.at(-1) ?? to)}
            onInput={event => {
              cursor.value = event.currentTarget.valueAsNumber
            }}
            onBlur={() => {
              cursor.value = null
            }}
          />
          <Numbers chart={chart} times={times} />
        </>
      )}
    </div>
  )
}

interface PlotProps extends ChartProps {
  readonly width: number
  readonly cursor: number | null
}

function Plot({ chart, from, to, width, cursor }: PlotProps): JSX.Element {
  const scale = verticalScale(chart)
  const right = width - RIGHT
  const bottom = HEIGHT - BOTTOM
  const x = (at: number): number => LEFT + ((at - from) / (to - from || 1)) * (right - LEFT)
  const y = (value: number): number => bottom - ((value - scale.min) / (scale.max - scale.min || 1)) * (bottom - TOP)
  const { min, max } = chart
  return (
    <>
      {min !== undefined && (
        <rect class="beyond" x={LEFT} width={right - LEFT} y={y(min)} height={Math.max(0, bottom - y(min))} />
      )}
      {max !== undefined && (
        <rect class="beyond" x={LEFT} width={right - LEFT} y={TOP} height={Math.max(0, y(max) - TOP)} />
      )}
      {scale.ticks.map(tick => (
        <g key={tick}>
          <line class="grid" x1={LEFT} x2={right} y1={y(tick)} y2={y(tick)} />
          <text class="tick" x={LEFT - 6} y={y(tick) + 3.5} text-anchor="end">
            {tick}
          </text>
        </g>
      ))}
      {timeTicks(from, to, Math.max(2, Math.floor((right - LEFT) / 90))).map(tick => (
        <text key={tick} class="tick" x={x(tick)} y={HEIGHT - 5} text-anchor={x(tick) > right - 28 ? 'end' : 'middle'}>
          {clockTime(new Date(tick).toISOString(), timeZone)}
        </text>
      ))}
      {[min, max]
        .filter(limit => limit !== undefined)
        .map(limit => (
          <line key={limit} class="limit" x1={LEFT} x2={right} y1={y(limit)} y2={y(limit)} />
        ))}
      {chart.lines.map(({ side, points }) => (
        <path key={side} class={`line ${side}`} d={pathOf(points, x, y)} />
      ))}
      {cursor !== null && <line class="at" x1={x(cursor)} x2={x(cursor)} y1={TOP} y2={bottom} />}
    </>
  )
}

const Legend = ({ chart, at }: { readonly chart: ChartData; readonly at: number | null }): JSX.Element => (
  <p class="legend">
    {at !== null && <span class="when">{clockTime(new Date(at).toISOString(), timeZone)}</span>}
    {chart.lines.map(({ side, points }) => {
      const value = (at === null ? points.at(-1) : nearest(points, at))?.[1] ?? null
      return (
        <span key={side}>
          <svg width="18" height="8" aria-hidden="true">
            <path class={`line ${side}`} d="M1 4H17" />
          </svg>
          {side} <b>{value === null ? 'no value' : figure(value, chart.unit)}</b>
        </span>
      )
    })}
    {(chart.min !== undefined || chart.max !== undefined) && (
      <span>
        <svg width="18" height="8" aria-hidden="true">
          <path class="limit" d="M1 4H17" />
        </svg>
        limit <b>{limitsOf(chart)}</b>
      </span>
    )}
  </p>
)

const limitsOf = ({ min, max, unit }: ChartData): string => limitsInWords({ min: min ?? null, max: max ?? null, unit })

const valuesAt = (chart: ChartData, at: number): string => {
  const values = chart.lines.map(({ side, points }) => {
    const value = nearest(points, at)?.[1] ?? null
    return `${side} ${value === null ? 'no value' : figure(value, chart.unit)}`
  })
  return `${clockTime(new Date(at).toISOString(), timeZone)}: ${values.join(', ')}`
}

/** The chart in words: of each side the last value, and between which values it was. */
function summary(chart: ChartData): string {
  const sides = chart.lines.map(({ side, points }) => {
    const values = points.flatMap(([, value]) => (value === null ? [] : [value]))
    const last = values.at(-1)
    if (last === undefined) return `${side}: no values`
    const [low, high] = [Math.min(...values), Math.max(...values)].map(value => figure(value, chart.unit))
    return `${side}: last ${figure(last, chart.unit)}, between ${low} and ${high}`
  })
  const limits = limitsOf(chart)
  return [...(sides.length === 0 ? ['No values'] : sides), ...(limits === '' ? [] : [`limit ${limits}`])].join('; ')
}

function Numbers({ chart, times }: { readonly chart: ChartData; readonly times: readonly number[] }): JSX.Element {
  const isOpen = useSignal(false)
  return (
    <details
      class="numbers"
      onToggle={event => {
        isOpen.value = event.currentTarget.open
      }}
    >
      <summary>
        Numbers<span class="unseen"> of {chart.name}</span>
      </summary>
      {isOpen.value && <NumbersTable chart={chart} times={times} />}
    </details>
  )
}

function NumbersTable({ chart, times }: { readonly chart: ChartData; readonly times: readonly number[] }): JSX.Element {
  const every = Math.ceil(times.length / MOST_ROWS)
  const shown = times.filter((_, index) => (times.length - 1 - index) % every === 0).toReversed()
  return (
    <div class="scroll low" tabIndex={0} role="group" aria-label={`Numbers of ${chart.name}`}>
      <table class="plain">
        <thead>
          <tr>
            <th scope="col">Time</th>
            {chart.lines.map(({ side }) => (
              <th key={side} scope="col">
                {side}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>
          {shown.map(at => (
            <tr key={at}>
              <td>{clockTime(new Date(at).toISOString(), timeZone)}</td>
              {chart.lines.map(({ side, points }) => {
                const value = nearest(points, at)?.[1] ?? null
                return <td key={side}>{value === null ? '–' : figure(value, chart.unit)}</td>
              })}
            </tr>
          ))}
        </tbody>
      </table>
    </div>
  )
}
