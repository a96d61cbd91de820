// Copy buttons: they are made here, so that without scripts there is nothing that does not work.
(() => {
  if (!navigator.clipboard) return
  const said = document.createElement('p')
  said.setAttribute('role', 'status')
  said.className = 'visually-hidden'
  document.body.append(said)
  for (const target of document.querySelectorAll('[data-copy]')) {
    const button = document.createElement('button')
    const what = target.getAttribute('data-copy')
    button.type = 'button'
    button.className = 'copy'
    button.textContent = 'Copy'
    button.setAttribute('aria-label', 'Copy ' + what)
    button.addEventListener('click', async () => {
      try {
        await navigator.clipboard.writeText(target.textContent.trim())
        button.textContent = 'Copied'
        said.textContent = what + ' copied'
      } catch {
        button.textContent = 'Not copied'
      }
      setTimeout(() => { button.textContent = 'Copy' }, 2000)
    })
    target.after(button)
  }
})()
