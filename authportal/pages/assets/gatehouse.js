// Gatehouse for pages of your app: who is signed in, signing in and out, and the own account, over the JSON API of the
// gate that this module was loaded from.
//
//   import { getUser, login } from '/.gatehouse/gatehouse.js'
//
// Every function that asks the gate returns a promise. What goes wrong is thrown as a GatehouseError.

/**
 * @typedef {object} User
 * @property {string} id stable, never given to anybody else
 * @property {string} username
 * @property {string} email empty until it is confirmed
 * @property {string} name
 * @property {string[]} roles
 * @property {Object<string, any>} attributes
 *
 * @typedef {object} Session
 * @property {string} id
 * @property {string} created time as of RFC 3339
 * @property {string} [expires]
 * @property {string[]} methods how the person signed in
 * @property {boolean} remembered
 * @property {string} [last_seen] in lists, as what follows
 * @property {string} [host]
 * @property {string} [address]
 * @property {string} [device] User-Agent
 * @property {boolean} [current]
 *
 * @typedef {object} LoginResult
 * @property {'signed_in'|'second_factor'|'step'|'redirect'|'confirm_email'|'approval_pending'} status
 * @property {string} [location] where to go on
 * @property {string} [step] to be sent with the next call of `login`
 * @property {Method[]} [methods] to choose the second factor from
 * @property {object[]} [fields] what the next step asks for
 *
 * @typedef {object} Method
 * @property {string} name
 * @property {string} kind
 * @property {string} label
 * @property {string} [url] where a method without a form of its own begins
 *
 * @typedef {object} LoginMethods
 * @property {Method[]} methods
 * @property {'open'|'approval'|'invite'|'closed'} signup
 * @property {boolean} remember whether staying signed in may be offered
 * @property {{name: string, required: boolean}[]} fields further fields of sign-up
 */

// The module lies beside the API, wherever that is: /.gatehouse/, /pub/.gatehouse/, the root of a portal.
const base = new URL('.', import.meta.url)
const elsewhere = typeof location !== 'undefined' && location.origin !== base.origin

/** What the gate answered, or why it did not answer. */
export class GatehouseError extends Error {
  /**
   * @param {string} code stable: "invalid_credentials", "too_many_attempts", …; "network" where nothing answered and
   *   "unexpected_answer" where it was not the gate
   * @param {number} status of HTTP; 0 where nothing answered
   * @param {object} [problem] the problem document
   * @param {number} [retryAfter] seconds
   */
  constructor(code, status, problem = {}, retryAfter) {
    super(problem.detail || code)
    this.name = 'GatehouseError'
    this.code = code
    this.status = status
    /** @type {Object<string, string>} which field it is about, and why: `{ password: 'too_short' }` */
    this.fields = fieldsOf(code, problem)
    /** @type {number|undefined} seconds after which to try again */
    this.retryAfter = retryAfter
    /** @type {object} the problem document as it came */
    this.problem = problem
  }
}

function fieldsOf(code, problem) {
  switch (code) {
    case 'invalid_field': return problem.field ? { [problem.field]: problem.detail || code } : {}
    case 'password_not_acceptable': return { password: problem.reason || code }
    case 'user_exists': return { email: code }
    case 'username_taken': return { username: code }
  }
  return {}
}

async function call(method, path, body) {
  const request = { method, headers: { Accept: 'application/json' }, cache: 'no-store', credentials: elsewhere ? 'include' : 'same-origin' }
  if (body !== undefined) {
    request.headers['Content-Type'] = 'application/json'
    request.body = JSON.stringify(body)
  }
  let response
  try {
    response = await fetch(new URL('api/v1/' + path, base), request)
  } catch (cause) {
    throw new GatehouseError('network', 0, { detail: String(cause) })
  }
  if (response.status === 204 || response.status === 202) return undefined
  let answer
  try {
    answer = await response.json()
  } catch {
    throw new GatehouseError('unexpected_answer', response.status)
  }
  if (response.ok) return answer
  const after = Number(response.headers.get('Retry-After'))
  throw new GatehouseError(answer.code || 'unexpected_answer', response.status, answer, after > 0 ? after : undefined)
}

/**
 * Returns who is signed in here and since when; null where nobody is.
 * @returns {Promise<{user: User, session: Session}|null>}
 */
export async function session() {
  try {
    return await call('GET', 'session')
  } catch (error) {
    if (error.code === 'login_required') return null
    throw error
  }
}

/**
 * Returns who is signed in here; null where nobody is.
 * @returns {Promise<User|null>}
 */
export async function getUser() {
  const found = await session()
  return found && found.user
}

/**
 * Returns the ways to sign in, for a login page of your own.
 * @returns {Promise<LoginMethods>}
 */
export function loginMethods() {
  return call('GET', 'login')
}

/**
 * Signs in. `to` is the value that a login page was given in its address, or a path of this host; it comes back as
 * `location`, the place to go on to. Where `status` is not "signed_in" more is asked for: send `step` and `fields`.
 * @param {{login?: string, password?: string, remember?: boolean, to?: string, method?: string, step?: string, [field: string]: any}} fields
 * @returns {Promise<LoginResult>}
 */
export function login(fields) {
  return call('POST', 'login', given(fields))
}

/**
 * Sends a letter with a link and a code to sign in by, to whoever has the address. It resolves the same where nobody has it.
 * @param {{email: string, remember?: boolean, to?: string}} fields `to` as of `login`
 * @returns {Promise<void>}
 */
export async function sendLoginLink(fields) {
  await call('POST', 'login/link', given(fields))
}

/**
 * Signs in by the code of such a letter, or the token of its link, in the browser that asked for it.
 * @param {{code?: string, token?: string, to?: string}} fields
 * @returns {Promise<LoginResult>}
 */
export function loginByLink(fields) {
  return call('POST', 'login/link/finish', given(fields))
}

/**
 * Makes an account. Takes the fields that `loginMethods()` names beside these.
 * @param {{email: string, password: string, name?: string, username?: string, invite?: string, to?: string, [field: string]: any}} fields
 * @returns {Promise<LoginResult>}
 */
export function signup(fields) {
  return call('POST', 'signup', given(fields))
}

/**
 * Signs out: this browser on every host, or with `everywhere` all browsers of the person.
 * @param {{everywhere?: boolean}} [options]
 * @returns {Promise<void>}
 */
export async function logout({ everywhere = false } = {}) {
  await call('POST', 'logout', { everywhere })
}

/**
 * Changes the password. Every other sign-in of the person ends.
 * @param {{current: string, password: string}} passwords
 * @returns {Promise<void>}
 */
export async function changePassword({ current, password }) {
  await call('POST', 'password/change', { current, password })
}

/**
 * Returns the own account: as `getUser()`, with `confirmed`, `created` and the names of the `fields` one may change.
 * @returns {Promise<object>}
 */
export function account() {
  return call('GET', 'account')
}

/**
 * Changes the own name and the fields of sign-up, and returns the account.
 * @param {Object<string, string>} fields
 * @returns {Promise<object>}
 */
export function updateAccount(fields) {
  return call('PATCH', 'account', given(fields))
}

/**
 * Returns all that is kept of the person: `{ exported, account, sessions, credentials }`.
 * @returns {Promise<object>}
 */
export function exportAccount() {
  return call('GET', 'account/export')
}

/**
 * Deletes the own account for good. It needs a sign-in of the last ten minutes, else `fresh_login_required` is thrown.
 * @returns {Promise<void>}
 */
export async function deleteAccount() {
  await call('DELETE', 'account')
}

/**
 * Returns where the person is signed in, newest first.
 * @returns {Promise<Session[]>}
 */
export async function sessions() {
  return (await call('GET', 'sessions')).sessions
}

/**
 * Ends one sign-in of the person.
 * @param {string} id
 * @returns {Promise<void>}
 */
export async function endSession(id) {
  await call('DELETE', 'sessions/' + encodeURIComponent(id))
}

/**
 * Ends every sign-in of the person but this one.
 * @returns {Promise<void>}
 */
export async function endOtherSessions() {
  await call('DELETE', 'sessions')
}

/**
 * Returns the address of the login page, from which the person comes back to `to`.
 * @param {string} [to] a path of this host with its query; by default the page that asks
 * @returns {string}
 */
export function loginURL(to = here()) {
  return page('login', to)
}

/**
 * Returns the address of the sign-up page, from which the person comes back to `to`.
 * @param {string} [to]
 * @returns {string}
 */
export function signupURL(to = here()) {
  return page('signup', to)
}

/**
 * Returns the address of the page that asks whether to sign out. For a button of your own, use `logout()`.
 * @returns {string}
 */
export function logoutURL() {
  return page('logout')
}

/**
 * Returns the address of the account page.
 * @returns {string}
 */
export function accountURL() {
  return page('account')
}

function page(name, to) {
  const url = new URL(name, base)
  if (to) url.searchParams.set('to', to)
  return url.href
}

// The gate takes paths of its own host only: a page of another origin has no way to be led back to.
function here() {
  return elsewhere || typeof location === 'undefined' ? '' : location.pathname + location.search
}

// A missing value is left out rather than sent as null.
function given(fields) {
  return Object.fromEntries(Object.entries(fields || {}).filter(([, value]) => value !== undefined && value !== null))
}
