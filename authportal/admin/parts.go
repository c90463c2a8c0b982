package admin

// The parts of the service, from the bottom up. Each part only knows those below it that it uses.

// entry authorises administrators.
type entry struct {
	*deps
}

// people serves the list of accounts, single accounts, and acts on them.
type people struct {
	*deps
	entry *entry
}

// files serves import and export.
type files struct {
	*deps
	entry  *entry
	people *people
}

// columns serves the operator's columns.
type columns struct {
	*deps
	entry  *entry
	people *people
}

// trail serves the audit trail.
type trail struct {
	*deps
	entry *entry
}

// facts serves the overview and the roles.
type facts struct {
	*deps
	entry *entry
}

// newService wires the parts.
func newService(d *deps) *Service {
	s := &Service{}
	s.entry = &entry{deps: d}
	s.people = &people{deps: d, entry: s.entry}
	s.files = &files{deps: d, entry: s.entry, people: s.people}
	s.columns = &columns{deps: d, entry: s.entry, people: s.people}
	s.trail = &trail{deps: d, entry: s.entry}
	s.facts = &facts{deps: d, entry: s.entry}
	return s
}
