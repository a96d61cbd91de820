// Reads a feed with rss-parser or feedsmith; prints what it read and the status of asking again with the ETag.
import { createRequire } from 'node:module'
import { pathToFileURL } from 'node:url'

const [folder, client, url] = process.argv.slice(2)
const require = createRequire(pathToFileURL(folder + '/'))
const first = await fetch(url)
const text = await first.text()
const again = await fetch(url, { headers: { 'if-none-match': first.headers.get('etag') } })
const iso = date => new Date(date).toISOString().slice(0, 19)
let items
if (client === 'rss-parser') {
  const Parser = require('rss-parser')
  const feed = await new Parser().parseURL(url)
  items = feed.items.map(item => ({
    title: item.title, id: item.guid || item.id, date: iso(item.isoDate), content: item['content:encoded'] || item.content,
  }))
} else {
  const { parseFeed } = await import(pathToFileURL(require.resolve('feedsmith')))
  const { feed } = parseFeed(text)
  items = (feed.items || feed.entries).map(item => ({
    title: item.title?.value ?? item.title,
    id: item.guid?.value ?? item.id,
    date: iso(item.pubDate ?? item.published ?? item.date_published),
    content: item.content?.encoded ?? item.content?.value ?? item.content ?? item.content_html,
  }))
}
console.log(JSON.stringify({ again: again.status, items }))
