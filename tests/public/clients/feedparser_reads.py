# Reads a feed as feedparser's users do; prints what it read and the status of asking again with the validators.
import json, sys
import feedparser

url = sys.argv[1]
feed = feedparser.parse(url)
again = feedparser.parse(url, etag=feed.get("etag"), modified=feed.get("modified"))
print(json.dumps({
    "bozo": bool(feed.bozo),
    "again": again.get("status"),
    "items": [{
        "title": entry.title,
        "id": entry.id,
        "date": "%04d-%02d-%02dT%02d:%02d:%02d" % entry.published_parsed[:6],
        "content": entry.content[0].value if "content" in entry else entry.summary,
    } for entry in feed.entries],
}))
