package rolepolicy

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

// Roles knows which roles are included in which others. The zero value and nil
// know of no inclusion. It does not change once made.
type Roles struct {
	all map[string][]string // role → every role that comes with it, transitively
}

// NewRoles prepares role inclusion: includes["admin"] lists what an admin holds
// too. Inclusion is transitive; a circle is an error that names it.
func NewRoles(includes map[string][]string) (*Roles, error) {
	b := rolesBuilder{includes: includes, all: make(map[string][]string, len(includes))}
	for _, name := range slices.Sorted(maps.Keys(includes)) {
		if err := CheckRoleName(name); err != nil {
			return nil, err
		}
		for _, other := range includes[name] {
			if err := CheckRoleName(other); err != nil {
				return nil, fmt.Errorf("role %s includes: %w", name, err)
			}
		}
		if _, err := b.visit(name); err != nil {
			return nil, err
		}
	}
	return &Roles{all: b.all}, nil
}

type rolesBuilder struct {
	includes map[string][]string
	all      map[string][]string
	path     []string // the roles being visited, outermost first
}

func (b *rolesBuilder) visit(name string) ([]string, error) {
	if done, ok := b.all[name]; ok {
		return done, nil
	}
	if i := slices.Index(b.path, name); i >= 0 {
		circle := strings.Join(append(slices.Clone(b.path[i:]), name), " → ")
		return nil, fmt.Errorf("roles include one another in a circle: %s: take one of these inclusions out", circle)
	}
	b.path = append(b.path, name)
	var all []string
	for _, other := range b.includes[name] {
		more, err := b.visit(other)
		if err != nil {
			return nil, err
		}
		all = append(append(all, other), more...)
	}
	b.path = b.path[:len(b.path)-1]
	slices.Sort(all)
	all = slices.Compact(all)
	b.all[name] = all
	return all, nil
}

// Expand returns the roles held and all that they include, sorted, each once.
// A name that [CheckRoleName] refuses is not held: in a header it could pose
// as two roles.
func (r *Roles) Expand(held []string) []string {
	all := make([]string, 0, len(held))
	for _, name := range held {
		if CheckRoleName(name) != nil {
			continue
		}
		all = append(all, name)
		if r != nil {
			all = append(all, r.all[name]...)
		}
	}
	slices.Sort(all)
	return slices.Compact(all)
}
