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

// How strong a new password is, roughly and without asking anybody. It is advice: the server judges.
const everybodys = /passwor[dt]|kennwort|welcome|willkommen|iloveyou|letmein|monkey|dragon|sunshine|princess|football|baseball|master|shadow|superman|batman|admin|qwert[yz]|azerty|summer|sommer|winter|hello|hallo|schatz|secret|geheim|test|(19|20)\d\d/g
const rows = ['abcdefghijklmnopqrstuvwxyz', '01234567890', 'qwertyuiop', 'qwertzuiop', 'asdfghjkl', 'zxcvbnm', 'yxcvbnm', 'azertyuiop', 'qsdfghjklm']
const steps = new Set(rows.flatMap((row) => [...row].slice(1).flatMap((key, i) => [row[i] + key, key + row[i]])))
const strength = (typed, own) => {
  let s = typed.normalize('NFKC').toLowerCase()
  for (const word of own) s = s.replaceAll(word, ' ')
  const read = (text) => text.replace(/[013457@$!]/g, (c) => 'oieastasi'['013457@$!'.indexOf(c)])
  // What everybody uses counts as one character; so does each further key of a walk or a repetition as nothing.
  const words = [s.replace(everybodys, ' '), read(s).replace(everybodys, ' ')].sort((a, b) => a.length - b.length)[0]
  const keys = [...words]
  const kept = keys.filter((key, i) => i < 2 || !(key === keys[i - 1] || steps.has(keys[i - 1] + key)))
  const distinct = new Set(kept).size
  const bits = Math.min(kept.length, distinct * 2) * Math.log2(Math.max(2, distinct + 12))
  return [30, 45, 65].filter((least) => bits >= least).length
}
for (const meter of document.querySelectorAll('.strength')) {
  const input = document.getElementById(meter.dataset.of)
  const show = () => {
    meter.hidden = input.value === ''
    const own = [...input.form.elements].filter((e) => e.name && e !== input && ['text', 'email'].includes(e.type))
      .flatMap((e) => e.value.normalize('NFKC').toLowerCase().split(/[^\p{L}\p{N}]+/u)).filter((word) => word.length > 2)
    const level = input.value.length < input.minLength ? 0 : strength(input.value, own)
    meter.dataset.level = level
    const word = meter.querySelector('.word')
    const text = meter.hidden ? '' : meter.dataset['word' + level]
    if (word.textContent !== text) word.textContent = text // said again only where it differs
  }
  input.form.addEventListener('input', show)
  show()
}

// Ask before what cannot be taken back, and send each form once.
for (const form of document.querySelectorAll('form')) {
  form.addEventListener('submit', (event) => {
    if (form.dataset.sent || (form.dataset.ask && !confirm(form.dataset.ask))) {
      event.preventDefault()
      return
    }
    if (event.submitter && 'stays' in event.submitter.dataset) return // the answer is a file, and the page stays
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
