package authportal

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/authportal/accounts"
	"github.com/gatehouse-auth/gatehouse/store"
)

func TestAValueIsBroughtIntoTheTypeOfItsColumn(t *testing.T) {
	plans, teams := []string{"free", "gold"}, []string{"red", "blue"}
	for _, tt := range []struct {
		col  accounts.Column
		sent any
		want any
	}{
		{accounts.Column{Type: accounts.ColumnText}, " gold ", "gold"},
		{accounts.Column{Type: accounts.ColumnText}, "", nil},
		{accounts.Column{Type: accounts.ColumnText}, nil, nil},
		{accounts.Column{Type: accounts.ColumnText}, "<script>{env.HOME}", "<script>{env.HOME}"},
		{accounts.Column{Type: accounts.ColumnText, Choices: plans}, "gold", "gold"},
		{accounts.Column{Type: accounts.ColumnText, Choices: plans}, "", nil},
		{accounts.Column{Type: accounts.ColumnNumber}, 12.5, 12.5},
		{accounts.Column{Type: accounts.ColumnNumber}, " 12 ", 12.0},
		{accounts.Column{Type: accounts.ColumnNumber}, "-1.5e3", -1500.0},
		{accounts.Column{Type: accounts.ColumnNumber}, " ", nil},
		{accounts.Column{Type: accounts.ColumnYesNo}, true, true},
		{accounts.Column{Type: accounts.ColumnYesNo}, "TRUE", true},
		{accounts.Column{Type: accounts.ColumnYesNo}, "no", false},
		{accounts.Column{Type: accounts.ColumnYesNo}, "", nil},
		{accounts.Column{Type: accounts.ColumnDate}, "2024-02-29", "2024-02-29"},
		{accounts.Column{Type: accounts.ColumnList}, "red, blue,, red", []any{"red", "blue"}},
		{accounts.Column{Type: accounts.ColumnList}, []any{" red ", "", "blue"}, []any{"red", "blue"}},
		{accounts.Column{Type: accounts.ColumnList, Choices: teams}, "blue", []any{"blue"}},
		{accounts.Column{Type: accounts.ColumnList}, []any{}, nil},
		{accounts.Column{Type: accounts.ColumnList}, " , ", nil},
	} {
		got, err := tt.col.Value(tt.sent)
		if err != nil || !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s: %#v is kept as %#v, %v; want %#v", tt.col.Type, tt.sent, got, err, tt.want)
		}
	}
}

func TestAValueOfAnotherTypeIsRefused(t *testing.T) {
	many := make([]any, 65)
	for i := range many {
		many[i] = strings.Repeat("x", i+1)
	}
	for _, tt := range []struct {
		col    accounts.Column
		sent   any
		reason string
	}{
		{accounts.Column{Type: accounts.ColumnText}, 12.0, ""}, {accounts.Column{Type: accounts.ColumnText}, true, ""}, {accounts.Column{Type: accounts.ColumnText}, []any{"a"}, ""},
		{accounts.Column{Type: accounts.ColumnText}, "a\r\nX-Admin: 1", ""}, {accounts.Column{Type: accounts.ColumnText}, "a\x00", ""}, {accounts.Column{Type: accounts.ColumnText}, strings.Repeat("ä", 1001), ""},
		{accounts.Column{Type: accounts.ColumnText, Choices: []string{"free"}}, "gold", "choice"}, {accounts.Column{Type: accounts.ColumnText, Choices: []string{"free"}}, "Free", "choice"},
		{accounts.Column{Type: accounts.ColumnNumber}, "twelve", "number"}, {accounts.Column{Type: accounts.ColumnNumber}, "1,5", "number"}, {accounts.Column{Type: accounts.ColumnNumber}, "0x1p4", "number"},
		{accounts.Column{Type: accounts.ColumnNumber}, "1_000", "number"}, {accounts.Column{Type: accounts.ColumnNumber}, "Inf", "number"}, {accounts.Column{Type: accounts.ColumnNumber}, "NaN", "number"},
		{accounts.Column{Type: accounts.ColumnNumber}, "1e301", "number"}, {accounts.Column{Type: accounts.ColumnNumber}, true, "number"}, {accounts.Column{Type: accounts.ColumnNumber}, []any{1.0}, "number"},
		{accounts.Column{Type: accounts.ColumnYesNo}, "maybe", "yes_no"}, {accounts.Column{Type: accounts.ColumnYesNo}, 1.0, "yes_no"},
		{accounts.Column{Type: accounts.ColumnDate}, "2023-02-29", "date"}, {accounts.Column{Type: accounts.ColumnDate}, "24.12.2025", "date"}, {accounts.Column{Type: accounts.ColumnDate}, "2025-12-24T00:00:00Z", "date"},
		{accounts.Column{Type: accounts.ColumnDate}, "0000-01-01", "date"}, {accounts.Column{Type: accounts.ColumnDate}, 20251224.0, "date"},
		{accounts.Column{Type: accounts.ColumnList}, []any{"admins,editors"}, "list"}, // would pose as two in a header
		{accounts.Column{Type: accounts.ColumnList}, []any{"a", 1.0}, "list"}, {accounts.Column{Type: accounts.ColumnList}, true, "list"}, {accounts.Column{Type: accounts.ColumnList}, many, "list"},
		{accounts.Column{Type: accounts.ColumnList, Choices: []string{"red"}}, "red, green", "choice"},
	} {
		tt.col.Key = "x"
		got, err := tt.col.Value(tt.sent)
		var invalid *accounts.InvalidError
		if !errors.As(err, &invalid) || invalid.Field != "x" || invalid.Reason != tt.reason {
			t.Errorf("%s: %#v is kept as %#v, %v; want it refused for %q", tt.col.Type, tt.sent, got, err, tt.reason)
		}
	}
}

func TestAttributesAsText(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{{nil, ""}, {"x", "x"}, {true, "true"}, {false, "false"}, {3.0, "3"}, {2.5, "2.5"}, {1e6, "1000000"}, {[]any{"a", "b"}, "a,b"}, {[]any{}, ""}} {
		if got := store.AttributeText(c.value, ","); got != c.want {
			t.Errorf("%v: %q, want %q", c.value, got, c.want)
		}
	}
}
