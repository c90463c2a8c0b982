package accounts

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/gatehouse-auth/gatehouse/store"
)

func TestAValueIsBroughtIntoTheTypeOfItsColumn(t *testing.T) {
	plans, teams := []string{"free", "gold"}, []string{"red", "blue"}
	for _, tt := range []struct {
		col  Column
		sent any
		want any
	}{
		{Column{Type: ColumnText}, " gold ", "gold"},
		{Column{Type: ColumnText}, "", nil},
		{Column{Type: ColumnText}, nil, nil},
		{Column{Type: ColumnText}, "<script>{env.HOME}", "<script>{env.HOME}"},
		{Column{Type: ColumnText, Choices: plans}, "gold", "gold"},
		{Column{Type: ColumnText, Choices: plans}, "", nil},
		{Column{Type: ColumnNumber}, 12.5, 12.5},
		{Column{Type: ColumnNumber}, " 12 ", 12.0},
		{Column{Type: ColumnNumber}, "-1.5e3", -1500.0},
		{Column{Type: ColumnNumber}, " ", nil},
		{Column{Type: ColumnYesNo}, true, true},
		{Column{Type: ColumnYesNo}, "TRUE", true},
		{Column{Type: ColumnYesNo}, "no", false},
		{Column{Type: ColumnYesNo}, "", nil},
		{Column{Type: ColumnDate}, "2024-02-29", "2024-02-29"},
		{Column{Type: ColumnList}, "red, blue,, red", []any{"red", "blue"}},
		{Column{Type: ColumnList}, []any{" red ", "", "blue"}, []any{"red", "blue"}},
		{Column{Type: ColumnList, Choices: teams}, "blue", []any{"blue"}},
		{Column{Type: ColumnList}, []any{}, nil},
		{Column{Type: ColumnList}, " , ", nil},
	} {
		got, err := tt.col.value(tt.sent)
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
		col    Column
		sent   any
		reason string
	}{
		{Column{Type: ColumnText}, 12.0, ""}, {Column{Type: ColumnText}, true, ""},
		{Column{Type: ColumnText}, []any{"a"}, ""},
		{Column{Type: ColumnText}, "a\r\nX-Admin: 1", ""}, {Column{Type: ColumnText}, "a\x00", ""},
		{Column{Type: ColumnText}, strings.Repeat("ä", 1001), ""},
		{Column{Type: ColumnText, Choices: []string{"free"}}, "gold", "choice"},
		{Column{Type: ColumnText, Choices: []string{"free"}}, "Free", "choice"},
		{Column{Type: ColumnNumber}, "twelve", "number"}, {Column{Type: ColumnNumber}, "1,5", "number"},
		{Column{Type: ColumnNumber}, "0x1p4", "number"},
		{Column{Type: ColumnNumber}, "1_000", "number"}, {Column{Type: ColumnNumber}, "Inf", "number"},
		{Column{Type: ColumnNumber}, "NaN", "number"},
		{Column{Type: ColumnNumber}, "1e301", "number"}, {Column{Type: ColumnNumber}, true, "number"},
		{Column{Type: ColumnNumber}, []any{1.0}, "number"},
		{Column{Type: ColumnYesNo}, "maybe", "yes_no"}, {Column{Type: ColumnYesNo}, 1.0, "yes_no"},
		{Column{Type: ColumnDate}, "2023-02-29", "date"}, {Column{Type: ColumnDate}, "24.12.2025", "date"},
		{Column{Type: ColumnDate}, "2025-12-24T00:00:00Z", "date"},
		{Column{Type: ColumnDate}, "0000-01-01", "date"}, {Column{Type: ColumnDate}, 20251224.0, "date"},
		{Column{Type: ColumnList}, []any{"admins,editors"}, "list"}, // would pose as two in a header
		{Column{Type: ColumnList}, []any{"a", 1.0}, "list"}, {Column{Type: ColumnList}, true, "list"},
		{Column{Type: ColumnList}, many, "list"},
		{Column{Type: ColumnList, Choices: []string{"red"}}, "red, green", "choice"},
	} {
		tt.col.Key = "x"
		got, err := tt.col.value(tt.sent)
		var invalid *InvalidError
		if !errors.As(err, &invalid) || invalid.Field != "x" || invalid.Reason != tt.reason {
			t.Errorf("%s: %#v is kept as %#v, %v; want it refused for %q", tt.col.Type, tt.sent, got, err, tt.reason)
		}
	}
}

func TestAttributesAsText(t *testing.T) {
	for _, c := range []struct {
		value any
		want  string
	}{{nil, ""}, {"x", "x"}, {true, "true"}, {false, "false"}, {3.0, "3"}, {2.5, "2.5"}, {1e6, "1000000"},
		{[]any{"a", "b"}, "a,b"}, {[]any{}, ""}} {
		if got := store.AttributeText(c.value, ","); got != c.want {
			t.Errorf("%v: %q, want %q", c.value, got, c.want)
		}
	}
}
