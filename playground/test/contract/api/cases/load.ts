/** Many at once. */
import type { Case } from '../case.ts'
import { config } from '../given.ts'

const WRITERS = 200
/** Of 200 kB each: more than the buffers on the way can hold. */
const BIG_WRITES = 150

export const load: readonly Case[] = [
  {
    name: 'of two hundred writers on one object none is lost',
    run: async ({ given, quietly, note }) => {
      await given('POST configmaps', config('a', {}))
      let conflicts = 0
      const write = async (writer: number): Promise<void> => {
        for (let wait = 10; ; wait = Math.min(2 * wait, 500)) {
          const object = await given('GET configmaps/a')
          const data = { ...(object['data'] as object | undefined), [`w${writer}`]: 'x' }
          const { code, object: status } = await quietly('PUT configmaps/a', { ...object, data })
          if (code === 200) return
          if (code !== 409) throw new Error(`writer ${writer}: ${code} ${JSON.stringify(status)}`)
          conflicts++
          await new Promise(resolve => setTimeout(resolve, Math.random() * wait))
        }
      }
      await Promise.all(Array.from({ length: WRITERS }, async (_, writer) => write(writer)))
      const data = (await given('GET configmaps/a'))['data'] as object
      note('keys', Object.keys(data).length)
      note('some had to try again', conflicts > 0)
    },
  },
  {
    name: 'of twenty patches at once none is lost',
    run: async ({ given, note }) => {
      await given('POST configmaps', config('a', {}))
      const type = 'application/merge-patch+json'
      const patch = async (n: number) => given('PATCH configmaps/a', { data: { [`w${n}`]: 'x' } }, { type })
      await Promise.all(Array.from({ length: 20 }, async (_, n) => patch(n)))
      note('keys', Object.keys((await given('GET configmaps/a'))['data'] as object).length)
    },
  },
  {
    name: 'of two hundred who create one object one does',
    run: async ({ quietly, note }) => {
      const codes = await Promise.all(
        Array.from(
          { length: WRITERS },
          async (_, n) => (await quietly('POST configmaps', config('a', { n: String(n) }))).code,
        ),
      )
      note('made', codes.filter(code => code === 201).length)
      note('refused', codes.filter(code => code === 409).length)
    },
  },
  {
    name: 'two hundred watches of one object see every write of it',
    run: async ({ given, watch, note }) => {
      await given('POST configmaps', config('a', { n: '0' }))
      const path = 'configmaps?watch=true&fieldSelector=metadata.name%3Da'
      const watches = await Promise.all(Array.from({ length: WRITERS }, async () => watch(path)))
      for (let n = 1; n <= 5; n++) await given('PUT configmaps/a', config('a', { n: String(n) }))
      const all = await Promise.all(watches.map(async one => one.take(6)))
      note(
        'complete',
        all.filter(events => events.map(({ object }) => (object['data'] as { n: string }).n).join() === '0,1,2,3,4,5')
          .length,
      )
    },
  },
  {
    name: 'a client that stops reading its watch is cut off, and others go on',
    run: async ({ given, watch, note }) => {
      await given('POST configmaps', config('a'))
      const [lazy, diligent] = [await watch('configmaps?watch=true'), await watch('configmaps?watch=true')]
      await lazy.take(1)
      lazy.pause()
      const big = 'x'.repeat(200_000)
      for (let n = 1; n <= BIG_WRITES; n++) await given('PUT configmaps/a', config('a', { n: String(n), big }))
      note('the diligent sees', (await diligent.take(BIG_WRITES + 1)).length)
      lazy.resume()
      note('the lazy sees all', (await lazy.drain()).length >= BIG_WRITES)
    },
  },
]
