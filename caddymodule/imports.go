package caddymodule

// The guests that come with Gatehouse. A stranger's plug-in registers itself in the same way.
import (
	_ "github.com/gatehouse-auth/gatehouse/authportal/method/emaillink"
	_ "github.com/gatehouse-auth/gatehouse/authportal/method/password"
	_ "github.com/gatehouse-auth/gatehouse/store/redis"
	_ "github.com/gatehouse-auth/gatehouse/store/sql"
)
