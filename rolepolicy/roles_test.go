package rolepolicy

import (
	"slices"
	"strings"
	"testing"
)

func TestRoleInclusionIsTransitive(t *testing.T) {
	roles, err := NewRoles(map[string][]string{
		"owner": {"admin", "billing"}, "admin": {"editor", "member"}, "editor": {"author"}, "author": {"member"},
	})
	if err != nil {
		t.Fatal(err)
	}
	for held, want := range map[string]string{
		"":              "",
		"member":        "member",
		"stranger":      "stranger",
		"author":        "author member",
		"admin":         "admin author editor member",
		"owner":         "admin author billing editor member owner",
		"member author": "author member",
		"x admin x":     "admin author editor member x",
	} {
		if got := roles.Expand(strings.Fields(held)); strings.Join(got, " ") != want {
			t.Errorf("%q: %q, want %q", held, got, want)
		}
	}
}

func TestExpandDropsNamesThatCouldPoseAsTwo(t *testing.T) {
	if got := (*Roles)(nil).Expand([]string{"b", "a,admin", "", "a\nadmin", "a"}); !slices.Equal(got, []string{"a", "b"}) {
		t.Errorf("%q", got)
	}
}

func TestExpandLeavesItsArgumentAlone(t *testing.T) {
	held := []string{"b", "a", "b"}
	new(Roles).Expand(held)
	if !slices.Equal(held, []string{"b", "a", "b"}) {
		t.Error(held)
	}
}

func TestACircleOfInclusionIsAnErrorThatNamesIt(t *testing.T) {
	for _, c := range []struct {
		includes map[string][]string
		want     string
	}{
		{map[string][]string{"a": {"a"}}, "a → a:"},
		{map[string][]string{"a": {"b"}, "b": {"c"}, "c": {"a"}}, "a → b → c → a:"},
		{map[string][]string{"top": {"x"}, "x": {"y"}, "y": {"x"}}, "x → y → x:"},
		{map[string][]string{"a b": {"c"}}, "separators"},
		{map[string][]string{"a": {"b,c"}}, "role a includes: "},
	} {
		if _, err := NewRoles(c.includes); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%v: %v, want %q", c.includes, err, c.want)
		}
	}
	// Two ways to the same role are no circle.
	if _, err := NewRoles(map[string][]string{"a": {"b", "c"}, "b": {"d"}, "c": {"d"}}); err != nil {
		t.Error(err)
	}
}
