package app

import (
	"encoding/json"
	"maps"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/gatehouse-auth/gatehouse/authportal/audit"
)

// Caddy's event handlers get what the audit trail and the webhook have, by the same names.
func TestAnEventOfCaddySaysWhatTheTrailSays(t *testing.T) {
	e := audit.Event{Time: time.Now()}
	for f, v := range reflect.ValueOf(&e).Elem().Fields() {
		if v.Kind() == reflect.String {
			v.SetString("some " + f.Name)
		}
	}
	raw, err := json.Marshal(e)
	var kept map[string]any
	if err != nil || json.Unmarshal(raw, &kept) != nil {
		t.Fatal(err)
	}
	delete(kept, "kind")
	data := eventData(&e)
	if got, want := slices.Sorted(maps.Keys(data)), slices.Sorted(maps.Keys(kept)); !slices.Equal(got, want) {
		t.Fatalf("%q, want %q", got, want)
	}
	for name, value := range kept {
		if name != "time" && data[name] != value {
			t.Errorf("%s is %v, in the trail %v", name, data[name], value)
		}
	}
}
