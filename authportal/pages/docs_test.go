package pages

import (
	"os"
	"reflect"
	"strings"
	"testing"
)

// The page for authors of templates names every file, every field, every gap-filled id.
func TestTheBrandingPageNamesEverything(t *testing.T) {
	raw, err := os.ReadFile("../../docs/branding.md")
	if err != nil {
		t.Fatal(err)
	}
	doc := string(raw)
	s, err := readSources("")
	if err != nil {
		t.Fatal(err)
	}
	for name := range s.text {
		if !strings.Contains(doc, "| `"+name+"` |") {
			t.Errorf("%s is not named", name)
		}
	}
	for _, d := range []any{
		LoginData{}, SignupData{}, LogoutData{}, AccountData{}, AdminData{}, AdminUserData{}, AuditData{}, AuditRow{}, AdminImportData{},
		ImportReport{}, ImportRow{}, SetupData{}, ConfirmData{}, ForgotData{}, ResetData{}, ForbiddenData{}, ErrorData{},
		Step{}, Field{}, Method{}, AdminOverviewData{}, Attention{}, Figure{}, ChartView{}, BarView{}, NavView{},
		AdminRolesData{}, AdminRole{}, RoleRule{},
		User{}, Session{}, Token{}, BrandView{}} {
		for _, f := range reflect.VisibleFields(reflect.TypeOf(d)) {
			if !f.Anonymous && !strings.Contains(doc, "."+f.Name) {
				t.Errorf("%T: .%s is not named", d, f.Name)
			}
		}
	}
	for m := range reflect.TypeFor[*View]().Methods() {
		if !strings.Contains(doc, "."+m.Name) && !strings.Contains("Chosen MayGoOn Trouble ErrorTitle ErrorText", m.Name) {
			t.Errorf(".%s is not named", m.Name)
		}
	}
	for _, family := range ownIDs {
		if !strings.Contains(doc, "`"+family) {
			t.Errorf("%s is not named", family)
		}
	}
}
