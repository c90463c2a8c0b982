// What makes the pages nicer to use. Everything works without it.

// A form that leads on to a provider asks nothing.
document.querySelector('form[data-send]')?.requestSubmit()

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

// How strong a new password is, roughly and without a request. It is advice: the server judges. The tables are in guessable.js.
const commonWords = new RegExp([...guessable.words, '(19|20)\\d\\d'].join('|'), 'g')
const steps = new Set(guessable.walks.flatMap((walk) => [...walk].slice(1).flatMap((key, i) => [walk[i] + key, key + walk[i]])))
const strength = (typed, own) => {
  let s = typed.normalize('NFKC').toLowerCase()
  for (const word of own) s = s.replaceAll(word, ' ')
  const texts = [s, ...guessable.readings.map((reading) => [...s].map((c) => reading[c] ?? c).join(''))]
  // A common word counts as one character; each further key of a walk or a repetition counts as nothing.
  const [shortest] = texts.map((text) => text.replace(commonWords, ' ')).sort((a, b) => a.length - b.length)
  const keys = [...shortest]
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

// Change a cell of the list of accounts where it stands. What others change meanwhile is noticed by the account's version.
const editor = document.getElementById('editor')
if (editor) {
  const controls = {}
  for (const control of editor.querySelectorAll('input, select')) {
    controls[control.name] = control
    control.removeAttribute('name') // no form of the page shall send it
  }
  const cells = (row) => [...row.querySelectorAll('[data-cell]')].filter((cell) => controls[cell.dataset.cell])
  const words = (key, value) => {
    const control = controls[key]
    if (control.options) return [...control.options].find((option) => option.value === value)?.text ?? value
    return control.type === 'date' && value ? formats.day.format(new Date(value)) : value
  }
  const show = (cell) => {
    const button = cell.querySelector('button') ?? document.createElement('button')
    const text = words(cell.dataset.cell, cell.dataset.value) || '–'
    button.type = 'button'
    button.className = 'cell'
    button.textContent = text
    button.setAttribute('aria-label', `${cell.parentElement.querySelector('dt').textContent}: ${text}. ${editor.dataset.change}`)
    cell.querySelector('bdi')?.remove()
    cell.prepend(button)
    cell.parentElement.hidden = false
  }
  // What the server says of the account now.
  const fill = (row, user) => {
    row.dataset.version = user.version
    for (const cell of cells(row)) {
      const key = cell.dataset.cell
      const value = ['name', 'roles', 'enabled'].includes(key) ? user[key] : user.attributes[key]
      cell.dataset.value = Array.isArray(value) ? value.join(key === 'roles' ? ' ' : ', ') : String(value ?? '')
      show(cell)
    }
    const head = row.closest('li').querySelector('.name')
    head.querySelector('a bdi').textContent = user.name || user.email || user.username || user.id
    for (const badge of head.querySelectorAll('.badge')) badge.hidden = user.enabled && user.approved
  }
  let at = null // the cell that is being changed
  const say = (...codes) => {
    const found = codes.find((code) => editor.querySelector(`[data-code="${CSS.escape(code)}"]`))
    for (const sentence of editor.querySelectorAll('[data-code]')) sentence.hidden = sentence.dataset.code !== found
  }
  const close = () => {
    editor.hidden = true
    if (!at) return
    const button = at.querySelector('button.cell')
    button.hidden = false
    button.focus()
    at = null
  }
  const open = (cell) => {
    close()
    at = cell
    const control = controls[cell.dataset.cell]
    for (const other of Object.values(controls)) other.closest('.field').hidden = other !== control
    control.value = cell.dataset.value
    if (control.options && control.value !== cell.dataset.value) control.add(new Option(cell.dataset.value, cell.dataset.value, true, true)) // a choice that is gone
    say()
    cell.querySelector('button').hidden = true
    cell.append(editor)
    editor.hidden = false
    control.focus()
  }
  const call = async (row, init) => {
    const response = await fetch(editor.dataset.api + row.dataset.user, init)
    const body = await response.json()
    if (response.ok) fill(row, body)
    return response.ok ? null : body
  }
  const change = (key, value) => {
    switch (key) {
      case 'name': return { name: value }
      case 'roles': return { roles: value.split(/\s+/).filter(Boolean) }
      case 'enabled': return { enabled: value === 'true' }
    }
    return { attributes: { [key]: value === '' ? null : value } }
  }
  const save = async () => {
    const cell = at
    const row = cell.closest('[data-user]')
    const key = cell.dataset.cell
    const value = controls[key].value.trim()
    editor.setAttribute('aria-busy', 'true')
    try {
      const problem = await call(row, { method: 'PATCH', body: JSON.stringify(change(key, value)),
        headers: { 'Content-Type': 'application/json', 'If-Match': `"${row.dataset.version}"` } })
      if (problem?.code === 'changed_meanwhile') {
        await call(row, {})
        if (at === cell) cell.querySelector('button.cell').hidden = false // what it is by now, beside what was typed
      }
      if (at !== cell) return
      if (problem) say(`${problem.code}_${problem.reason}`, `${problem.code}_${problem.field}`, problem.code, 'internal')
      else close()
    } catch {
      say('internal')
    } finally {
      editor.removeAttribute('aria-busy')
    }
  }
  const saveOnce = () => editor.hasAttribute('aria-busy') || save()
  editor.querySelector('[data-do="save"]').addEventListener('click', saveOnce)
  editor.querySelector('[data-do="cancel"]').addEventListener('click', close)
  editor.addEventListener('keydown', (event) => {
    if (event.key === 'Escape') close()
    if (event.key !== 'Enter' || event.target.type === 'button') return
    event.preventDefault() // the form around the list, if there is one, is not meant
    saveOnce()
  })
  for (const row of document.querySelectorAll('[data-user]')) {
    for (const cell of cells(row)) {
      show(cell)
      cell.querySelector('button').addEventListener('click', () => open(cell))
    }
  }
}
