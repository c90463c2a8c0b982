package signin

// The parts of the service, lowest first. Each knows only the parts that it uses, and none above it.

// callers identify the caller: sessions, their secrets and proofs, API tokens and device cookies.
type callers struct {
	*deps
}

// guard counts guesses and messages, and issues and reads one-time links.
type guard struct {
	*deps
	callers *callers
}

// flows carry a sign-in across hosts and back: return URLs, flow cookies, the hand-off.
type flows struct {
	*deps
	callers *callers
	guard   *guard
}

// pendings keep pending sign-ins in the browser's state cookie.
type pendings struct {
	*deps
}

// finisher turns complete proofs into a session, and uses up sign-in tickets.
type finisher struct {
	*deps
	callers *callers
	guard   *guard
	flows   *flows
}

// dispatcher runs a sign-in step by step, and asks for what is still missing.
type dispatcher struct {
	*deps
	callers  *callers
	guard    *guard
	flows    *flows
	pendings *pendings
	finisher *finisher
}

// forms are the login page, its API and the callbacks of providers.
type forms struct {
	*deps
	callers    *callers
	guard      *guard
	flows      *flows
	pendings   *pendings
	dispatcher *dispatcher
}

// links sign in by email and by an administrator's sign-in tickets.
type links struct {
	*deps
	callers    *callers
	guard      *guard
	flows      *flows
	pendings   *pendings
	finisher   *finisher
	dispatcher *dispatcher
	forms      *forms
}

// newService builds the parts.
func newService(d *deps) *Service {
	s := &Service{}
	s.callers = &callers{deps: d}
	s.guard = &guard{deps: d, callers: s.callers}
	s.flows = &flows{deps: d, callers: s.callers, guard: s.guard}
	s.pendings = &pendings{deps: d}
	s.finisher = &finisher{deps: d, callers: s.callers, guard: s.guard, flows: s.flows}
	s.dispatcher = &dispatcher{deps: d, callers: s.callers, guard: s.guard,
		flows: s.flows, pendings: s.pendings, finisher: s.finisher}
	s.forms = &forms{deps: d, callers: s.callers, guard: s.guard,
		flows: s.flows, pendings: s.pendings, dispatcher: s.dispatcher}
	s.links = &links{deps: d, callers: s.callers, guard: s.guard, flows: s.flows,
		pendings: s.pendings, finisher: s.finisher, dispatcher: s.dispatcher, forms: s.forms}
	return s
}
