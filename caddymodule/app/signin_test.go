package app

import (
	"slices"
	"testing"
)

func TestAddressesAreConfirmedWhereThereIsMail(t *testing.T) {
	const users, mail = `"users":{"driver":"sqlite","file":"DIR/users.db"}`, `"mail":{"server":"smtp://mail.example.com","from":"auth@example.com"}`
	for config, want := range map[string]bool{mail: true, mail + `,"confirm_email":false`: false, `"signup":{"mode":"open"}`: false} {
		app, _ := opened(t, "{"+users+","+config+"}")
		if app.settings().ConfirmEmail != want {
			t.Errorf("%s: confirm_email is %v", config, !want)
		}
	}
}

func TestIncludedRolesAreShownToAdministrators(t *testing.T) {
	app := &App{Roles: map[string]Role{"admin": {Includes: []string{"editor"}}}}
	if includes := app.includes(); !slices.Equal(includes["admin"], []string{"editor"}) {
		t.Errorf("%v", includes)
	}
}
