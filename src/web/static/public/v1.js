(() => {
  const base = INSTANCE_URL, name = 'perfuse-news'
  if (!self.customElements || customElements.get(name)) return
  const css = ':host{display:block;min-height:var(--pn-min-height,0);color:var(--pn-color,inherit);font-family:var(--pn-font,inherit)}' +
    'ul{list-style:none;margin:0;padding:0}li+li{margin-top:var(--pn-gap,1.25em)}h2,h3,h4,h5,h6{font-size:1.05em;line-height:1.35;margin:0}' +
    'a{color:var(--pn-link,inherit);display:inline-block;min-height:24px}p{margin:.35em 0 0;line-height:1.5}small{color:var(--pn-muted,inherit)}div{display:flow-root}'
  customElements.define(name, class extends HTMLElement {
    async connectedCallback() {
      if (this.busy || this.shadowRoot) return
      this.busy = 1
      const tell = (type, detail) => this.dispatchEvent(new CustomEvent(type, { bubbles: true, composed: true, detail }))
      try {
        const attr = key => this.getAttribute(key) || ''
        const whole = (key, least, most, otherwise) => Math.min(most, Math.max(least, parseInt(attr(key)) || otherwise))
        const web = url => /^https?:/i.test(url)
        const url = new URL('/embed/v1/news.json', web(attr('src')) ? attr('src') : base)
        url.searchParams.set('count', whole('count', 1, 20, 5))
        if (attr('topic')) url.searchParams.set('topic', attr('topic'))
        const answer = await fetch(url, { credentials: 'omit' })
        if (!answer.ok) throw Error('HTTP ' + answer.status)
        const news = await answer.json()
        if (!news.items.length) throw Error('no news')
        const add = (parent, tag, text) => {
          const child = document.createElement(tag)
          if (text) child.textContent = text
          parent.append(child)
          return child
        }
        const box = document.createElement('div'), list = add(box, 'ul')
        list.setAttribute('role', 'list')
        list.lang = attr('lang') || news.language
        for (const item of news.items) {
          const entry = add(add(list, 'li'), 'article')
          const link = add(add(entry, 'h' + whole('heading-level', 2, 6, 3)), 'a', item.title)
          const to = attr('links') != 'page' && item.article || item.page
          if (web(to)) link.href = to
          const line = add(add(entry, 'p'), 'small')
          add(line, 'time', item.day || item.date).dateTime = item.date
          for (const part of [item.source, item.note]) if (part) line.append(' · ' + part)
          if (item.summary) add(entry, 'p', item.summary).className = 's'
        }
        // the host page reserved this much: growing would push what stands below
        const room = this.offsetHeight, root = this.attachShadow({ mode: 'open' }), sheet = new CSSStyleSheet()
        sheet.replaceSync(css)
        root.adoptedStyleSheets = [sheet]
        root.append(box)
        if (room > 99 && box.offsetHeight > room) {
          const more = add(add(box, 'p'), 'a', news.more || news.title)
          if (web(news.home)) more.href = news.home
          const trim = parts => {
            while (parts.length && box.offsetHeight > room) parts.pop().remove()
          }
          // from the end: first the summaries, then whole items but one
          trim([...list.querySelectorAll('.s')])
          trim([...list.children].slice(1))
        }
        tell('pn-load', { count: news.items.length })
      } catch (error) {
        this.busy = 0
        tell('pn-error', { message: error.message })
      }
    }
  })
})()
