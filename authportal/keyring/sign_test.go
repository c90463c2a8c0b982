package keyring

import (
	"strings"
	"testing"
)

func TestEveryGatewayWithTheSecretSignsAlike(t *testing.T) {
	a, b := mustKeys(t, oldSecret), mustKeys(t, oldSecret)
	if string(a.JWKS()) != string(b.JWKS()) {
		t.Error("two keys of one secret")
	}
	if both := string(mustKeys(t, newSecret, oldSecret).JWKS()); !strings.Contains(both,
		strings.Trim(strings.SplitN(string(a.JWKS()), "[", 2)[1], "]}")) {
		t.Error("the older key is not published while it may still be asked for")
	}
}
