// Parses citations back with citation-js; prints them as CSL data, and the references as APA prints them.
import { createRequire } from 'node:module'
import { readFileSync } from 'node:fs'
import { pathToFileURL } from 'node:url'

const [folder, ...files] = process.argv.slice(2)
const Cite = createRequire(pathToFileURL(folder + '/'))('citation-js')
const read = files.map(file => {
  const cite = new Cite(readFileSync(file, 'utf8'))
  return { data: cite.data, apa: cite.format('bibliography', { template: 'apa' }) }
})
console.log(JSON.stringify(read))
