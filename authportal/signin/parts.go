package signin

// The parts of the service, from the lowest up. Each knows only those that it uses, and none knows one above it.

// callers say who calls: sessions, their secrets and proofs, API tokens and device cookies.
type callers struct {
	*deps
}

// guard counts guesses and messages, and makes and reads one-time links.
type guard struct {
	*deps
	callers *callers
}

// flows lead a sign-in through hosts and back: return addresses, marks of browsers, hand-off.
type flows struct {
	*deps
	callers *callers
	guard   *guard
}

// pendings keep sign-ins in progress in the browser's cookie.
type pendings struct {
	*deps
}

// finisher makes a session of complete proofs, and spends what is good once.
type finisher struct {
	*deps
	callers *callers
	guard   *guard
	flows   *flows
}

// dispatcher takes a sign-in from step to step, and asks what is still missing.
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

// links sign people in by mail and by the links that administrators make.
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

// newService makes the parts.
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
