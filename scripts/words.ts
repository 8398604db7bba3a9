/**
 * `npm run words`: names every word that find-words.ts finds, and says what to write. `--counts` prints one line a folder.
 */
import { wordsOfTheRepository } from './find-words.ts'

const { found, unused } = wordsOfTheRepository()
if (process.argv.includes('--counts')) {
  const rooms = new Map<string, number>()
  for (const { file } of found) {
    const room = file.split('/', file.startsWith('src/') ? 3 : 1).join('/')
    rooms.set(room, (rooms.get(room) ?? 0) + 1)
  }
  for (const [room, count] of rooms) console.log(`${String(count).padStart(5)}  ${room}`)
  console.log(`${String(found.length).padStart(5)}  in all; npm run words names each`)
} else {
  for (const { file, line, said, word } of found) console.log(`${file}:${line}: "${said}": write ${word.write}`)
  for (const { file, allows } of unused)
    console.log(`scripts/words-list.ts: nothing needs the exception "${allows}" of ${file} any more`)
  if (found.length + unused.length > 0) process.exitCode = 1
}
