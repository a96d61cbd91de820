// Copy buttons: they are made here, so that without scripts there is nothing that does not work.
(() => {
  if (!navigator.clipboard) return
  const say = document.currentScript.dataset
  const said = document.createElement('p')
  said.setAttribute('role', 'status')
  said.className = 'visually-hidden'
  document.body.append(said)
  for (const target of document.querySelectorAll('[data-copy]')) {
    const button = document.createElement('button')
    const what = target.getAttribute('data-copy')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = say.sayCopy
    button.setAttribute('aria-label', say.sayWhat.replace('%s', () => what))
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(target.textContent.trim())
        button.textContent = say.sayCopied
        said.textContent = say.sayCopiedWhat.replace('%s', () => what)
      } catch {
        button.textContent = say.sayNot
      }
      setTimeout(() => { button.textContent = say.sayCopy }, 2000)
    })
    // inside preformatted text a button would be part of what is read
    const place = target.closest('.copyable pre') || target
    place.after(button)
  }
})()
