// Appends to a hypercore: node peer_hypercore.mjs FOLDER EVENTS BATCH; prints seconds.
import Hypercore from 'hypercore'

const [folder, events, batch] = [process.argv[2], Number(process.argv[3]), Number(process.argv[4])]
const core = new Hypercore(folder)
await core.ready()
const entry = n => Buffer.from(JSON.stringify({ id: n, note: 'x'.repeat(560) }))
const began = performance.now()
for (let first = 0; first < events; first += batch) {
  await core.append(Array.from({ length: batch }, (_, n) => entry(first + n)))
}
console.log((performance.now() - began) / 1000)
await core.close()
