// What makes the pages nicer to use. Everything works without it.

// Show and hide a password.
for (const button of document.querySelectorAll('.peek')) {
  const input = document.getElementById(button.getAttribute('aria-controls'))
  const show = button.getAttribute('aria-label')
  button.hidden = false
  const set = (visible) => {
    input.type = visible ? 'text' : 'password'
    button.setAttribute('aria-pressed', String(visible))
    button.setAttribute('aria-label', visible ? button.dataset.labelHide : show)
  }
  button.addEventListener('click', () => {
    set(input.type === 'password')
    input.focus({ preventScroll: true })
  })
  // A password that is sent while it shows would be offered as ordinary text the next time.
  input.form.addEventListener('submit', () => set(false))
}

// Ask before what cannot be taken back, and send each form once.
for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent || (form.dataset.ask && !confirm(form.dataset.ask))) {
      event.preventDefault()
      return
    }
    form.dataset.sent = '1'
    form.setAttribute('aria-busy', 'true')
  })
}

// A page that comes back from the cache of "back" and "forward" can be sent again.
addEventListener('pageshow', (event) => {
  if (!event.persisted) return
  for (const form of document.querySelectorAll('form[data-sent]')) {
    delete form.dataset.sent
    form.removeAttribute('aria-busy')
  }
})

// Times in the reader's own time zone. Days are days everywhere.
const language = document.documentElement.lang
const formats = {
  time: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeStyle: 'short' }),
  day: new Intl.DateTimeFormat(language, { dateStyle: 'medium', timeZone: 'UTC' }),
}
for (const time of document.querySelectorAll('time')) {
  const at = new Date(time.dateTime)
  if (!Number.isNaN(at.getTime())) time.textContent = formats[time.dataset.day ? 'day' : 'time'].format(at)
}

// Copy what is shown once. Without leave to use the clipboard it is selected, ready to be copied by hand.
for (const button of document.querySelectorAll('[data-copy]')) {
  const input = document.getElementById(button.dataset.copy)
  button.hidden = false
  button.addEventListener('click', async () => {
    input.select()
    try {
      await navigator.clipboard.writeText(input.value)
      button.textContent = button.dataset.labelDone
    } catch {
      input.focus()
    }
  })
}
