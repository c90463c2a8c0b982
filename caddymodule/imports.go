package caddymodule

// What comes with Gatehouse: the parts of the Caddy module, then the built-in plugins. Any other plugin registers
// itself in the same way.
import (
	_ "github.com/gatehouse-auth/gatehouse/caddymodule/app"
	_ "github.com/gatehouse-auth/gatehouse/caddymodule/command"
	_ "github.com/gatehouse-auth/gatehouse/caddymodule/gate"
	_ "github.com/gatehouse-auth/gatehouse/caddymodule/ops"

	_ "github.com/gatehouse-auth/gatehouse/authportal/method/emaillink"
	_ "github.com/gatehouse-auth/gatehouse/authportal/method/password"
	_ "github.com/gatehouse-auth/gatehouse/store/redis"
	_ "github.com/gatehouse-auth/gatehouse/store/sql"
)
