package rolepolicy

import "testing"

func TestBelowFindsAFolderUnderEveryReading(t *testing.T) {
	for path, want := range map[string]bool{
		"/.gatehouse": true, "/.gatehouse/": true, "/.gatehouse/login": true, "/.GateHouse/login": true,
		"/%2egatehouse/login": true, "/%252Egatehouse": true, "//.gatehouse/x": true, "/x/..;/.gatehouse/x": true,
		`/x\..\.gatehouse`: true, "/.gatehouse%2Flogin": true, "/.gatehouſe/x": true, "/%EF%BC%8Egatehouse/x": true,
		"/": false, "": false, "/.gatehousex": false, "/.gatehous": false, "/x/.gatehouse": false, "/gatehouse": false,
		"/.gatehouse%00": false, "*": false,
	} {
		if got := Below(path, "/.gatehouse"); got != want {
			t.Errorf("%q: %t, want %t", path, got, want)
		}
	}
	if n := testing.AllocsPerRun(100, func() { Below("/App/Some/Page", "/.gatehouse") }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}
