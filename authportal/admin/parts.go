package admin

// The parts of the service, from the lowest up. Each knows only those that it uses, and none knows one above it.

// entry lets administrators in, as surely as an act needs.
type entry struct {
	*deps
}

// people are the list of accounts, one account, and acts on them.
type people struct {
	*deps
	entry *entry
}

// files are imported and exported.
type files struct {
	*deps
	entry  *entry
	people *people
}

// columns are the operator's own.
type columns struct {
	*deps
	entry  *entry
	people *people
}

// trail shows what happened.
type trail struct {
	*deps
	entry *entry
}

// facts are the overview and the roles.
type facts struct {
	*deps
	entry *entry
}

// newService makes the parts.
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
