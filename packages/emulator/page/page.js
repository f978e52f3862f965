// Follows the emulator through server-sent events. Everything is set as text, never as HTML: names come from anywhere.

const byId = (id) => document.getElementById(id)

let latest
let receivedAt = 0

/** The emulator's time, also between two messages. */
const now = () => latest.now + (latest.clockStopped ? 0 : performance.now() - receivedAt)

const status = byId('status')

const source = new EventSource('/live')
source.addEventListener('message', ({ data }) => {
  latest = JSON.parse(data)
  receivedAt = performance.now()
  show()
})
source.addEventListener('open', () => say('Live'))
source.addEventListener('error', () => say('Disconnected, trying again…'))

byId('reset').addEventListener('click', async () => {
  const answer = await fetch('/reset', { method: 'POST' }).catch(() => undefined)
  say(answer?.ok ? 'Everything was reset.' : 'The reset failed.')
})

byId('copy').addEventListener('click', async () => {
  await navigator.clipboard.writeText(byId('settings').textContent).then(
    () => say('The settings were copied.'),
    () => say('Copying failed: select the text instead.'),
  )
})

setInterval(() => latest && showTokens(), 1000)

/** A status that is set again would be read aloud again. */
function say(text) {
  if (status.textContent !== text) status.textContent = text
}

function show() {
  byId('settings').textContent = [
    `CORBADO_BACKEND_API=${location.origin}`,
    `CORBADO_PROJECT_ID=${latest.projectId}`,
    `CORBADO_API_SECRET=${latest.apiSecret}`,
  ].join('\n')
  byId('origins').textContent = latest.allowedOrigins.join(', ') || 'none (--origin allows one)'
  byId('clock').textContent = latest.clockStopped ? `The clock is stopped at ${dateTime(latest.now)}.` : ''
  showTokens()
  rows('passkeys', latest.passkeys, ({ id, user, name, where, createdMs, lastUsedMs }) => [
    code(id),
    person(user, name),
    where,
    time(createdMs),
    time(lastUsedMs),
  ])
  rows('logins', latest.logins, ({ id, user, name, by, time: at, verdict }) => [
    code(id),
    person(user, name),
    by,
    time(at),
    verdict === null ? badge('not asked yet') : badge(verdict, verdict === 'success' ? 'good' : 'bad'),
  ])
  rows('requests', latest.requests, ({ method, path, status: code_, time: at, fault, warning, preflight, body }) => [
    time(at),
    code(`${method} ${path}`),
    code_ === null ? badge('no answer', fault ? 'bad' : '') : badge(String(code_), code_ < 400 ? 'good' : 'bad'),
    notes(fault, warning, preflight),
    body === null ? '' : details(body),
  ])
}

function showTokens() {
  rows('tokens', latest.connectTokens, ({ id, type, user, name, status: state, expiresMs }) => {
    const left = Math.ceil((expiresMs - now()) / 1000)
    const expired = left <= 0
    return [
      code(id),
      type,
      person(user, name),
      state === 'consumed' ? badge('consumed') : expired ? badge('expired', 'bad') : badge('initial', 'good'),
      number(state === 'consumed' || expired ? '–' : duration(left)),
    ]
  })
}

/** Rows are kept by their ID, and cells by their content: an open body stays open, and the focus stays where it is. */
function rows(id, items, cellsOf) {
  const table = byId(id)
  const body = table.tBodies[0]
  const titles = table.tHead.rows[0].cells
  const known = new Map([...body.rows].map((row) => [row.id, row]))
  const wanted = items.map((item) => {
    const row = known.get(item.id) ?? document.createElement('tr')
    row.id = item.id
    cellsOf(item).forEach((content, index) => {
      const cell = row.cells[index] ?? row.insertCell()
      const fresh = document.createElement('td')
      if (content !== '') fresh.append(content)
      cell.dataset.label = titles[index].textContent
      if (cell.textContent !== fresh.textContent) cell.replaceChildren(...fresh.childNodes)
    })
    known.delete(item.id)
    return row
  })
  for (const row of known.values()) row.remove()
  wanted.forEach((row, index) => {
    if (body.rows[index] !== row) body.insertBefore(row, body.rows[index] ?? null)
  })
}

function element(name, text, className = '') {
  const made = document.createElement(name)
  made.textContent = text
  made.className = className
  return made
}

const code = (text) => element('code', text)
const number = (text) => element('span', text, 'number')
const badge = (text, kind = '') => element('span', text, `badge ${kind}`.trim())

/** The display name, with the identifier below it. */
function person(identifier, name) {
  if (name === null) return element('span', identifier, 'person')
  const made = element('span', '', 'person')
  made.append(element('span', name), element('code', identifier))
  return made
}

function notes(fault, warning, preflight) {
  if (!fault && !warning && !preflight) return ''
  const made = element('span', '', 'notes')
  if (fault) made.append(badge(fault, 'bad'))
  if (warning) made.append(element('span', warning, 'warning'))
  if (preflight) made.append(badge('after a preflight'))
  return made
}

function details(text) {
  const made = document.createElement('details')
  made.append(element('summary', 'show'), element('pre', text))
  return made
}

function time(ms) {
  const made = element('time', new Date(ms).toLocaleTimeString(), 'number')
  made.dateTime = new Date(ms).toISOString()
  made.title = dateTime(ms)
  return made
}

const dateTime = (ms) => new Date(ms).toLocaleString()

const duration = (seconds) =>
  seconds < 60
    ? `${seconds} s`
    : seconds < 3600
      ? `${Math.floor(seconds / 60)} min ${seconds % 60} s`
      : `${Math.floor(seconds / 3600)} h`
