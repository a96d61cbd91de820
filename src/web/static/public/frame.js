(() => {
  if (parent === self) return
  // WordPress hands its frames a secret after the hash and wants it back with every message
  const secret = (/[#&?]secret=([\w-]+)/.exec(location.hash) || [])[1]
  const tell = () => {
    const value = Math.ceil(document.body.getBoundingClientRect().height)
    parent.postMessage({ perfuse: 'height', value }, '*')
    if (secret) parent.postMessage({ message: 'height', value, secret }, '*')
  }
  new ResizeObserver(tell).observe(document.body)
  if (secret) addEventListener('click', event => {
    const link = event.target.closest && event.target.closest('a[href]')
    if (!link) return
    event.preventDefault()
    parent.postMessage({ message: 'link', value: link.href, secret }, '*')
  })
})()
